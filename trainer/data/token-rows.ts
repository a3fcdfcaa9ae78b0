/**
 * Tokens of several items one after another, and where each stands in the rows that attention works on. The last token
 * belongs to no item: places of padding, of which there is at least one, hold it.
 */
export interface TokenRows {
  /** [rows, length], the token at each place; at padding the last token. */
  readonly tokenAt: BigInt64Array
  /** [tokens], the place `row · length + i` of each token; of the last, a place of padding. */
  readonly places: BigInt64Array
  readonly rows: number
  readonly length: number
  /** The last one included. */
  readonly tokens: number
}

/** Lays items of such lengths, in their order, each into the row that `rowOf` gives it; by default one of its own. */
export function layTokens(
  lengths: readonly number[],
  rowOf: readonly number[] = [...lengths.keys()],
): TokenRows {
  const used = Array.from({ length: rowOf.reduce((most, row) => Math.max(most, row + 1), 0) }, () => 0)
  const starts = lengths.map((length, item) => {
    const row = rowOf[item] ?? 0
    const start = used[row] ?? 0
    used[row] = start + length
    return start
  })
  const rows = used.length
  const real = lengths.reduce((sum, one) => sum + one, 0)
  const longest = used.reduce((most, one) => Math.max(most, one), 0)
  // The last token wants a place of its own, so that its gradient is none of another's.
  const length = real === rows * longest ? longest + 1 : longest
  const tokenAt = new BigInt64Array(rows * length).fill(BigInt(real))
  const places = new BigInt64Array(real + 1)
  let token = 0
  for (const [item, count] of lengths.entries()) {
    const first = (rowOf[item] ?? 0) * length + (starts[item] ?? 0)
    for (let i = 0; i < count; i++) {
      tokenAt[first + i] = BigInt(token)
      places[token++] = BigInt(first + i)
    }
  }
  places[real] = BigInt(tokenAt.indexOf(BigInt(real)))
  return { tokenAt, places, rows, length, tokens: real + 1 }
}
