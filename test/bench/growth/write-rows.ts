import { createWriteStream } from 'node:fs'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../../trainer/data/random.ts'
import { repository } from '../../main/spawn-cli.ts'

const document = join(repository, 'assets', 'sample', 'documents', 'sp800-63b', 'sec5_authenticators.md')
const questionsPerContext = 4
const pieceCharacters = 1_000_000

export interface RowFiles {
  /** JSONL: one question an entry, with its answer and its place in the context. */
  readonly data: string
  /** A prediction file for it; every fourth answer is right, every fourth has a word too many. */
  readonly predictions: string
}

/** Writes so many questions about contexts of 12 to 40 words of real prose, and predictions for them. */
export async function writeRows(rows: number, files: RowFiles): Promise<void> {
  const prose = (await readFile(document, 'utf8')).split(/\s+/)
  const random = seededRandom(0, 'rows')
  const below = (limit: number): number => Math.floor(random() * limit)
  const outs = { data: createWriteStream(files.data), predictions: createWriteStream(files.predictions) }
  const pieces = { data: '', predictions: '{' }
  const flush = async (name: keyof typeof outs): Promise<void> => {
    if (!outs[name].write(pieces[name])) await once(outs[name], 'drain')
    pieces[name] = ''
  }
  let words: string[] = []
  for (let row = 0; row < rows; row++) {
    if (row % questionsPerContext === 0) {
      const length = 12 + below(29)
      const from = below(prose.length - length)
      words = prose.slice(from, from + length)
      words[1] = `No${row}`
    }
    const context = words.join(' ')
    const at = below(words.length - 4)
    const text = words.slice(at, at + 3).join(' ')
    const before = words.slice(0, at).join(' ')
    const start = [...before].length + (at > 0 ? 1 : 0)
    const record = {
      id: `q${row}`,
      context,
      question: `What does part ${row} say after ${before.slice(-20)}?`,
      answers: { text: [text], answer_start: [start] },
    }
    const predicted = [text, `${text} too`, words.slice(0, 2).join(' '), ''][row % 4]
    pieces.data += `${JSON.stringify(record)}\n`
    pieces.predictions += `${row > 0 ? ',' : ''}${JSON.stringify(record.id)}:${JSON.stringify(predicted)}`
    for (const name of ['data', 'predictions'] as const)
      if (pieces[name].length >= pieceCharacters) await flush(name)
  }
  pieces.predictions += '}'
  for (const name of ['data', 'predictions'] as const) {
    await flush(name)
    outs[name].end()
    await once(outs[name], 'close')
  }
}
