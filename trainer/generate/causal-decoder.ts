import { TrainerError } from '../errors.ts'
import type { CausalConfig } from '../models/architecture.ts'
import type { Value } from '../session.ts'
import type { AnsweringGraph } from './answering-graph.ts'
import { candidateResults, toCandidates } from './candidates.ts'
import { selectRows } from './select-rows.ts'
import type { StepDecoder } from './step-decoder.ts'

export interface CausalStart {
  /** The prompt of each example, at least one token. */
  readonly prompts: readonly (readonly number[])[]
  /** Fed unchanged with every step. */
  readonly constants: Readonly<Record<string, Value>>
  /** Rows for each example, side by side. */
  readonly beams: number
  /** Whether the graph gives what `candidatesOf` does, too. */
  readonly chooses?: boolean
  /** Values of a layer's attention scores that may be in memory at a time while prompts are read. */
  readonly scoresAtATime?: number
}

/** What is asked of a step, and how many candidates. */
interface Wanted {
  readonly names: readonly string[]
  readonly count: number
}

const defaultScoresAtATime = 1 << 24

/**
 * A model that continues its prompts, over a cache of keys and values. Prompts are padded on the left, so that all
 * rows end at the same place; they are read with the first step, once for all beams of an example, in pieces where
 * they are long.
 */
export class CausalDecoder implements StepDecoder {
  readonly vocabSize: number
  readonly prompts: readonly (readonly number[])[]
  readonly candidates?: NonNullable<StepDecoder['candidates']>
  readonly #graph: AnsweringGraph
  readonly #config: CausalConfig
  readonly #start: CausalStart
  #past: Record<string, Value> | null = null
  /** Places of padding before each row's first token. */
  #padding: readonly number[] = []
  /** Places in the cache, padding included. */
  #length = 0

  /** @throws TrainerError `setting_invalid` for a prompt that is longer than the model's positions. */
  constructor(graph: AnsweringGraph, config: CausalConfig, start: CausalStart) {
    this.#graph = graph
    this.#config = config
    this.#start = start
    this.vocabSize = config.vocabularySize
    if (start.chooses)
      this.candidates = async (tokens, count) =>
        toCandidates(
          await this.#advance(tokens, Object.keys(candidateResults), Math.min(count, this.vocabSize)),
        )
    this.prompts = start.prompts.flatMap((prompt) => Array.from({ length: start.beams }, () => prompt))
    const longest = Math.max(...start.prompts.map((prompt) => prompt.length))
    if (longest > config.maxLength)
      throw new TrainerError(
        'setting_invalid',
        `The prompt has ${longest} tokens, the model reads ${config.maxLength}. Shorten it, or lower maxSourceLength.`,
        { tokens: longest, maxLength: config.maxLength },
      )
  }

  get rows(): number {
    return this.#past ? this.#padding.length : this.prompts.length
  }

  async step(tokens: readonly number[]): Promise<Float32Array> {
    const { logits } = await this.#advance(tokens, ['logits'])
    if (!(logits?.data instanceof Float32Array)) throw new Error('The decoder gave no logits.')
    return logits.data
  }

  select(order: readonly number[]): void {
    if (!this.#past || (order.length === this.rows && order.every((from, to) => from === to))) return
    this.#past = selectRows(this.#past, order)
    this.#padding = order.map((row) => this.#padding[row] ?? 0)
  }

  #advance(tokens: readonly number[], names: readonly string[], count = 1): Promise<Record<string, Value>> {
    const wanted = { names, count }
    if (!this.#past) return this.#readPrompts(wanted)
    return this.#run(
      tokens.map((token) => [token]),
      this.#past,
      wanted,
    )
  }

  async #readPrompts(wanted: Wanted): Promise<Record<string, Value>> {
    const { prompts, beams, scoresAtATime = defaultScoresAtATime } = this.#start
    const { layers, heads, headWidth, padTokenId } = this.#config
    const longest = Math.max(...prompts.map((prompt) => prompt.length))
    this.#padding = prompts.map((prompt) => longest - prompt.length)
    const padded = prompts.map((prompt) => [
      ...Array.from({ length: longest - prompt.length }, () => padTokenId),
      ...prompt,
    ])
    const empty: Value = {
      dtype: 'float32',
      data: new Float32Array(0),
      shape: [prompts.length, heads, 0, headWidth],
    }
    let past = Object.fromEntries(
      Array.from({ length: layers }, (_, layer) => [
        [`past.${layer}.key`, empty],
        [`past.${layer}.value`, empty],
      ]).flat(),
    ) as Record<string, Value>
    const piece = Math.max(1, Math.floor(scoresAtATime / (prompts.length * heads * longest)))
    let results: Record<string, Value> = {}
    for (let start = 0; start < longest; start += piece) {
      results = await this.#run(
        padded.map((ids) => ids.slice(start, start + piece)),
        past,
        wanted,
      )
      past = this.#past ?? past
    }
    if (beams === 1) return results
    const order = prompts.flatMap((_, example) => Array.from({ length: beams }, () => example))
    this.#past = selectRows(past, order)
    this.#padding = order.map((example) => this.#padding[example] ?? 0)
    return selectRows(results, order)
  }

  /** Feeds the next tokens of every row and keeps the cache. Gives what is wanted of the last of them. */
  async #run(
    tokens: readonly (readonly number[])[],
    past: Readonly<Record<string, Value>>,
    { names, count }: Wanted,
  ): Promise<Record<string, Value>> {
    const length = tokens[0]?.length ?? 0
    const total = this.#length + length
    const positions = this.#padding.flatMap((padding) =>
      Array.from({ length }, (_, i) => Math.max(0, this.#length + i - padding)),
    )
    const mask = new Float32Array(this.#padding.length * total).fill(1)
    for (const [row, padding] of this.#padding.entries()) mask.fill(0, row * total, row * total + padding)
    const shape = [tokens.length, length]
    const feeds: Record<string, Value> = {
      inputIds: { dtype: 'int64', data: BigInt64Array.from(tokens.flat(), BigInt), shape },
      positionIds: { dtype: 'int64', data: BigInt64Array.from(positions, BigInt), shape },
      attentionMask: { dtype: 'float32', data: mask, shape: [tokens.length, total] },
      candidateCount: { dtype: 'int64', data: BigInt64Array.of(BigInt(count)), shape: [1] },
      ...past,
      ...this.#start.constants,
    }
    const presents = Object.keys(past).map((name) => name.replace('past.', 'present.'))
    const into = Object.fromEntries([...names, ...presents].map((name) => [name, null]))
    const results = await this.#graph.run(feeds, into)
    this.#length = total
    this.#past = Object.fromEntries(
      Object.entries(results).flatMap(([name, value]) =>
        name.startsWith('present.') ? [[name.replace('present.', 'past.'), value] as const] : [],
      ),
    )
    return Object.fromEntries(Object.entries(results).filter(([name]) => names.includes(name)))
  }
}
