import type { ModelConfig } from '../models/architecture.ts'
import type { Session, Value } from '../session.ts'
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
  readonly #session: Session
  readonly #constants: Readonly<Record<string, Value>>
  /** What depends on the example alone: cross keys and values, and the mask. */
  #fixed: Record<string, Value>
  #past: Record<string, Value>
  /** The example that each row belongs to. */
  #examples: readonly number[]

  constructor(session: Session, config: ModelConfig, start: DecoderStart) {
    this.#session = session
    this.#constants = start.constants
    this.vocabSize = config.vocabularySize
    this.#examples = Array.from({ length: start.examples * start.beams }, (_, row) =>
      Math.floor(row / start.beams),
    )
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
    const results = await this.#session.run({ token, ...this.#fixed, ...this.#past, ...this.#constants })
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

/** Values whose row i is what row `order[i]` was. */
function selectRows(
  values: Readonly<Record<string, Value>>,
  order: readonly number[],
): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(values).map(([name, { data, shape }]) => {
      if (!(data instanceof Float32Array)) throw new Error(`${name} is not float32.`)
      const width = data.length / (shape[0] ?? 1)
      const selected = new Float32Array(order.length * width)
      order.forEach((from, to) => {
        selected.set(data.subarray(from * width, (from + 1) * width), to * width)
      })
      return [name, { dtype: 'float32', data: selected, shape: [order.length, ...shape.slice(1)] }]
    }),
  )
}
