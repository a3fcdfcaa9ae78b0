import type { ProblemKind } from '../../trainer/data/example.ts'
import type { ReadingProblem } from './readers/table.ts'

interface Explained {
  readonly title: string
  /** What it means and what the mend does. */
  readonly explanation: string
}

/** What was found in files, for a person; in the order of their weight. */
export const problemKinds: Readonly<Record<ProblemKind | ReadingProblem['kind'], Explained>> = {
  answer_not_in_context: {
    title: 'Answer is not in its context',
    explanation:
      'The answer does not occur in its context word for word, so there is nothing to point at. The mend takes the stretch of the context that is most like it; look at it before you accept it.',
  },
  answer_missing: {
    title: 'No answer',
    explanation:
      'The question has no answer and is not marked as unanswerable. The mend keeps it as a question that its context does not answer; accept it only where that is so.',
  },
  context_missing: {
    title: 'No context',
    explanation:
      'The row has no text that the question is about. There is no mend: fill the column in the file, or choose another column as the context.',
  },
  question_missing: {
    title: 'No question',
    explanation:
      'The row has no question. There is no mend: fill the column in the file, or choose another column as the question.',
  },
  not_a_record: {
    title: 'Row cannot be read',
    explanation:
      'The row does not have the form of the others: too few or too many columns, or damaged JSON. There is no mend: repair it in the file and import it again.',
  },
  record_duplicate: {
    title: 'Row stands there twice',
    explanation:
      'The same context, question and answers stand in the file before. The row was left out; nothing needs to be done.',
  },
  answer_offset_off: {
    title: 'Answer was moved',
    explanation:
      'The answer did not start where the file says. It was moved to the nearest place where it stands.',
  },
  answer_despite_impossible: {
    title: 'Answers to an unanswerable question',
    explanation: 'The question is marked as unanswerable, yet it has answers. The answers were left out.',
  },
  id_missing: {
    title: 'No id',
    explanation: 'The row has no id. Its place in the file serves as one.',
  },
  id_duplicate: {
    title: 'Id is taken',
    explanation: 'Another row has the same id. A number was put behind this one.',
  },
  text_malformed: {
    title: 'Damaged characters',
    explanation:
      'The text holds halves of characters. They were replaced by the sign for an unknown character.',
  },
  encoding_guessed: {
    title: 'Encoding was guessed',
    explanation:
      'The file is not UTF-8. It was read as Windows-1252; if letters look wrong, save it again as UTF-8.',
  },
  encoding_damaged: {
    title: 'Damaged bytes',
    explanation: 'Some bytes are no text in UTF-8. They show as the sign for an unknown character.',
  },
  header_missing: {
    title: 'No column names',
    explanation: 'The first row holds data, not names. The columns were numbered.',
  },
  header_mended: {
    title: 'Column names were changed',
    explanation: 'Some column names were empty or there twice. They were made distinct.',
  },
  row_faulty: { title: 'Row cannot be read', explanation: 'The row does not have the form of the others.' },
  rows_missing: { title: 'No rows', explanation: 'There is a row of column names and nothing below it.' },
  document_empty: { title: 'No text', explanation: 'No text was found in the document.' },
}

/** What a kind of problem is called and means; also of a kind that this version does not know. */
export function explained(kind: string): Explained {
  return Object.hasOwn(problemKinds, kind)
    ? problemKinds[kind as keyof typeof problemKinds]
    : { title: kind, explanation: 'Found by another version of Loracle.' }
}
