import { gemm } from '../graph/ops.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { DropoutBank } from '../nn/dropout.ts'
import type { Linear, LinearWeight } from '../nn/layers.ts'
import type { Block } from '../nn/recomputed-blocks.ts'
import type { ParameterShapes, Parameters } from './weights.ts'

/** What every configuration says, whatever the architecture. */
export interface CommonConfig {
  /** The `model_type` of config.json. */
  readonly modelType: string
  readonly vocabularySize: number
  readonly width: number
  readonly heads: number
  readonly headWidth: number
  readonly feedForwardWidth: number
  /** The model's own dropout rate in training. */
  readonly dropout: number
  readonly padTokenId: number
  /** What ends a text; null for a model that writes none. */
  readonly eosTokenId: number | null
  /** Tokens that the model was made for: prompt and answer together where they stand in one row. */
  readonly maxLength: number
}

/** What a model is built from: its parameters, how linear layers are computed, and what training adds. */
export interface BuildContext {
  readonly parameters: Parameters
  /** Computes a linear layer, its bias included where it has one. */
  readonly linear: Linear
  /** See `fusedRmsNorm`: true on the CPU. */
  readonly fusedNorms: boolean
  /** Null outside of training, or where the rate is 0. */
  readonly dropout: DropoutBank | null
  /** The matrices that linear layers multiply by, where they are single ones: see `LinearWeight`. */
  readonly weight?: LinearWeight
  /** The most target tokens of a row, where it is known: short targets allow shorter ways. */
  readonly targetLength?: number
  /**
   * Marks a block of the network, made from `inputs`, as one that may be computed again in the backward pass instead of
   * being kept; absent where everything is kept.
   */
  readonly block?: Block
}

interface CommonArchitecture {
  readonly parameters: ParameterShapes
  /** Keys that published files carry without use. */
  readonly ignorableWeights: ReadonlySet<string>
  /**
   * Parameters that a folder may lack, since they are made for a task: a fresh one is drawn from N(0, 0.02²), its
   * bias zero.
   */
  readonly freshParameters: ReadonlySet<string>
  /** The keys of parameters that this folder's files hold under another name; absent where all names are the same. */
  readonly storedNames?: ReadonlyMap<string, string>
  /** Linear layers inside the blocks, by module path: what adapters can attach to. */
  readonly linears: ReadonlyMap<string, readonly [out: number, into: number]>
}

/**
 * An encoder and a decoder, as T5. All graphs name their feeds and results as said here.
 *
 * - `loss`: feeds `sourceIds` `[sourceTokens]` and `targetIds` `[targetTokens]`, items one after another and a last
 *   token of none, `sourceAt` `[batch, source]`, `sourcePlaces` `[sourceTokens]`, `targetAt`, `targetPlaces` (see
 *   `PlacedTokens`), `labels` `[labels]`, and `labelRows` `[labels]`, the target token that predicts each label.
 *   Returns the summed cross-entropy over the labels, a scalar.
 * - `logits`: the same feeds without labels; returns `[targetTokens, vocabulary]`.
 * - `encode`: feeds `inputIds` `[batch, source]`, `attentionMask` `[batch, source]` (1 for tokens, 0 for padding);
 *   returns `cross.<layer>.key` and `.value`,
 *   `[batch, heads, source, headWidth]`.
 * - `step`: feeds `token` `[batch]`, `attentionMask`, the cross keys and values, and `past.<layer>.key` and
 *   `.value` `[batch, heads, past, headWidth]`; returns `logits` `[batch, vocabulary]` and `present.<layer>.…`.
 *
 * Of kernels that the CPU alone has, for answering:
 *
 * - `encodeForward`: as `encode`.
 * - `stepInPlace`: feeds `token` `[batch, beams]`, `keyDistances` `[keys]`, the places of all keys less that of this
 *   token, which is the last of them, `candidateCount` `[1]`, `attentionMask` and the cross keys and values of each
 *   example, and `past.<layer>.key` and `.value` `[batch·beams, heads, capacity, headWidth]`, where capacity is at least
 *   keys; returns `logits` `[batch·beams, vocabulary]`, what `candidatesOf` does, and `present.<layer>.…`, which must
 *   lie in the memory of `past.<layer>.…`. Absent where the width of a head does not suit the kernels.
 *
 * For exports, which cut the model elsewhere:
 *
 * - `encoderOutput`: the same feeds as `encode`; returns `hidden` `[batch, source, width]`.
 * - `crossOf`: feeds `hidden`; returns what `encode` does.
 * - `continue`: feeds `decoderInputIds` `[batch, target]` and what `step` takes but `token`; returns `logits` `[batch,
 *   target, vocabulary]` and `present.<layer>.…`.
 */
export interface Seq2SeqArchitecture extends CommonArchitecture {
  readonly kind: 'seq2seq'
  readonly config: Seq2SeqConfig
  loss(context: BuildContext, labelSmoothing: number): Tensor
  logits(context: BuildContext): Tensor
  encode(context: BuildContext): Readonly<Record<string, Tensor>>
  step(context: BuildContext): Readonly<Record<string, Tensor>>
  encodeForward(context: BuildContext): Readonly<Record<string, Tensor>>
  readonly stepInPlace?: (context: BuildContext) => Readonly<Record<string, Tensor>>
  encoderOutput(context: BuildContext): Readonly<Record<string, Tensor>>
  crossOf(context: BuildContext): Readonly<Record<string, Tensor>>
  continue(context: BuildContext): Readonly<Record<string, Tensor>>
}

export interface Seq2SeqConfig extends CommonConfig {
  readonly eosTokenId: number
  readonly decoderStartTokenId: number
  readonly encoderLayers: number
  readonly decoderLayers: number
  readonly gated: boolean
}

/**
 * A decoder alone, as GPT-Neo.
 *
 * - `loss`: feeds `tokenIds` and `tokenPositions` `[tokens]`, items one after another and a last token of none,
 *   `tokenAt` `[batch, length]` and `tokenPlaces` `[tokens]` (see `PlacedTokens`), `segmentIds` `[batch, length]` (a
 *   token sees itself and what stands before it with the same number; padding has the number 0), `labels` `[labels]`
 *   and `labelRows` `[labels]`, the token whose output predicts each label. Returns the summed cross-entropy over the
 *   labels, a scalar; the head is computed at those tokens alone.
 * - `logits`: the same feeds without labels; returns `[tokens, vocabulary]`.
 * - `step`: feeds `inputIds` `[batch, length]`, `positionIds` `[batch, length]`, `attentionMask` `[batch,
 *   past+length]` (0 for padding, which stands on the left), and `past.<layer>.key` and `.value` `[batch, heads, past,
 *   headWidth]`, where past may be 0; returns `logits` `[batch, vocabulary]` of the last token and `present.<layer>.…`.
 * - `continue`, for exports: the feeds of `step`; returns `logits` `[batch, length, vocabulary]` and what `step` does.
 */
export interface CausalArchitecture extends CommonArchitecture {
  readonly kind: 'causal'
  readonly config: CausalConfig
  loss(context: BuildContext, labelSmoothing: number): Tensor
  logits(context: BuildContext): Tensor
  step(context: BuildContext): Readonly<Record<string, Tensor>>
  continue(context: BuildContext): Readonly<Record<string, Tensor>>
}

export interface CausalConfig extends CommonConfig {
  readonly eosTokenId: number
  readonly layers: number
}

/**
 * An encoder with a span head, as BERT for extractive answers.
 *
 * - `loss`: feeds `tokenIds`, `tokenPositions` and `tokenTypes` `[tokens]` (0 for the question, 1 for the context; not
 *   fed to a model without types), items one after another and a last token of none, `tokenAt` `[batch, length]` and
 *   `tokenPlaces` `[tokens]` (see `PlacedTokens`), `startPositions` `[batch]` and `endPositions` `[batch]`. Returns the sum over the rows of the mean of the two cross-entropies over the length,
 *   padding excluded; a scalar.
 * - `spans`: feeds `inputIds`, `attentionMask` and `tokenTypeIds`, all `[batch, length]`; returns `startLogits` and
 *   `endLogits`, `[batch, length]`.
 */
export interface ExtractiveArchitecture extends CommonArchitecture {
  readonly kind: 'extractive'
  readonly config: ExtractiveConfig
  loss(context: BuildContext, labelSmoothing: number): Tensor
  spans(context: BuildContext): Readonly<Record<string, Tensor>>
}

export interface ExtractiveConfig extends CommonConfig {
  readonly eosTokenId: null
  readonly layers: number
  readonly tokenTypes: number
}

export type { ArchitectureKind } from '../architectures.ts'

/** An architecture: how a config.json is read, which parameters it has, and its graphs. */
export type Architecture = Seq2SeqArchitecture | CausalArchitecture | ExtractiveArchitecture
export type GenerativeArchitecture = Seq2SeqArchitecture | CausalArchitecture
export type ModelConfig = Architecture['config']

/** Linear layers of the base model alone: `x · Wᵀ`, and the bias where the layer has one. */
export function baseLinear(parameters: Parameters, shapes: ParameterShapes): Linear {
  return (x, path) => {
    const bias = shapes.has(`${path}.bias`) ? parameters(`${path}.bias`) : null
    return gemm(x, parameters(`${path}.weight`), { transB: true, ...(bias ? { plus: bias } : {}) })
  }
}
