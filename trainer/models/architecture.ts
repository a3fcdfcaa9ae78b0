import { gemm } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { DropoutBank } from '../nn/dropout.ts'
import type { Linear } from '../nn/layers.ts'
import type { T5Config } from './t5-config.ts'
import type { ParameterShapes, Parameters } from './weights.ts'

export type ModelConfig = T5Config

/** What a model is built from: its parameters, how linear layers are computed, and what training adds. */
export interface BuildContext {
  readonly parameters: Parameters
  readonly linear: Linear
  /** See `fusedRmsNorm`: true on the CPU. */
  readonly fusedNorms: boolean
  /** Null outside of training, or where the rate is 0. */
  readonly dropout: DropoutBank | null
}

/**
 * An architecture: how a config.json is read, which parameters it has, and its graphs. All graphs name their
 * feeds and results as said here.
 *
 * - `loss`: feeds `inputIds` `[batch, source]`, `attentionMask` `[batch, source]` (1 for tokens, 0 for padding),
 *   `decoderInputIds` `[batch, target]`, `labels` `[labels]`, and `labelRows` `[labels]`, the row of each label
 *   in `batch·target`. Returns the summed cross-entropy over the labels, a scalar.
 * - `encode`: feeds `inputIds`, `attentionMask`; returns `cross.<layer>.key` and `.value`,
 *   `[batch, heads, source, headWidth]`.
 * - `step`: feeds `token` `[batch]`, `attentionMask`, the cross keys and values, and `past.<layer>.key` and
 *   `.value` `[batch, heads, past, headWidth]`; returns `logits` `[batch, vocabulary]` and `present.<layer>.…`.
 */
export interface Architecture {
  readonly config: ModelConfig
  readonly parameters: ParameterShapes
  readonly ignorableWeights: ReadonlySet<string>
  /** Linear layers inside the blocks, by module path: what adapters can attach to. */
  readonly linears: ReadonlyMap<string, readonly [out: number, into: number]>
  loss(context: BuildContext, labelSmoothing: number): Tensor
  logits(context: BuildContext): Tensor
  encode(context: BuildContext): Readonly<Record<string, Tensor>>
  step(context: BuildContext): Readonly<Record<string, Tensor>>
}

/** Linear layers of the base model alone: `x · Wᵀ`. */
export function baseLinear(parameters: Parameters): Linear {
  return (x, path) => gemm(x, parameters(`${path}.weight`), { transB: true })
}
