import type { ExampleForm } from './example.ts'
import { readRecords } from './read-records.ts'
import { readId } from './record-checker.ts'

/** A question as its file has it, for predictions and official figures: nothing mended, merged or dropped. */
export interface Question {
  readonly id: string
  readonly form: ExampleForm
  readonly context: string
  readonly question: string
  readonly answers: readonly { readonly text: string }[]
}

/**
 * Reads all questions of a data file in file order, with the answers exactly as they stand there. Ids that are
 * missing are made from the place in the file, as `readDataset` makes them; entries that are no records are
 * left out, and so is text that is none.
 *
 * @throws TrainerError as `readDataset` for a file that cannot be read.
 */
export async function readQuestions(path: string): Promise<Question[]> {
  const { records } = await readRecords(path)
  return records
    .filter(({ fault, form }) => fault === null && form !== 'passage')
    .map(({ id, where, form, context, question, answers }) => ({
      id: readId(id) ?? where,
      form,
      context: typeof context === 'string' ? context : '',
      question: typeof question === 'string' ? question : '',
      answers: answers.map(({ text }) => ({ text })),
    }))
}
