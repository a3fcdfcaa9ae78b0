import { setImmediate } from 'node:timers/promises'
import { createRecordChecker } from '../../trainer/data/record-checker.ts'
import type { Problem } from '../../trainer/data/example.ts'
import type { RawRecord } from '../../trainer/data/raw-record.ts'
import type { Mapping, SplitName } from '../contract/datasets.ts'
import { applyMapping } from './mapping/apply-mapping.ts'
import type { Batch } from './insert-batch.ts'
import { contextPassage, newExample } from './new-example.ts'
import { proposalFor } from './proposals.ts'
import type { ReadingProblem, Table } from './readers/table.ts'
import { createTextFacts } from './text-facts.ts'

export interface TableImport {
  readonly name: string
  readonly mapping: Mapping | null
  readonly split: SplitName
  readonly signal: AbortSignal
}

/** A batch with what was read of the file until its end. */
export interface ReadBatch extends Batch {
  readonly rows: number
  readonly bytes: number
}

const batchRows = 1000
const batchCharacters = 2_000_000
// The longest that reading goes on without letting other calls of the app in, milliseconds.
const longestTurn = 20
const rememberedHashes = 20_000

/**
 * Reads a table row by row: mapped, checked, and gathered to batches for the store. Takes memory for one batch
 * and some 100 bytes for every record.
 */
export async function* readTable(table: Table, options: TableImport): AsyncGenerator<ReadBatch> {
  const { mapping, signal } = options
  const checker = createRecordChecker(options.name)
  const textFacts = createTextFacts()
  const hasIds = mapping === null || mapping.roles.id !== undefined
  const sent = new Set<string>()
  let gathered = emptyBatch()
  let rows = 0
  let turnStart = performance.now()
  const noteReading = (problem: ReadingProblem) => gathered.problems.push(readingProblem(problem))
  table.problems.forEach(noteReading)

  for await (const row of table.rows({ signal, onProblem: noteReading })) {
    rows++
    const record = applyMapping(row, mapping)
    const { example, problems } = checker.add(record)
    if (example) {
      const facts = textFacts(example.context)
      if (!sent.has(facts.hash)) {
        if (sent.size === rememberedHashes) sent.clear()
        sent.add(facts.hash)
        gathered.passages.push(contextPassage(example, facts, row.where))
        gathered.characters += example.context.length
      }
      gathered.examples.push(newExample(example, facts, { place: row.where, split: options.split }))
    }
    for (const problem of problems) {
      // Where no column holds ids, that every row lacks one is no news.
      if (problem.kind === 'id_missing' && !hasIds) continue
      const added = example ? mendedProblem(problem, example.id) : rejectedProblem(problem, record)
      gathered.characters += added.record?.length ?? 0
      gathered.problems.push(added)
    }
    gathered.rows++
    if (gathered.rows >= batchRows || gathered.characters >= batchCharacters) {
      yield { ...gathered, rows, bytes: row.end }
      gathered = emptyBatch()
    }
    if (performance.now() - turnStart > longestTurn) {
      await setImmediate()
      turnStart = performance.now()
    }
  }
  yield { ...gathered, rows, bytes: table.bytes }
}

function emptyBatch() {
  return {
    passages: [] as Batch['passages'][number][],
    examples: [] as Batch['examples'][number][],
    problems: [] as Batch['problems'][number][],
    characters: 0,
    rows: 0,
  }
}

function readingProblem({ kind, where, message }: ReadingProblem): Batch['problems'][number] {
  return { kind, place: where, message, status: 'mended', record: null, proposal: null, key: null }
}

function mendedProblem({ kind, where, message }: Problem, key: string): Batch['problems'][number] {
  return { kind, place: where, message, status: 'mended', record: null, proposal: null, key }
}

function rejectedProblem({ kind, where, message }: Problem, record: RawRecord): Batch['problems'][number] {
  const proposal = proposalFor(kind, record)
  // The context is long and often the same: it is kept where a mend needs it.
  const kept = proposal ? record : { ...record, context: null }
  return {
    kind,
    place: where,
    message,
    status: 'rejected',
    record: JSON.stringify(kept),
    proposal: proposal ? JSON.stringify(proposal) : null,
    key: null,
  }
}
