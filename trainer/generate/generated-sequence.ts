import { isFinished } from './continuation.ts'
import type { Continuation, EndOptions } from './continuation.ts'

/** What was generated for one example. */
export interface GeneratedSequence {
  /** Token ids, without the prompt, the end mark and padding. */
  readonly ids: readonly number[]
  /**
   * Sum of the natural log-probabilities of the generated tokens, the end mark included, as the model itself
   * gives them: before penalties, temperature and filters.
   */
  readonly score: number
  /** `score` divided by the number of generated tokens, the end mark included. */
  readonly meanLogProbability: number
  /** True where the model closed the sequence itself or a stop did, false where `maxNewTokens` cut it off. */
  readonly finished: boolean
  /**
   * What beam search ranked by: the sum of the penalised log-probabilities over length ** lengthPenalty (Hugging
   * Face's `sequences_scores`); null without beams.
   */
  readonly beamScore: number | null
}

/** A row of tokens as the decoding loops end with it. */
interface DecodedRow extends Continuation {
  readonly logProbability: number
  readonly beamScore: number | null
}

/** Strips the special tokens of a decoded row and derives its mean. */
export function toGeneratedSequence(
  row: DecodedRow,
  special: Omit<EndOptions, 'maxNewTokens'> & { readonly padTokenId: number },
): GeneratedSequence {
  const generated = row.tokens.slice(row.promptLength)
  return {
    ids: generated.filter((token) => token !== special.eosTokenId && token !== special.padTokenId),
    score: row.logProbability,
    meanLogProbability: row.logProbability / Math.max(1, generated.length),
    finished: isFinished(row, special),
    beamScore: row.beamScore,
  }
}
