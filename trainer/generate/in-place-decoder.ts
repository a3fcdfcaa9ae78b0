import type { Seq2SeqConfig } from '../models/architecture.ts'
import type { Value } from '../session.ts'
import type { AnsweringGraph } from './answering-graph.ts'
import type { DecoderStart } from './cached-decoder.ts'
import { candidateResults, toCandidates } from './candidates.ts'
import type { Candidates } from './candidates.ts'
import { KeyValueCache } from './key-value-cache.ts'
import { selectRows } from './select-rows.ts'
import type { StepDecoder } from './step-decoder.ts'

/**
 * A decoder whose graph writes into the memory of its cache, and whose beams share what depends on the example alone:
 * `stepInPlace` of `Seq2SeqArchitecture`.
 */
export class InPlaceDecoder implements StepDecoder {
  readonly vocabSize: number
  readonly prompts: readonly (readonly number[])[]
  readonly #graph: AnsweringGraph
  readonly #constants: Readonly<Record<string, Value>>
  readonly #cache: KeyValueCache
  /** What depends on the example alone: cross keys and values, and the mask, a row for each group of beams. */
  #fixed: Readonly<Record<string, Value>>
  #beams: number
  /** The row of `#fixed` that each row belongs to. */
  #groups: readonly number[]

  constructor(graph: AnsweringGraph, config: Seq2SeqConfig, start: DecoderStart) {
    this.#graph = graph
    this.#constants = start.constants
    this.vocabSize = config.vocabularySize
    this.#beams = start.beams
    this.#groups = Array.from({ length: start.examples * start.beams }, (_, row) =>
      Math.floor(row / start.beams),
    )
    this.prompts = this.#groups.map(() => [config.decoderStartTokenId])
    this.#fixed = { ...start.cross, attentionMask: start.attentionMask }
    const { decoderLayers: layers, heads, headWidth } = config
    this.#cache = new KeyValueCache({ layers, heads, headWidth }, this.#groups.length)
  }

  get rows(): number {
    return this.#groups.length
  }

  async step(tokens: readonly number[]): Promise<Float32Array> {
    const { logits } = await this.#run(tokens, { logits: null })
    if (!(logits?.data instanceof Float32Array)) throw new Error('The decoder gave no logits.')
    return logits.data
  }

  async candidates(tokens: readonly number[], count: number): Promise<Candidates> {
    return toCandidates(await this.#run(tokens, candidateResults, count))
  }

  select(order: readonly number[]): void {
    if (order.length === this.rows && order.every((from, to) => from === to)) return
    this.#cache.select(order)
    const groups = order.map((row) => this.#groups[row] ?? 0)
    // Beams share a row as long as all of a group stay side by side.
    const beams = groups.every((group, row) => group === groups[row - (row % this.#beams)]) ? this.#beams : 1
    const kept = groups.filter((_, row) => row % beams === 0)
    if (kept.length * this.#beams !== this.rows || kept.some((group, i) => group !== i))
      this.#fixed = selectRows(this.#fixed, kept)
    this.#beams = beams
    this.#groups = groups.map((_, row) => Math.floor(row / beams))
  }

  async #run(
    tokens: readonly number[],
    results: Readonly<Record<string, null>>,
    count = 1,
  ): Promise<Readonly<Record<string, Value>>> {
    const cache = this.#cache
    cache.reserve(1)
    const feeds: Record<string, Value> = {
      token: integers(tokens, [tokens.length / this.#beams, this.#beams]),
      keyDistances: integers(
        Array.from({ length: cache.length + 1 }, (_, i) => i - cache.length),
        [cache.length + 1],
      ),
      candidateCount: integers([Math.min(count, this.vocabSize)], [1]),
      ...this.#fixed,
      ...cache.feeds,
      ...this.#constants,
    }
    const given = await this.#graph.run(feeds, { ...results, ...cache.results })
    cache.advance(1)
    return given
  }
}

function integers(list: readonly number[], shape: readonly number[]): Value {
  return { dtype: 'int64', data: BigInt64Array.from(list, BigInt), shape }
}
