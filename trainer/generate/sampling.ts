import { TrainerError } from '../errors.ts'
import { chooseGreedy } from './greedy.ts'
import { TopScores } from './top-scores.ts'

/** What decides from which tokens a draw is made. */
export interface SamplingOptions {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
}

/** Tokens that may be drawn, and their probabilities up to a common factor. */
export interface SamplingSupport {
  readonly tokens: readonly number[]
  readonly weights: readonly number[]
}

/**
 * The tokens that remain after temperature, top-k and top-p, in Hugging Face's order and by its definitions:
 * top-k (Fan et al. 2018) keeps all tokens that equal the k-th; top-p (Holtzman et al. 2020) keeps the smallest
 * set of the likeliest tokens whose probability, among those left by top-k, reaches p, and at least one.
 *
 * @param scores processed logits of one row, [vocabSize].
 * @throws TrainerError `setting_invalid` where the processors banned every token.
 */
export function samplingSupport(scores: Float32Array, options: SamplingOptions): SamplingSupport {
  const max = scores[chooseGreedy(scores)] ?? -Infinity
  if (max === -Infinity)
    throw new TrainerError(
      'setting_invalid',
      'No token is left to draw from: noRepeatNgramSize and minNewTokens exclude all of them. Raise noRepeatNgramSize, or lower maxNewTokens or minNewTokens.',
    )
  const atLeast = options.topK > 0 ? kthLargest(scores, options.topK) : -Infinity
  const tokens: number[] = []
  const weights: number[] = []
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (score < atLeast || score === -Infinity) continue
    tokens.push(token)
    weights.push(Math.exp((score - max) / options.temperature))
  }
  return options.topP < 1 ? nucleus({ tokens, weights }, options.topP) : { tokens, weights }
}

/**
 * Draws one token from a support.
 *
 * @param uniform a number in [0, 1).
 */
export function drawToken(support: SamplingSupport, uniform: number): number {
  const { tokens, weights } = support
  const target = uniform * weights.reduce((a, b) => a + b, 0)
  let sum = 0
  let drawn = 0
  for (let i = 0; i < weights.length && sum <= target; i++) {
    const weight = weights[i] ?? 0
    sum += weight
    // The last token of any weight is drawn where rounding leaves the sum below the target.
    if (weight > 0) drawn = tokens[i] ?? drawn
  }
  return drawn
}

/** Beyond this k, sorting is faster than the insertions of `TopScores`. */
const sortFromK = 512

function kthLargest(scores: Float32Array, k: number): number {
  if (k >= scores.length) return -Infinity
  if (k >= sortFromK) return scores.toSorted()[scores.length - k] ?? -Infinity
  const top = new TopScores(k)
  top.offer(scores, 0, 0)
  return top.scores[k - 1] ?? -Infinity
}

/** The likeliest tokens, in descending order, until their probability reaches p. */
function nucleus({ tokens, weights }: SamplingSupport, p: number): SamplingSupport {
  const weightAt = (place: number) => weights[place] ?? 0
  const target = p * weights.reduce((sum, weight) => sum + weight, 0)
  const places = placesWithMass(weights, target).sort((a, b) => weightAt(b) - weightAt(a) || a - b)
  let mass = 0
  let count = 0
  while (count < places.length && (count === 0 || mass < target)) mass += weightAt(places[count++] ?? 0)
  const kept = places.slice(0, count)
  return { tokens: kept.map((place) => tokens[place] ?? 0), weights: kept.map(weightAt) }
}

/** Places of the largest weights, unordered, whose sum is at least the target: few to sort where few are large. */
function placesWithMass(weights: readonly number[], target: number): number[] {
  for (let floor = 0.1; floor > Number.MIN_VALUE; floor *= floor) {
    const places: number[] = []
    let mass = 0
    for (let place = 0; place < weights.length; place++) {
      const weight = weights[place] ?? 0
      if (weight < floor) continue
      places.push(place)
      mass += weight
    }
    if (mass >= target) return places
  }
  return [...weights.keys()]
}
