import type { StepDecoder } from '../../trainer/generate/step-decoder.ts'

export const vocabSize = 13
export const padTokenId = 0
export const eosTokenId = 1

function mix(h: number, x: number): number {
  let mixed = Math.imul(h ^ x, 0x9e3779b1)
  mixed ^= mixed >>> 15
  mixed = Math.imul(mixed, 0x85ebca77)
  return mixed ^ (mixed >>> 13)
}

interface CachedRow {
  start: number
  history: number
  length: number
}

/**
 * The model of test/reference/generation_goldens.py: logits that follow from a seed, the example, the last token
 * and a hash of the whole history. The hash is the cache, so a wrong selection of rows gives other tokens.
 */
export class HashedDecoder implements StepDecoder {
  readonly vocabSize = vocabSize
  /** Rows of every step so far, and how often rows were selected. */
  readonly rowsPerStep: number[] = []
  selections = 0
  private cache: CachedRow[]
  private readonly logits: Float32Array
  private readonly sharpness: number

  constructor({
    seed,
    examples,
    numBeams = 1,
    sharpness = 1,
  }: {
    seed: number
    examples: number
    numBeams?: number
    /** Factor of the logits; a power of two keeps them exact. */
    sharpness?: number
  }) {
    this.sharpness = sharpness
    this.cache = Array.from({ length: examples * numBeams }, (_, row) => {
      const start = mix(mix(0x12345678, seed), Math.floor(row / numBeams))
      return { start, history: start, length: 0 }
    })
    this.prompts = this.cache.map(() => [padTokenId])
    this.logits = new Float32Array(this.cache.length * vocabSize)
  }

  readonly prompts: readonly (readonly number[])[]

  get rows(): number {
    return this.cache.length
  }

  step(tokens: readonly number[]): Promise<Float32Array> {
    if (tokens.length !== this.rows) throw new Error(`${tokens.length} tokens for ${this.rows} rows`)
    this.rowsPerStep.push(tokens.length)
    for (const [row, cached] of this.cache.entries()) {
      const last = tokens[row] ?? 0
      cached.history = mix(cached.history, last)
      cached.length++
      const bigram = mix(cached.start ^ 0x55555555, last)
      for (let token = 0; token < vocabSize; token++) {
        const near = mix(bigram, token) & 0xffff
        const far = mix(cached.history, token) & 0xffff
        const eosBonus = token === eosTokenId ? cached.length / 8 : 0
        this.logits[row * vocabSize + token] = this.sharpness * ((3 * near + far - 131072) / 16384 + eosBonus)
      }
    }
    return Promise.resolve(this.logits.subarray(0, this.rows * vocabSize))
  }

  select(order: readonly number[]): void {
    this.selections++
    this.cache = order.map((row) => {
      const cached = this.cache[row]
      if (!cached) throw new Error(`row ${row} of ${this.rows}`)
      return { ...cached }
    })
  }
}
