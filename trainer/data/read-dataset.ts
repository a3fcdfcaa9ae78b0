import { basename } from 'node:path'
import { TrainerError } from '../errors.ts'
import { checkRecords } from './checks.ts'
import type { Dataset, Problem } from './example.ts'
import { readRecords } from './read-records.ts'

/**
 * Reads a data file: SQuAD 1.1 or 2.0 (nested), or flat records as JSON list, `{"data":[…]}` or JSONL. Records
 * with problems are mended or dropped and listed in `problems`; none of them stops the reading.
 *
 * @throws TrainerError `file_missing`, `file_invalid`, `data_invalid` where the file as a whole cannot be read,
 * `data_empty` where no usable record is in it.
 * @example const { examples, problems } = await readDataset('dev-v2.0.json')
 */
export async function readDataset(path: string): Promise<Dataset> {
  const { format, records } = await readRecords(path)
  const { examples, problems } = checkRecords(records, basename(path))
  if (examples.length === 0) throw allBad(path, records.length, problems)
  return { examples, problems, format, records: records.length }
}

function allBad(path: string, records: number, problems: readonly Problem[]): TrainerError {
  const counts: Record<string, number> = {}
  for (const problem of problems)
    if (problem.outcome === 'dropped') counts[problem.kind] = (counts[problem.kind] ?? 0) + 1
  const list = Object.entries(counts).map(([kind, count]) => `${count} ${kind}`)
  const first = problems.find((problem) => problem.outcome === 'dropped')
  const example = first ? ` The first: ${first.where}: ${first.message}` : ''
  const all = records === 1 ? `The only record of ${path} is` : `All ${records} records of ${path} are`
  return new TrainerError(
    'data_empty',
    `${all} unusable: ${list.join(', ')}.${example} Mend the file, or choose another.`,
    { path, records, ...counts },
  )
}
