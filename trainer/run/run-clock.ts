/** Steps looked back on for a rate. */
const lookback = 20
/** Before this many steps and seconds no estimate is stable. */
const settledSteps = 8
const settledSeconds = 3

/** So many times the mean no step takes for its length alone. */
const farFromUsual = 30

/** Measures training time: rates over the last steps, totals over the run, across resumes. */
export class RunClock {
  #tokens: number
  #seconds: number
  #steps = 0
  #recent: { tokens: number; seconds: number }[] = []
  #measured = 0

  /** `tokens` and `seconds` are what the run had before it was resumed. */
  constructor(tokens: number, seconds: number) {
    this.#tokens = tokens
    this.#seconds = seconds
  }

  get tokens(): number {
    return this.#tokens
  }

  get seconds(): number {
    return this.#seconds
  }

  /** Real tokens a second over the whole run. */
  get meanTokensPerSecond(): number {
    return this.#seconds === 0 ? 0 : this.#tokens / this.#seconds
  }

  get tokensPerSecond(): number {
    const seconds = this.#recent.reduce((sum, step) => sum + step.seconds, 0)
    return seconds === 0 ? 0 : this.#recent.reduce((sum, step) => sum + step.tokens, 0) / seconds
  }

  count(tokens: number, seconds: number): void {
    this.#tokens += tokens
    this.#seconds += seconds
    this.#steps++
    // A step in which the machine slept says nothing about others: of one that takes so much longer, that much counts.
    const usual = this.#measured / (this.#steps - 2)
    const counted = this.#steps > settledSteps ? Math.min(seconds, farFromUsual * usual) : seconds
    // The first step also warms caches up, and epoch 0 starts with the largest batch.
    if (this.#steps > 1) this.#measured += counted
    this.#recent = [...this.#recent.slice(1 - lookback), { tokens, seconds: counted }]
  }

  /** Seconds that further steps will take; null while there is too little to go by. */
  secondsFor(steps: number): number | null {
    if (this.#steps < settledSteps || this.#measured < settledSeconds) return null
    return (this.#measured / (this.#steps - 1)) * steps
  }
}
