import type { Seq2SeqConfig } from '../models/architecture.ts'
import type { Value } from '../session.ts'
import type { AnsweringGraph } from './answering-graph.ts'
import { selectRows } from './select-rows.ts'
import type { StepDecoder } from './step-decoder.ts'

export interface DecoderStart {
  /** `cross.<layer>.key` and `.value`, `[examples, heads, source, headWidth]`. */
  readonly cross: Readonly<Record<string, Value>>
  /** `[examples, source]` */
  readonly attentionMask: Value
  /** Fed unchanged with every step. */
  readonly constants: Readonly<Record<string, Value>>
  readonly examples: number
  /** Rows for each example, side by side. */
  readonly beams: number
}

/** A decoder over its cache: keys and values of past tokens go out of one step and into the next. */
export class CachedDecoder implements StepDecoder {
  readonly vocabSize: number
  readonly prompts: readonly (readonly number[])[]
  readonly #graph: AnsweringGraph
  readonly #constants: Readonly<Record<string, Value>>
  /** What depends on the example alone: cross keys and values, and the mask. */
  #fixed: Record<string, Value>
  #past: Record<string, Value>
  /** The example that each row belongs to. */
  #examples: readonly number[]

  constructor(graph: AnsweringGraph, config: Seq2SeqConfig, start: DecoderStart) {
    this.#graph = graph
    this.#constants = start.constants
    this.vocabSize = config.vocabularySize
    this.#examples = Array.from({ length: start.examples * start.beams }, (_, row) =>
      Math.floor(row / start.beams),
    )
    this.prompts = this.#examples.map(() => [config.decoderStartTokenId])
    const whole: Record<string, Value> = { ...start.cross, attentionMask: start.attentionMask }
    this.#fixed = start.beams === 1 ? whole : selectRows(whole, this.#examples)
    this.#past = Object.fromEntries(
      Array.from({ length: config.decoderLayers }, (_, layer) =>
        ['key', 'value'].map((part): [string, Value] => [
          `past.${layer}.${part}`,
          {
            dtype: 'float32',
            data: new Float32Array(0),
            shape: [this.rows, config.heads, 0, config.headWidth],
          },
        ]),
      ).flat(),
    )
  }

  get rows(): number {
    return this.#examples.length
  }

  async step(tokens: readonly number[]): Promise<Float32Array> {
    const token: Value = { dtype: 'int64', data: BigInt64Array.from(tokens, BigInt), shape: [tokens.length] }
    const results = await this.#graph.run({ token, ...this.#fixed, ...this.#past, ...this.#constants })
    this.#past = Object.fromEntries(
      Object.entries(results).flatMap(([name, value]) =>
        name.startsWith('present.') ? [[name.replace('present.', 'past.'), value] as const] : [],
      ),
    )
    const logits = results['logits']?.data
    if (!(logits instanceof Float32Array)) throw new Error('The decoder gave no logits.')
    return logits
  }

  select(order: readonly number[]): void {
    if (order.length === this.rows && order.every((from, to) => from === to)) return
    this.#past = selectRows(this.#past, order)
    const examples = order.map((row) => this.#examples[row] ?? 0)
    // Beams of one example share what depends on the example, so a change of beams copies nothing of it.
    if (examples.length !== this.rows || examples.some((example, row) => example !== this.#examples[row]))
      this.#fixed = selectRows(this.#fixed, order)
    this.#examples = examples
  }
}
