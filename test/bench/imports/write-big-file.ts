import { createWriteStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { join } from 'node:path'
import { seededRandom } from '../../../trainer/data/random.ts'
import { repository } from '../../main/spawn-cli.ts'

export interface BigFile {
  readonly path: string
  readonly format: 'csv' | 'jsonl'
  readonly megabytes: number
  /** Questions that are asked about each context. */
  readonly questionsPerContext: number
  readonly seed: number
}

const document = join(repository, 'assets', 'sample', 'documents', 'sp800-63b', 'sec5_authenticators.md')
const pieceCharacters = 1_000_000

/**
 * Writes a table of questions, answers with offsets, and contexts of 80 to 160 words of real prose, no two of them
 * the same. @returns the number of rows
 */
export async function writeBigFile(file: BigFile): Promise<number> {
  const { path, format, megabytes, questionsPerContext, seed } = file
  const prose = (await readFile(document, 'utf8')).split(/\s+/)
  const random = seededRandom(seed, 'big-file')
  const below = (limit: number): number => Math.floor(random() * limit)
  const out = createWriteStream(path)
  let piece = format === 'csv' ? 'id,context,question,answer,answer_start\n' : ''
  let bytes = 0
  let rows = 0
  const flush = async (): Promise<void> => {
    bytes += Buffer.byteLength(piece)
    if (!out.write(piece)) await once(out, 'drain')
    piece = ''
  }
  for (let number = 0; bytes + piece.length < megabytes * 1e6; number++) {
    const length = 80 + below(81)
    const from = below(prose.length - length)
    const words = prose.slice(from, from + length)
    words[3] = `No${number}`
    const context = words.join(' ')
    for (let i = 0; i < questionsPerContext; i++) {
      const at = below(length - 5)
      const answer = words.slice(at, at + 3).join(' ')
      const record = {
        id: `q${number}-${i}`,
        context,
        question: `What does part ${number} say after ${words[(at + 7) % length] ?? ''}, at place ${i}?`,
        answer,
        answer_start: [...context.slice(0, words.slice(0, at).join(' ').length + (at > 0 ? 1 : 0))].length,
      }
      piece += format === 'csv' ? csvLine(Object.values(record)) : `${JSON.stringify(record)}\n`
      rows++
    }
    if (piece.length >= pieceCharacters) await flush()
  }
  await flush()
  out.end()
  await once(out, 'close')
  return rows
}

function csvLine(cells: readonly (string | number)[]): string {
  const quoted = cells.map((cell) => {
    const text = String(cell)
    return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
  })
  return `${quoted.join(',')}\n`
}
