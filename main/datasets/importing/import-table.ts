import { createRecordChecker } from '../../../trainer/data/record-checker.ts'
import type { Example } from '../../../trainer/data/example.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Mapping } from '../../contract/imports.ts'
import { compileMapping } from '../mapping/apply-mapping.ts'
import type { Batch } from './insert-batch.ts'
import { contextPassage, newExample } from './new-example.ts'
import type { ReadBatch } from './read-batch.ts'
import type { ReadingProblem, Table } from '../readers/table.ts'
import { foundProblem, readingProblem } from '../mending/row-problems.ts'
import { createTextFacts } from './text-facts.ts'
import { createTurns } from './turns.ts'

export interface TableImport {
  readonly name: string
  readonly mapping: Mapping | null
  readonly split: SplitName
  readonly signal: AbortSignal
}

const batchRows = 2000
const batchCharacters = 1_500_000
const rememberedHashes = 20_000

/**
 * Reads a table row by row: mapped, checked, and gathered to batches for the store. Takes memory for one batch
 * and some 60 bytes for every record.
 */
export async function* readTable(table: Table, options: TableImport): AsyncGenerator<ReadBatch> {
  const { mapping, signal, split } = options
  const toRecords = compileMapping(mapping)
  const checker = createRecordChecker(options.name)
  const textFacts = createTextFacts()
  const hasIds = mapping === null || mapping.roles.id !== undefined
  const turns = createTurns()
  const sent = new Set<string>()
  let gathered = emptyBatch()
  let rows = 0
  const noteReading = (problem: ReadingProblem) => gathered.problems.push(readingProblem(problem))
  table.problems.forEach(noteReading)

  const take = (example: Example, { where: place, extra }: RawRecord): void => {
    const facts = textFacts(example.context)
    if (!sent.has(facts.hash)) {
      if (sent.size === rememberedHashes) sent.clear()
      sent.add(facts.hash)
      gathered.passages.push(contextPassage(example, facts, place))
      gathered.characters += example.context.length
    }
    gathered.examples.push(newExample(example, facts, { place, split, extra }))
    gathered.characters += example.question.length
  }

  for await (const row of table.rows({ signal, onProblem: noteReading })) {
    rows++
    for (const record of toRecords(row)) {
      const { example, problems } = checker.add(record)
      if (example) take(example, record)
      for (const problem of problems) {
        // Where no column holds ids, that every row lacks one is no news.
        if (problem.kind === 'id_missing' && !hasIds) continue
        const added = foundProblem(problem, record, example)
        gathered.characters += added.record?.length ?? 0
        gathered.problems.push(added)
      }
      gathered.records++
    }
    if (gathered.records >= batchRows || gathered.characters >= batchCharacters) {
      yield { ...gathered, rows, bytes: row.end }
      gathered = emptyBatch()
    }
    await turns.rest()
  }
  yield { ...gathered, rows, bytes: table.bytes }
}

function emptyBatch() {
  return {
    passages: [] as Batch['passages'][number][],
    examples: [] as Batch['examples'][number][],
    problems: [] as Batch['problems'][number][],
    characters: 0,
    records: 0,
  }
}
