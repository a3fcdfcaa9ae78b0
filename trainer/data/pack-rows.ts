/** A prompt and what follows it, as token ids; a stretch of plain text has the token before it as its prompt. */
export interface RowItem {
  /** At least one id: something must stand before the first label. */
  readonly sourceIds: readonly number[]
  readonly targetIds: readonly number[]
}

/** The feeds of one step of a causal model: R rows of N places that hold L labels. */
export interface PackedRows {
  /** [R, N]: of each item prompt and target, without the target's last token, which predicts nothing. */
  readonly inputIds: BigInt64Array
  /** [R, N], counted from 0 in every item. */
  readonly positionIds: BigInt64Array
  /** [R, N], the number of the item within its row, from 1; 0 at padding. */
  readonly segmentIds: BigInt64Array
  /** [L], the targets' ids, item by item. */
  readonly labels: BigInt64Array
  /** [L], the place `row * N + place` whose output predicts each label: the one before it. */
  readonly labelRows: BigInt64Array
  readonly rows: number
  readonly length: number
  /** Real source and target tokens. */
  readonly tokens: number
}

/** The places that an item takes in a row. */
export function rowLength({ sourceIds, targetIds }: RowItem): number {
  return sourceIds.length + targetIds.length - 1
}

/**
 * Lays items into rows as long as the longest of them, several short ones into one row where they fit (first fit,
 * the longest first): less padding, the same loss, since no item sees another.
 */
export function packRows(items: readonly RowItem[], padTokenId: number): PackedRows {
  const length = items.reduce((most, item) => Math.max(most, rowLength(item)), 0)
  const { places, rows } = assignPlaces(items, length)
  const labelCount = items.reduce((sum, item) => sum + item.targetIds.length, 0)
  const inputIds = new BigInt64Array(rows * length).fill(BigInt(padTokenId))
  const positionIds = new BigInt64Array(rows * length)
  const segmentIds = new BigInt64Array(rows * length)
  const labels = new BigInt64Array(labelCount)
  const labelRows = new BigInt64Array(labelCount)
  let label = 0
  let tokens = 0
  for (const [i, { sourceIds, targetIds }] of items.entries()) {
    const { start, segment } = places[i] ?? { start: 0, segment: 0 }
    const ids = [...sourceIds, ...targetIds]
    for (const [position, id] of ids.slice(0, -1).entries()) {
      inputIds[start + position] = BigInt(id)
      positionIds[start + position] = BigInt(position)
      segmentIds[start + position] = BigInt(segment)
    }
    for (const [t, id] of targetIds.entries()) {
      labels[label] = BigInt(id)
      labelRows[label++] = BigInt(start + sourceIds.length - 1 + t)
    }
    tokens += ids.length
  }
  return { inputIds, positionIds, segmentIds, labels, labelRows, rows, length, tokens }
}

interface Place {
  /** Of the item's first token in the flattened rows. */
  readonly start: number
  readonly segment: number
}

function assignPlaces(
  items: readonly RowItem[],
  length: number,
): { readonly places: readonly Place[]; readonly rows: number } {
  const filled: { used: number; segments: number }[] = []
  const places: Place[] = []
  const longestFirst = [...items.entries()].sort(([, a], [, b]) => rowLength(b) - rowLength(a))
  for (const [i, item] of longestFirst) {
    let row = filled.findIndex(({ used }) => used + rowLength(item) <= length)
    if (row === -1) row = filled.push({ used: 0, segments: 0 }) - 1
    const into = filled[row]
    if (!into) continue
    places[i] = { start: row * length + into.used, segment: ++into.segments }
    into.used += rowLength(item)
  }
  return { places, rows: filled.length }
}
