/**
 * Makes the task records that the starter's question writer was trained on, out of SQuAD 1.1's development set:
 * from each question its answer and the sentences around it to the question. The nine articles that the starter
 * itself never saw are held out, as for the starter. Each training record comes three times, twice with most names and
 * numbers exchanged for others, the same in answer, text and question, so that the model copies rather than recalls.
 *
 * npm exec -- node assets/starter/question-writer/make-records.ts dev-v1.1.json OUT-FOLDER
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../../trainer/data/random.ts'
import { instructionFor } from '../../../main/datasets/drafting/question-prompt.ts'
import { sentencesAround } from '../../../main/datasets/drafting/sentences-around.ts'

interface Squad {
  readonly data: readonly {
    readonly title: string
    readonly paragraphs: readonly {
      readonly context: string
      readonly qas: readonly {
        readonly id: string
        readonly question: string
        readonly answers: readonly { readonly text: string; readonly answer_start: number }[]
      }[]
    }[]
  }[]
}

const held = {
  test: [
    'American_Broadcasting_Company',
    'Ctenophora',
    'Pharmacy',
    'Rhine',
    'Sky_(United_Kingdom)',
    'Victoria_(Australia)',
  ],
  validation: ['Civil_disobedience', 'Martin_Luther', 'Warsaw'],
} as const
const longestAnswer = 12
const renamedCopies = 2
const changedShare = 0.6
const nameOrNumber = /\b(?:[A-Z][a-z]{2,}|\d+)\b/g
// Capitalised for where they stand, not for what they are.
const sentenceStarts = new Set(
  'The This That These Those What Which When Where Who Whom Whose How Why For And But With From After Its His Her Their They Although While During Since Because Most Many Some Other Also One Two'.split(
    ' ',
  ),
)

const [file, folder] = process.argv.slice(2)
if (!file || !folder) throw new Error('Give the path of dev-v1.1.json and a folder for the records.')
const { data } = JSON.parse(await readFile(file, 'utf8')) as Squad
await mkdir(folder, { recursive: true })

interface QuestionRecord {
  readonly id: string
  readonly title: string
  readonly answer: string
  readonly input: string
  readonly target: string
}

const records = {
  train: [] as QuestionRecord[],
  validation: [] as QuestionRecord[],
  test: [] as QuestionRecord[],
}
for (const { title, paragraphs } of data) {
  const isIn = (titles: readonly string[]) => titles.includes(title)
  const part = isIn(held.test) ? 'test' : isIn(held.validation) ? 'validation' : 'train'
  for (const { context, qas } of paragraphs)
    for (const { id, question, answers } of qas) {
      const answer = shortest(answers)
      if (!answer || answer.text.split(/\s+/).length > longestAnswer) continue
      const start = Array.from(context).slice(0, answer.answer_start).join('').length
      const input = sentencesAround(context, { start, end: start + answer.text.length })
      records[part].push({ title, answer: answer.text, input, target: question.trim(), id })
    }
}

const random = seededRandom(63, 'question writer')
const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
const names = [
  ...new Set(records.train.flatMap(({ input }) => input.match(/\b[A-Z][a-z]{2,}\b/g) ?? [])),
].filter((name) => !sentenceStarts.has(name))

/** The same record with names and numbers exchanged, each everywhere for the same other one. */
function renamed(record: QuestionRecord, copy: number): QuestionRecord {
  const changes = new Map<string, string>()
  const change = (word: string): string => {
    const known = changes.get(word)
    if (known !== undefined) return known
    const keeps = sentenceStarts.has(word) || random() > changedShare
    const other = keeps ? word : /\d/.test(word) ? otherNumber(word) : (pick(names) ?? word)
    changes.set(word, other)
    return other
  }
  const replaced = (text: string) => text.replace(nameOrNumber, change)
  const { id, title } = record
  return {
    id: `${id}-${copy}`,
    title,
    answer: replaced(record.answer),
    input: replaced(record.input),
    target: replaced(record.target),
  }
}

/** As many digits; a year stays a year of the last or this millennium. */
function otherNumber(number: string): string {
  const digits = Array.from(number, () => String(Math.floor(random() * 10)))
  const first = number.length === 4 ? '1' : String(1 + Math.floor(random() * 9))
  return [first, ...digits.slice(1)].join('')
}

const copies = Array.from({ length: renamedCopies }, (_, i) => i + 1)
const all = {
  ...records,
  train: records.train.flatMap((record) => [record, ...copies.map((copy) => renamed(record, copy))]),
}
for (const part of ['train', 'validation', 'test'] as const) {
  const lines = all[part].map(({ id, title, answer, input, target }) =>
    JSON.stringify({ id, title, instruction: instructionFor(answer), input, target }),
  )
  await writeFile(join(folder, `${part}.jsonl`), `${lines.join('\n')}\n`)
  process.stdout.write(`${part}: ${lines.length} records\n`)
}

/** The shortest of the accepted answers: what a candidate found by rules is likest to. */
function shortest(answers: readonly { readonly text: string; readonly answer_start: number }[]) {
  return answers.toSorted((a, b) => a.text.length - b.text.length)[0]
}
