import type { Chunking, Mapping } from '../../contract/imports.ts'
import type { NewPassage, NewProblem } from './insert-batch.ts'
import { compilePassages } from '../mapping/apply-mapping.ts'
import type { ReadBatch } from './read-batch.ts'
import type { CountTokens } from '../passages/count-tokens.ts'
import { defaultChunking, passagePacker } from '../passages/pack-passages.ts'
import type { ReadingProblem, Table } from '../readers/table.ts'
import { readingProblem } from '../mending/row-problems.ts'
import { factsOf } from './text-facts.ts'
import { createTurns } from './turns.ts'

export interface PassageTableImport {
  readonly name: string
  readonly mapping: Mapping
  readonly chunking: Chunking | null
  readonly countTokens: CountTokens
  readonly signal: AbortSignal
}

const batchPassages = 500
const batchRows = 1000

/** Reads a table whose rows are texts: each becomes a passage, or several where it is longer than one should be. */
export async function* readPassageTable(
  table: Table,
  { name, mapping, chunking, countTokens, signal }: PassageTableImport,
): AsyncGenerator<ReadBatch> {
  const toPassages = compilePassages(mapping)
  const turns = createTurns()
  let passages: NewPassage[] = []
  let problems: NewProblem[] = table.problems.map(readingProblem)
  let rows = 0
  let since = 0
  const onProblem = (problem: ReadingProblem) => problems.push(readingProblem(problem))
  for await (const row of table.rows({ signal, onProblem })) {
    rows++
    since++
    const found = row.fault === null ? toPassages(row) : [{ where: row.where, fault: row.fault }]
    for (const passage of found) {
      if ('fault' in passage) {
        problems.push(lostRow(passage.where, passage.fault))
        continue
      }
      const { title, heading, place, text } = passage
      const packer = passagePacker(
        { title: title || name, unit: null, place },
        { ...(chunking ?? defaultChunking), countTokens },
      )
      const block = { heading, text, first: 1, last: 1, isTight: false }
      for (const packed of [...packer.add(block), ...packer.end()])
        passages.push({ ...packed, ...factsOf(packed.text) })
    }
    if (passages.length >= batchPassages || since >= batchRows) {
      yield { passages, examples: [], problems, rows, bytes: row.end }
      passages = []
      problems = []
      since = 0
    }
    await turns.rest()
  }
  yield { passages, examples: [], problems, rows, bytes: table.bytes }
}

function lostRow(place: string, message: string): NewProblem {
  return { kind: 'not_a_record', place, message, status: 'rejected', record: null, proposal: null, key: null }
}
