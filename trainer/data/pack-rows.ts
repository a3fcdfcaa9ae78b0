import { layTokens } from './token-rows.ts'
import type { TokenRows } from './token-rows.ts'

/** A prompt and what follows it, as token ids; a stretch of plain text has the token before it as its prompt. */
export interface RowItem {
  /** At least one id: something must stand before the first label. */
  readonly sourceIds: readonly number[]
  readonly targetIds: readonly number[]
}

/** The feeds of one step of a causal model: items one after another, several in a row where they fit, L labels. */
export interface PackedRows extends TokenRows {
  /** [tokens]: of each item prompt and target, without the target's last token, which predicts nothing. */
  readonly ids: BigInt64Array
  /** [tokens], counted from 0 in every item. */
  readonly positions: BigInt64Array
  /** [rows, length], the number of the item within its row, from 1; 0 at padding. */
  readonly segmentIds: BigInt64Array
  /** [L], the targets' ids, item by item. */
  readonly labels: BigInt64Array
  /** [L], the token whose output predicts each label: the one before it. */
  readonly labelRows: BigInt64Array
  /** Real source and target tokens. */
  readonly realTokens: number
}

/** The places that an item takes in a row. */
export function rowLength({ sourceIds, targetIds }: RowItem): number {
  return sourceIds.length + targetIds.length - 1
}

/**
 * Lays items into rows as long as the longest of them, several short ones into one row where they fit (first fit,
 * the longest first): less padding in attention, the same loss, since no item sees another.
 */
export function packRows(items: readonly RowItem[], padTokenId: number): PackedRows {
  const lengths = items.map(rowLength)
  const rowOf = assignRows(lengths)
  const laid = layTokens(lengths, rowOf)
  const ids = new BigInt64Array(laid.tokens).fill(BigInt(padTokenId))
  const positions = new BigInt64Array(laid.tokens)
  const segmentIds = new BigInt64Array(laid.rows * laid.length)
  const segments = new Map<number, number>()
  const labels: number[] = []
  const labelRows: number[] = []
  let start = 0
  for (const [i, { sourceIds, targetIds }] of items.entries()) {
    const row = rowOf[i] ?? 0
    const segment = (segments.get(row) ?? 0) + 1
    segments.set(row, segment)
    const fed = [...sourceIds, ...targetIds].slice(0, -1)
    for (const [position, id] of fed.entries()) {
      ids[start + position] = BigInt(id)
      positions[start + position] = BigInt(position)
      segmentIds[Number(laid.places[start + position])] = BigInt(segment)
    }
    for (const [t, id] of targetIds.entries()) {
      labels.push(id)
      labelRows.push(start + sourceIds.length - 1 + t)
    }
    start += fed.length
  }
  return {
    ...laid,
    ids,
    positions,
    segmentIds,
    labels: BigInt64Array.from(labels, BigInt),
    labelRows: BigInt64Array.from(labelRows, BigInt),
    realTokens: start + items.length,
  }
}

function assignRows(lengths: readonly number[]): readonly number[] {
  const longest = lengths.reduce((most, length) => Math.max(most, length), 0)
  const used: number[] = []
  const rowOf: number[] = []
  for (const [item, length] of [...lengths.entries()].sort(([, a], [, b]) => b - a)) {
    let row = used.findIndex((taken) => taken + length <= longest)
    if (row === -1) row = used.push(0) - 1
    used[row] = (used[row] ?? 0) + length
    rowOf[item] = row
  }
  return rowOf
}
