import type { Value } from '../session.ts'

export interface CacheSize {
  readonly layers: number
  readonly heads: number
  readonly headWidth: number
}

/** Places are taken in blocks, so that a cache grows seldom. */
const block = 32

/**
 * Keys and values of past tokens, in memory with room for more: a graph writes those of new tokens into their places
 * (see `cachedAttention`), and nothing else is copied from step to step.
 */
export class KeyValueCache {
  readonly #size: CacheSize
  #rows: number
  #capacity: number
  #length = 0
  #data: readonly Float32Array[]
  /** How many of the first places of two rows hold the same: `[rows, rows]`. */
  #common: Int32Array
  /** What is on its way from row to row. */
  #held = new Float32Array(0)
  #feeds: Readonly<Record<string, Value>> = {}
  #results: Readonly<Record<string, Value>> = {}

  /** @param room Places to begin with. */
  constructor(size: CacheSize, rows: number, room = block) {
    this.#size = size
    this.#rows = rows
    this.#capacity = inBlocks(room)
    this.#data = Array.from({ length: 2 * size.layers }, () => new Float32Array(this.#valuesOf(rows)))
    this.#common = new Int32Array(rows * rows)
    this.#name()
  }

  get rows(): number {
    return this.#rows
  }

  /** Filled places. */
  get length(): number {
    return this.#length
  }

  /** `past.<layer>.key` and `.value`, `[rows, heads, capacity, headWidth]`. */
  get feeds(): Readonly<Record<string, Value>> {
    return this.#feeds
  }

  /** The same memory as `present.<layer>.key` and `.value`. */
  get results(): Readonly<Record<string, Value>> {
    return this.#results
  }

  /** Makes room for `count` further tokens. */
  reserve(count: number): void {
    if (this.#length + count <= this.#capacity) return
    const [old, data] = [this.#capacity, this.#data]
    this.#capacity = inBlocks(Math.max(this.#length + count, 2 * old))
    const { heads, headWidth } = this.#size
    this.#data = data.map((from) => {
      const to = new Float32Array(this.#valuesOf(this.#rows))
      for (let head = 0; head < this.#rows * heads; head++) {
        const start = head * old * headWidth
        to.set(from.subarray(start, start + this.#length * headWidth), head * this.#capacity * headWidth)
      }
      return to
    })
    this.#name()
  }

  /** Counts the places that a graph filled. */
  advance(count: number): void {
    this.#length += count
  }

  /** Row i becomes what row `order[i]` was; of rows that began alike only what differs is copied. */
  select(order: readonly number[]): void {
    const old = { rows: this.#rows, common: this.#common }
    const commonOf = (a: number, b: number) => (a === b ? this.#length : (old.common[a * old.rows + b] ?? 0))
    if (order.length > old.rows) {
      this.#repeat(order)
    } else {
      const moves = order.flatMap((from, to) =>
        from === to ? [] : [{ from, to, start: commonOf(from, to) }],
      )
      if (moves.length > 0) this.#move(moves)
    }
    this.#rows = order.length
    this.#common = Int32Array.from({ length: order.length ** 2 }, (_, i) =>
      commonOf(order[Math.floor(i / order.length)] ?? 0, order[i % order.length] ?? 0),
    )
    if (order.length !== old.rows) this.#name()
  }

  #repeat(order: readonly number[]): void {
    const width = this.#valuesOf(1)
    this.#data = this.#data.map((from) => {
      const to = new Float32Array(this.#valuesOf(order.length))
      order.forEach((row, i) => {
        to.set(from.subarray(row * width, (row + 1) * width), i * width)
      })
      return to
    })
  }

  #move(moves: readonly { readonly from: number; readonly to: number; readonly start: number }[]): void {
    const { heads, headWidth } = this.#size
    const length = this.#length
    const values = moves.reduce((sum, { start }) => sum + heads * (length - start) * headWidth, 0)
    if (this.#held.length < values) this.#held = new Float32Array(2 * values)
    const held = this.#held
    for (const data of this.#data) {
      // All are read before any is written: a row may be another's origin.
      for (const write of [false, true]) {
        let place = 0
        for (const { from, to, start } of moves) {
          const count = (length - start) * headWidth
          for (let head = 0; head < heads; head++, place += count) {
            const at = (((write ? to : from) * heads + head) * this.#capacity + start) * headWidth
            if (write) data.set(held.subarray(place, place + count), at)
            else held.set(data.subarray(at, at + count), place)
          }
        }
      }
    }
  }

  #valuesOf(rows: number): number {
    const { heads, headWidth } = this.#size
    return rows * heads * this.#capacity * headWidth
  }

  #name(): void {
    const { heads, headWidth } = this.#size
    const shape = [this.#rows, heads, this.#capacity, headWidth]
    const values = this.#data.map((data, i): [string, Value] => [
      `${Math.floor(i / 2)}.${i % 2 === 0 ? 'key' : 'value'}`,
      { dtype: 'float32', data: data.subarray(0, this.#valuesOf(this.#rows)), shape },
    ])
    this.#feeds = Object.fromEntries(values.map(([name, value]) => [`past.${name}`, value]))
    this.#results = Object.fromEntries(values.map(([name, value]) => [`present.${name}`, value]))
  }
}

function inBlocks(places: number): number {
  return Math.ceil(places / block) * block
}
