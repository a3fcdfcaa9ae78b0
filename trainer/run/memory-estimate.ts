import type { LoraTarget } from '../lora/targets.ts'
import type { ModelConfig } from '../models/architecture.ts'
import type { Settings } from '../settings.ts'
import type { LargestBatch } from '../training-session.ts'

export interface MemoryFacts {
  readonly config: ModelConfig
  /** Parameters of the base model. */
  readonly parameterCount: number
  /** The adapted layers, or null where every weight is trained. */
  readonly targets: readonly LoraTarget[] | null
  readonly largest: LargestBatch
  /** Whether there are examples to validate on, and questions to answer. */
  readonly validates: boolean
  readonly answers: boolean
  readonly settings: Pick<
    Settings,
    'dropout' | 'loraDropout' | 'evaluationBatchSize' | 'bestMetric' | 'gradientAccumulationSteps'
  >
}

/** What Node, the tokenizer and ONNX Runtime take before a model is loaded. */
const processMb = 165
/** Of what the forward pass leaves, this share is alive at once. */
const activationShare = 0.825

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
  const { targets, parameterCount, settings, validates } = facts
  const trained = targets
    ? targets.reduce((sum, { rank, into, out }) => sum + rank * (into + out), 0)
    : parameterCount
  const adapted = targets ? targets.reduce((sum, { into, out }) => sum + into * out, 0) : 0
  // Values, two moments, gradients, the best so far and the feeds' copies; a second set of gradients for the sum.
  const states = trained * (settings.gradientAccumulationSteps > 1 ? 7 : 6)
  const weights = targets ? parameterCount : 0
  // The graph of the validation loss holds the weights a second time.
  const validation = validates ? weights + forwardFloats(facts) : 0
  return weights + states + adapted / 2 + activationShare * activationFloats(facts) + validation
}

/** Values that the forward pass leaves for the backward pass, for the largest batch. */
function activationFloats({ config, largest, settings }: MemoryFacts): number {
  const { width, heads, headWidth, feedForwardWidth, gated, vocabularySize } = config
  const { batch, source, target } = largest
  const inner = heads * headWidth
  const drops = (settings.dropout ?? config.dropout) > 0
  const adapterDrops = settings.loraDropout > 0
  const perToken =
    (drops ? 8 : 6) * width + 5 * inner + ((gated ? 5 : 2) + (drops ? 1 : 0)) * feedForwardWidth
  const dropped = adapterDrops ? 6 * width + feedForwardWidth : 0
  const scores = (drops ? 3 : 2) * heads
  const encoder = source * (perToken + dropped) + scores * source * source
  const crossing = target * (3 * width + 2 * inner) + 2 * source * inner + scores * target * source
  const decoder = target * (perToken + dropped) + scores * target * target + crossing
  const head = target * (4 * vocabularySize + 2 * width)
  return batch * (config.encoderLayers * encoder + config.decoderLayers * decoder + head)
}

function answeringFloats(facts: MemoryFacts): number {
  const { config, parameterCount, largest, settings } = facts
  const cache = 2 * config.decoderLayers * largest.source * config.heads * config.headWidth
  // Weights repacked for products stand beside the weights as they are.
  return 2 * parameterCount + forwardFloats(facts) + settings.evaluationBatchSize * cache
}

/** What a forward pass of an evaluation batch has alive at once: about one layer of the encoder. */
function forwardFloats({ config, largest: { source }, settings }: MemoryFacts): number {
  const { width, heads, headWidth, feedForwardWidth } = config
  const layer = source * 3 * (width + heads * headWidth + feedForwardWidth) + 3 * heads * source * source
  return settings.evaluationBatchSize * layer
}
