import { peakBytes } from '../graph/liveness.ts'
import type { LoweredGraph } from '../graph/lower.ts'
import type { LargestBatch } from '../kinds/kind.ts'
import { kindOf } from '../kinds/kinds.ts'
import type { Trained } from '../lora/trained.ts'
import type { Model } from '../models/registry.ts'
import type { Settings } from '../settings.ts'
import { bankLength, lowerTrainingGraph } from '../training-session.ts'
import type { TrainingGraphOptions } from '../training-session.ts'
import { graphOptions } from './open-training.ts'

export interface MemoryFacts {
  /** With its frozen weights as the run holds them. */
  readonly model: Pick<Model, 'architecture' | 'frozen'>
  /** Parameters of the base model. */
  readonly parameterCount: number
  readonly trained: Trained
  readonly largest: LargestBatch
  /** Whether there are examples to validate on, and questions to answer. */
  readonly validates: boolean
  readonly answers: boolean
  readonly settings: Settings
}

/** What Node with the trainer's code, ONNX Runtime and a session take beside weights and values, measured. */
const processMb = 228
/** Bits of a frozen weight, scales included. */
const bitsPerWeight = { stored: 32, float16: 16, int8: 8.5, int4: 5 } as const

/**
 * The most resident memory that a training run on the CPU is expected to have, in MB. Builds the graph of its step and
 * goes through it with the sizes of the largest batch (see `peakBytes`), so that settings and models that change the
 * graph change the estimate; answering is estimated from sizes alone. Whichever is more counts.
 */
export function estimateMemoryMb(facts: MemoryFacts): number {
  const answering = facts.answers ? answeringBytes(facts) : 0
  const training = trainingBytes(facts)
  // F1 as the measure answers in between the steps, with both graphs loaded.
  const bytes = facts.settings.bestMetric === 'f1' ? training + answering : Math.max(training, answering)
  return Math.round(processMb + bytes / 2 ** 20)
}

function trainingBytes(facts: MemoryFacts): number {
  const { model, trained, settings, validates, largest } = facts
  const options = graphOptions(model, { trained, settings })
  const { architecture } = model
  const whole = trained.whole.reduce((sum, name) => sum + sizeOf(architecture.parameters.get(name) ?? [0]), 0)
  const matrices = trained.targets.reduce(
    (sum, { rank, into, out, dora }) => sum + rank * (into + out) + (dora ? out : 0),
    0,
  )
  // Values, two moments, the best so far, their copies as they are fed, and the gradients of two steps before that are
  // not yet collected; a second set of gradients for the sum.
  const states = 4 * (whole + matrices) * (settings.gradientAccumulationSteps > 1 ? 8 : 7)
  const evaluated = { ...largest, batch: settings.evaluationBatchSize }
  const lossAlone = { ...options, dropout: 0, loraDropout: 0, labelSmoothing: 0, withGradients: false }
  // The graph of the validation loss maps the weights a second time.
  const validation = validates ? graphBytes(facts, lossAlone, evaluated) : 0
  return states + graphBytes(facts, options, largest) + validation
}

/** The weights, masks and values of a graph that is run with a batch. */
function graphBytes({ model }: MemoryFacts, options: TrainingGraphOptions, largest: LargestBatch): number {
  const { lowered, banks } = lowerTrainingGraph(model, options)
  const sizes = { labels: largest.batch * largest.target, ...kindOf(model.architecture).sizesOf(largest) }
  const lengths = banks.map((bank) => bankLength(bank, sizes))
  const places = banks.flatMap(({ bank, offsets }, i) => [
    ...bank.shape.map((dim) => [dim, lengths[i] ?? 0] as const),
    ...offsets[0].shape.map((dim) => [dim, 1] as const),
  ])
  const masks = lengths.reduce((sum, length) => sum + 4 * length, 0)
  return weightBytes(lowered) + masks + peakBytes(lowered, { ...sizes, ...Object.fromEntries(places) })
}

/** The bytes of files that a graph looks at: a place that two weights name lies in memory once. */
function weightBytes({ weights }: LoweredGraph): number {
  const places = new Map(
    weights.map(({ location }) => [`${location.file} ${location.offset}`, location.length]),
  )
  return [...places.values()].reduce((sum, length) => sum + length, 0)
}

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1)
}

function answeringBytes(facts: MemoryFacts): number {
  const { model, parameterCount, largest, settings } = facts
  const { architecture } = model
  const { heads, headWidth } = architecture.config
  const { together = largest.source + largest.target } = largest
  // Of an encoder the cache holds the source, of a decoder alone all that it read and wrote.
  const cached = { seq2seq: largest.source, causal: together, extractive: 0 }
  const layers =
    architecture.kind === 'seq2seq' ? architecture.config.decoderLayers : architecture.config.layers
  const cache = 2 * layers * cached[architecture.kind] * heads * headWidth
  // Weights repacked for products stand beside the weights as they are.
  const held = parameterCount * (bitsPerWeight[settings.weightPrecision] / 32)
  return 4 * (2 * held + forwardFloats(facts) + settings.evaluationBatchSize * cache)
}

/** What a forward pass of an evaluation batch has alive at once: about one layer. */
function forwardFloats({ model, largest, settings }: MemoryFacts): number {
  const { width, heads, headWidth, feedForwardWidth } = model.architecture.config
  const { together = largest.source + largest.target } = largest
  const source = model.architecture.kind === 'causal' ? together : largest.source
  const layer = source * 3 * (width + heads * headWidth + feedForwardWidth) + 3 * heads * source * source
  return settings.evaluationBatchSize * layer
}
