import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { seededRandom } from '../../../trainer/data/random.ts'
import type { Random } from '../../../trainer/data/random.ts'
import { tasks } from '../../../trainer/data/tasks.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'

/**
 * Makes four small data sets of four tasks from the sample project (questions of our own about NIST's digital identity
 * guidelines, which are in the public domain), for runs over several tasks. The same files come out every time.
 *
 * Run: npm exec -- node test/samples/tasks/make-task-data.ts FOLDER
 */

export interface TaskRecord {
  readonly id: string
  readonly title: string
  readonly task: TaskKind
  readonly instruction: string
  readonly input: string
  readonly targets: readonly string[]
}

export interface TaskData {
  readonly train: readonly TaskRecord[]
  readonly test: readonly TaskRecord[]
}

interface Pair {
  readonly id: string
  readonly question: string
  readonly answer: string
  readonly context: string
  readonly start: number
  readonly title: string
}

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

const sample = join(import.meta.dirname, '../../../assets/sample')

/** What the volumes of the guidelines are about, by the number in a title. */
const volumes: Readonly<Record<string, string>> = {
  '800-63-3': 'risk',
  '800-63A': 'proofing',
  '800-63B': 'authentication',
  '800-63C': 'federation',
}

/** The four data sets, by task. Tests are of sections, or of wordings, that the training data do not hold. */
export async function makeTaskData(): Promise<Readonly<Record<string, TaskData>>> {
  const [train, sections, wordings] = await Promise.all(
    ['train', 'held-out-sections', 'held-out-wordings'].map(readPairs),
  )
  if (!train || !sections || !wordings) throw new Error('The sample project is not whole.')
  return {
    classification: { train: train.map(volumeOf), test: wordings.map(volumeOf) },
    'question-generation': { train: askings(train), test: askings(sections) },
    'paraphrase-detection': { train: sameOrNot(train, 'train'), test: sameOrNot(sections, 'test') },
    summarisation: { train: leads(train), test: leads(sections) },
  }
}

/** Which volume a question belongs to: four labels. */
function volumeOf({ id, question, title }: Pair): TaskRecord {
  const [, number = ''] = /^SP (\S+?),/.exec(title) ?? []
  const label = volumes[number]
  if (label === undefined) throw new Error(`No volume is known for ${title}.`)
  return record('classification', { id, title, input: question, targets: [label] })
}

/**
 * The sentence with an answer, and a question that names it. People's own wordings are beyond a small model: these
 * follow three patterns, of which the answer says which.
 */
function asking({ id, title, answer, context, start }: Pair): TaskRecord {
  const input = tasks['question-generation'].input
    .replace('{answer}', () => answer)
    .replace('{context}', () => sentenceAt(context, start))
  const pattern = /\d/.test(answer) ? 'How is' : /^\p{Lu}/u.test(answer) ? 'Who or what is' : 'What is said about'
  const end = pattern === 'How is' ? ' meant?' : '?'
  return record('question-generation', { id, title, input, targets: [`${pattern} ${answer}${end}`] })
}

/** One record for each fact: its wordings ask for the same answer in the same sentence. */
function askings(pairs: readonly Pair[]): TaskRecord[] {
  return unique(pairs.map(asking))
}

/** Ways to ask the same. */
const frames = [
  (question: string) => `Please tell me: ${question}`,
  (question: string) => `${question} I would like to know.`,
  (question: string) => `Here is what I ask. ${question}`,
]

/** A question, and itself in another frame, or a question about another section in that frame. */
function sameOrNot(pairs: readonly Pair[], seed: string): TaskRecord[] {
  const random = seededRandom(42, `pairs of ${seed}`)
  return pairs.map((pair) => {
    const isSame = random() < 0.5
    const strangers = pairs.filter(({ title }) => title !== pair.title)
    const other = isSame ? pair : drawn(strangers, random)
    const input = tasks['paraphrase-detection'].input
      .replace('{sentence1}', () => pair.question)
      .replace('{sentence2}', () => drawn(frames, random)(other.question))
    const { id, title } = pair
    return record('paraphrase-detection', { id, title, input, targets: [isSame ? 'yes' : 'no'] })
  })
}

/** Words of a headline. */
const headlineWords = 7

/** Two sentences that follow each other, and their beginning, as a newspaper's lead. */
function leads(pairs: readonly Pair[]): TaskRecord[] {
  const contexts = new Map(pairs.map(({ context, title }) => [context, title]))
  const records = [...contexts].flatMap(([context, title], paragraph) => {
    const sentences = sentencesOf(context)
    return sentences.map((sentence, i) =>
      record('summarisation', {
        id: `lead-${paragraph}-${i}`,
        title,
        input: [sentence, ...sentences.slice(i + 1, i + 2)].join(' '),
        targets: [sentence.split(' ').slice(0, headlineWords).join(' ').replace(/[.,;:]$/, '')],
      }),
    )
  })
  return unique(records)
}

/** The last of those with the same input. */
function unique(records: readonly TaskRecord[]): TaskRecord[] {
  return [...new Map(records.map((one) => [one.input, one])).values()]
}

function record(task: TaskKind, parts: Pick<TaskRecord, 'id' | 'title' | 'input' | 'targets'>): TaskRecord {
  const { id, title, input, targets } = parts
  return { id, title, task, instruction: tasks[task].instruction ?? '', input, targets }
}

function sentencesOf(text: string): string[] {
  return text.split(/(?<=[.!?]) +(?=[A-Z])/)
}

function sentenceAt(context: string, start: number): string {
  let end = 0
  for (const sentence of sentencesOf(context)) {
    end += sentence.length + 1
    if (start < end) return sentence
  }
  return context
}

function drawn<T>(list: readonly T[], random: Random): T {
  const one = list[Math.floor(random() * list.length)]
  if (one === undefined) throw new Error('There is nothing to draw from.')
  return one
}

async function readPairs(name: string): Promise<Pair[]> {
  const { data } = JSON.parse(await readFile(join(sample, `${name}.json`), 'utf8')) as Squad
  return data.flatMap(({ title, paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.flatMap(({ id, question, answers: [answer] }) =>
        answer ? [{ id, question, answer: answer.text, context, start: answer.answer_start, title }] : [],
      ),
    ),
  )
}

/** Writes `TASK-train.jsonl` and `TASK-test.jsonl` of each task into a folder. */
export async function writeTaskData(folder: string): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  const lines: string[] = []
  for (const [task, data] of Object.entries(await makeTaskData()))
    for (const part of ['train', 'test'] as const) {
      const path = join(folder, `${task}-${part}.jsonl`)
      await writeFile(path, data[part].map((one) => `${JSON.stringify(one)}\n`).join(''))
      lines.push(`${path}: ${data[part].length} records`)
    }
  return lines
}

const [, script, folder] = process.argv
if (script && import.meta.url === pathToFileURL(resolve(script)).href) {
  if (folder === undefined) throw new Error('Name a folder: make-task-data.ts FOLDER')
  for (const line of await writeTaskData(folder)) process.stdout.write(`${line}\n`)
}
