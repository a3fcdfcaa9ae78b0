import type { LargestBatch } from '../kinds/kind.ts'
import type { LoraTarget } from '../lora/targets.ts'
import type { Trained } from '../lora/trained.ts'
import type { Architecture } from '../models/architecture.ts'
import type { Settings } from '../settings.ts'

export interface MemoryFacts {
  readonly architecture: Architecture
  /** Parameters of the base model. */
  readonly parameterCount: number
  readonly trained: Trained
  readonly largest: LargestBatch
  /** Whether there are examples to validate on, and questions to answer. */
  readonly validates: boolean
  readonly answers: boolean
  readonly settings: Pick<
    Settings,
    | 'dropout'
    | 'loraDropout'
    | 'evaluationBatchSize'
    | 'bestMetric'
    | 'gradientAccumulationSteps'
    | 'weightPrecision'
  >
}

/** What Node, the tokenizer and ONNX Runtime take before a model is loaded. */
const processMb = 165
/** Of what the forward pass leaves, this share is alive at once. */
const activationShare = 0.825
/** Bits of a frozen weight, scales included. */
const bitsPerWeight = { stored: 32, float16: 16, int8: 8.5, int4: 5 } as const

/**
 * The most resident memory that a training run is expected to have, in MB, from sizes alone. Counts the float32
 * values that are alive at once while training and while answering, whichever is more. The shares were fitted to
 * measured runs on the CPU, which the tests name; these lie within 20 %.
 */
export function estimateMemoryMb(facts: MemoryFacts): number {
  const { settings, answers } = facts
  const answering = answers ? answeringFloats(facts) : 0
  const training = trainingFloats(facts)
  // F1 as the measure answers in between the steps, with both graphs loaded.
  const floats = settings.bestMetric === 'f1' ? training + answering : Math.max(training, answering)
  return Math.round(processMb + (4 * floats) / 2 ** 20)
}

function trainingFloats(facts: MemoryFacts): number {
  const { architecture, trained, parameterCount, settings, validates } = facts
  const whole = trained.whole.reduce((sum, name) => sum + sizeOf(architecture.parameters.get(name)), 0)
  const matrices = trained.targets.reduce((sum, target) => sum + sizeOfAdapter(target), 0)
  const adapted = trained.targets.reduce((sum, { into, out }) => sum + into * out, 0)
  // Values, two moments, gradients, the best so far and the feeds' copies; a second set of gradients for the sum.
  const states = (whole + matrices) * (settings.gradientAccumulationSteps > 1 ? 7 : 6)
  const held = (parameterCount - whole) * (bitsPerWeight[settings.weightPrecision] / 32)
  // Of weights in few bits one is widened at a time, the head being the largest (4 bits are mapped twice and counted
  // once, since it is the same memory); of others the merged weights are alive in turn.
  const { vocabularySize, width } = architecture.config
  const weights = held + (settings.weightPrecision === 'stored' ? adapted / 2 : vocabularySize * width)
  // The graph of the validation loss holds the weights a second time.
  const validation = validates ? held + forwardFloats(facts) : 0
  // Adapters beside their layers leave more in between than merged weights do.
  const share = settings.weightPrecision === 'stored' ? activationShare : 1
  return weights + states + share * activationFloats(facts) + validation
}

function sizeOfAdapter({ rank, into, out, dora }: LoraTarget): number {
  return rank * (into + out) + (dora ? out : 0)
}

function sizeOf(shape: readonly number[] = [0]): number {
  return shape.reduce((size, dim) => size * dim, 1)
}

/** Values that the forward pass leaves for the backward pass, for the largest batch. */
function activationFloats({ architecture, largest, settings, trained }: MemoryFacts): number {
  const { config } = architecture
  const { width, heads, headWidth, feedForwardWidth, vocabularySize } = config
  const { batch, source, target, together = source + target } = largest
  const inner = heads * headWidth
  const drops = (settings.dropout ?? config.dropout) > 0
  const adapterDrops = settings.loraDropout > 0
  const gated = 'gated' in config && config.gated
  const perToken =
    (drops ? 8 : 6) * width + 5 * inner + ((gated ? 5 : 2) + (drops ? 1 : 0)) * feedForwardWidth
  const dropped = adapterDrops ? 6 * width + feedForwardWidth : 0
  const scores = (drops ? 3 : 2) * heads
  const layer = (length: number) => length * (perToken + dropped) + scores * length * length
  const head = target * (4 * vocabularySize + 2 * width)
  // DoRA's factors are differentiated through what a layer gave before them.
  const rowsScaled = (prefix: string) =>
    trained.targets.reduce((sum, { path, out, dora }) => sum + (dora && path.startsWith(prefix) ? out : 0), 0)
  switch (architecture.kind) {
    case 'seq2seq': {
      const scaled = source * rowsScaled('encoder.') + target * rowsScaled('decoder.')
      const crossing = target * (3 * width + 2 * inner) + 2 * source * inner + scores * target * source
      const { encoderLayers, decoderLayers } = architecture.config
      return (
        batch * (encoderLayers * layer(source) + decoderLayers * (layer(target) + crossing) + head + scaled)
      )
    }
    case 'causal':
      return batch * (architecture.config.layers * layer(together) + head + together * rowsScaled(''))
    case 'extractive':
      return batch * (architecture.config.layers * layer(source) + source * rowsScaled(''))
  }
}

function answeringFloats(facts: MemoryFacts): number {
  const { architecture, parameterCount, largest, settings } = facts
  const { heads, headWidth } = architecture.config
  const { together = largest.source + largest.target } = largest
  // Of an encoder the cache holds the source, of a decoder alone all that it read and wrote.
  const cached = { seq2seq: largest.source, causal: together, extractive: 0 }
  const layers =
    architecture.kind === 'seq2seq' ? architecture.config.decoderLayers : architecture.config.layers
  const cache = 2 * layers * cached[architecture.kind] * heads * headWidth
  // Weights repacked for products stand beside the weights as they are.
  const held = parameterCount * (bitsPerWeight[settings.weightPrecision] / 32)
  return 2 * held + forwardFloats(facts) + settings.evaluationBatchSize * cache
}

/** What a forward pass of an evaluation batch has alive at once: about one layer. */
function forwardFloats({ architecture, largest, settings }: MemoryFacts): number {
  const { width, heads, headWidth, feedForwardWidth } = architecture.config
  const { together = largest.source + largest.target } = largest
  const source = architecture.kind === 'causal' ? together : largest.source
  const layer = source * 3 * (width + heads * headWidth + feedForwardWidth) + 3 * heads * source * source
  return settings.evaluationBatchSize * layer
}
