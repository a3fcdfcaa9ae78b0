import type { Example, Problem } from '../../../trainer/data/example.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import type { NewProblem } from '../importing/insert-batch.ts'
import { proposalFor } from './proposals.ts'
import type { ReadingProblem } from '../readers/table.ts'
import { factsOf } from '../importing/text-facts.ts'

/** A finding about the file as a whole, as the store keeps it. */
export function readingProblem({ kind, where, message }: ReadingProblem): NewProblem {
  return { kind, place: where, message, status: 'mended', record: null, proposal: null, key: null }
}

/** A row of which nothing could be made and nothing is worth keeping. */
export function lostRow(where: string, message: string): NewProblem {
  return {
    kind: 'not_a_record',
    place: where,
    message,
    status: 'rejected',
    record: null,
    proposal: null,
    key: null,
  }
}

/** A record that was left out, as the store keeps it: the hash stands for a context that is there anyway. */
export interface KeptRecord extends RawRecord {
  readonly hash?: string
}

/** A finding on a row, with what can be or was done about it; of a row that was left out also what it held. */
export function foundProblem(problem: Problem, record: RawRecord, example: Example | null): NewProblem {
  const { kind, where, message, outcome } = problem
  const proposal = proposalFor(problem, record, example)
  const found = {
    kind,
    place: where,
    message,
    proposal: proposal ? JSON.stringify(proposal) : null,
    key: example?.id ?? null,
  }
  if (outcome !== 'dropped') return { ...found, status: outcome, record: null }
  // To leave out what stands there twice is the mend; taking it in is its undoing.
  if (kind === 'record_duplicate')
    return { ...found, status: 'mended', record: JSON.stringify(withHash(record)) }
  // The context is long and often the same: it is kept where a mend needs it.
  const kept = proposal ? record : { ...record, context: null }
  return { ...found, status: 'rejected', record: JSON.stringify(kept) }
}

function withHash(record: RawRecord): KeptRecord {
  const text = typeof record.context === 'string' ? record.context.toWellFormed() : ''
  return { ...record, context: null, hash: factsOf(text).hash }
}
