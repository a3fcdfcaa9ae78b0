import { createRecordChecker, readId } from '../../../trainer/data/record-checker.ts'
import type { Example } from '../../../trainer/data/example.ts'
import type { RawObject, RawRecord } from '../../../trainer/data/raw-record.ts'
import type { Source } from '../../contract/datasets.ts'
import { keptExample, keptRow, stateRecord } from './kept-row.ts'
import type { ExampleState, KeptRow } from './kept-row.ts'
import { mendedRecord, readProposal } from './proposals.ts'

/** A finding, and the example that its row is now. */
export interface MendRow extends ExampleState {
  readonly id: number
  readonly sourceId: string
  readonly use: Source['use']
  readonly place: string
  readonly status: 'rejected' | 'flagged' | 'mended' | 'mended-by-person'
  readonly record: string | null
  readonly proposal: string
  /** Null where the row is out; the example's other fields are null then, too. */
  readonly exampleId: number | null
  /** The context that `record` names by its hash; null where it is not in the store. */
  readonly recordContext: string | null
  /** Other findings on the example, as a list of ids in JSON, and how many of them changed it where it stands. */
  readonly others: string
  readonly depth: number
}

/** What becomes of a row, and of the finding on it. */
export type Step = {
  readonly row: MendRow
  readonly status: MendRow['status']
  readonly record: KeptRow | 'as it is' | null
} & (
  | {
      readonly does: 'insert'
      readonly example: Example
      readonly extra: RawObject | null
      /** Where its context is stored already. */
      readonly hash: string | null
      readonly others: readonly number[]
      readonly place: string
    }
  | { readonly does: 'change'; readonly example: Example; readonly above: number | null }
  /** `whole`: the finding keeps all that the row held, its context too. */
  | { readonly does: 'remove'; readonly whole: boolean }
)

/** How a proposal is taken up; null where it cannot be: another mend holds the row out, or it does not fit. */
export function planApply(row: MendRow): Step | null {
  const proposal = readProposal(row.proposal)
  const kept = keptOf(row)
  if (row.status === 'rejected')
    return kept ? planRestore(row, kept, kept.status) : planInsert(row, 'mended-by-person')
  if (row.status !== 'flagged' || row.exampleId === null) return null
  if (proposal.action === 'leave-out')
    return {
      ...planRemove(row, keptRow(row, { status: 'flagged', others: othersOf(row) })),
      status: 'mended-by-person',
    }
  const record = mendedRecord(stateRecord(row), proposal)
  const example = record && checked(record)
  if (!example) return null
  return {
    row,
    status: 'mended-by-person',
    record: keptRow(row, { status: 'flagged', depth: row.depth }),
    does: 'change',
    example: { ...example, id: row.key },
    above: null,
  }
}

/** How a mend is taken back: the row is what it was before; one that was mended on the way in is left out. */
export function planUndo(row: MendRow): Step | null {
  if (row.status !== 'mended' && row.status !== 'mended-by-person') return null
  const kept = keptOf(row)
  if (readProposal(row.proposal).action === 'leave-out') {
    if (row.exampleId !== null) return null
    return kept ? planRestore(row, kept, 'flagged') : planInsert(row, 'flagged')
  }
  if (row.exampleId === null) return null
  if (row.record === null)
    return {
      ...planRemove(row, keptRow(row, { status: 'mended', others: othersOf(row) })),
      status: 'rejected',
    }
  if (!kept) return { row, status: 'rejected', record: 'as it is', does: 'remove', whole: true }
  if (row.recordContext === null) return null
  return {
    row,
    status: 'flagged',
    record: null,
    does: 'change',
    example: { ...keptExample(kept, row.recordContext), id: row.key },
    above: kept.depth,
  }
}

function planRemove(row: MendRow, kept: KeptRow) {
  return { row, record: kept, does: 'remove', whole: false } as const
}

function planRestore(row: MendRow, kept: KeptRow, status: MendRow['status']): Step | null {
  if (row.recordContext === null) return null
  return {
    row,
    status,
    record: null,
    does: 'insert',
    example: keptExample(kept, row.recordContext),
    extra: kept.extra,
    hash: kept.hash,
    others: kept.others,
    place: kept.place,
  }
}

/** A row as its file had it, checked again with the proposal taken up. */
function planInsert(row: MendRow, status: MendRow['status']): Step | null {
  if (row.record === null) return null
  const { hash, ...stored } = JSON.parse(row.record) as RawRecord & { readonly hash?: string }
  const record = hash === undefined ? stored : { ...stored, context: row.recordContext }
  // Records of the first version of the store have no form.
  const whole: RawRecord = { ...record, form: record.form ?? 'qa', extra: record.extra ?? null }
  // Its own id may be taken by now: the finding's number makes a free one.
  const id = `${readId(whole.id) ?? row.place}~${row.id}`
  const mended = mendedRecord({ ...whole, id }, readProposal(row.proposal))
  const example = mended && checked(mended)
  if (!example) return null
  return {
    row,
    status,
    record: 'as it is',
    does: 'insert',
    example,
    extra: whole.extra,
    hash: hash ?? null,
    others: [],
    place: row.place,
  }
}

function checked(record: RawRecord): Example | null {
  return createRecordChecker('').add(record).example
}

function keptOf({ record }: MendRow): KeptRow | null {
  if (record === null) return null
  const parsed = JSON.parse(record) as Partial<KeptRow>
  return parsed.kept === 1 ? (parsed as KeptRow) : null
}

function othersOf({ others }: MendRow): number[] {
  return JSON.parse(others) as number[]
}
