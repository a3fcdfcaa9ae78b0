/**
 * Keeps the k highest of all scores offered, in descending order; of equals, the one offered first stands first.
 * Made for k of some dozens out of tens of thousands: most offers cost one comparison.
 */
export class TopScores {
  readonly scores: Float64Array
  /** `keys[i]` is the key under which `scores[i]` was offered. */
  readonly keys: Float64Array
  count = 0

  constructor(k: number) {
    this.scores = new Float64Array(k).fill(-Infinity)
    this.keys = new Float64Array(k)
  }

  /** Offers every score of a row, plus `offset`, under the keys `firstKey`, `firstKey + 1`, … */
  offer(row: Float32Array | Float64Array, offset: number, firstKey: number): void {
    const k = this.scores.length
    let lowest = this.lowest()
    for (let i = 0; i < row.length; i++) {
      const score = (row[i] ?? -Infinity) + offset
      if (score <= lowest && this.count === k) continue
      this.insert(score, firstKey + i)
      lowest = this.lowest()
    }
  }

  private lowest(): number {
    return this.scores[this.scores.length - 1] ?? -Infinity
  }

  private insert(score: number, key: number): void {
    let place = Math.min(this.count, this.scores.length - 1)
    while (place > 0 && score > (this.scores[place - 1] ?? -Infinity)) {
      this.scores[place] = this.scores[place - 1] ?? -Infinity
      this.keys[place] = this.keys[place - 1] ?? 0
      place--
    }
    this.scores[place] = score
    this.keys[place] = key
    this.count = Math.min(this.count + 1, this.scores.length)
  }
}
