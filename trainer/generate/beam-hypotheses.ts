import { generatedLength } from './continuation.ts'
import type { Continuation } from './continuation.ts'

/** A sequence of one example in beam search. */
export interface Beam extends Continuation {
  /** Sum of the log-probabilities after the processors. */
  readonly score: number
  /** Sum of the model's own log-probabilities. */
  readonly logProbability: number
  /** The row of the decoder whose cache this beam continues. */
  readonly row: number
}

/** A closed sequence and its score over length ** lengthPenalty. */
export interface Hypothesis {
  readonly beam: Beam
  readonly normalizedScore: number
}

export interface HypothesisOptions {
  readonly numBeams: number
  readonly lengthPenalty: number
  readonly earlyStopping: boolean | 'never'
  readonly maxNewTokens: number
}

/**
 * Adds newly closed sequences to the hypotheses of an example and keeps the best `numBeams`, best first; of
 * equals, the older stands first. A banned sequence counts only at the very end, where nothing else may be left.
 *
 * The length counts the end mark and not the prompt or start token, as in transformers' `_update_finished_beams`.
 */
export function keepHypotheses(
  kept: readonly Hypothesis[],
  closed: readonly Beam[],
  options: HypothesisOptions,
): Hypothesis[] {
  const added = closed
    .filter((beam) => beam.score > -Infinity || generatedLength(beam) >= options.maxNewTokens)
    .map((beam) => ({
      beam,
      normalizedScore: beam.score / generatedLength(beam) ** options.lengthPenalty,
    }))
  return [...kept, ...added].sort((a, b) => b.normalizedScore - a.normalizedScore).slice(0, options.numBeams)
}

/**
 * True where an example needs no further step: it has all its hypotheses and `earlyStopping` is true, or its best
 * running beam is not expected to beat the worst of them (transformers' `_check_early_stop_heuristic`).
 *
 * @param best the running beam with the highest score.
 */
export function isSearchDone(
  hypotheses: readonly Hypothesis[],
  best: Beam | undefined,
  options: HypothesisOptions,
): boolean {
  if (best === undefined || generatedLength(best) >= options.maxNewTokens) return true
  const worst = hypotheses[options.numBeams - 1]
  if (worst === undefined) return false
  if (options.earlyStopping === true) return true
  // A positive penalty favours length: 'never' grants the running beam all the length that it could reach.
  const length =
    options.earlyStopping === 'never' && options.lengthPenalty > 0
      ? options.maxNewTokens
      : generatedLength(best)
  return best.score / length ** options.lengthPenalty <= worst.normalizedScore
}
