import type { Value } from '../session.ts'
import { finiteLogSum } from './log-sum-exp.ts'

/** The likeliest next tokens of each row, as the graphs of `candidatesOf` in `nn/candidates.ts` give them. */
export interface Candidates {
  /** Of each row, best first, of equals the lowest token first. */
  readonly count: number
  /** `[rows, count]` */
  readonly logits: Float32Array
  /** `[rows, count]` */
  readonly tokens: BigInt64Array
  /** `[rows]`: a token's log-probability is its logit minus this. */
  readonly logSums: Float32Array
}

/** What a graph is asked for so that it gives the candidates. */
export const candidateResults = { candidateLogits: null, candidateTokens: null, logSums: null } as const

/** Reads a graph's results. */
export function toCandidates(results: Readonly<Record<string, Value>>): Candidates {
  const { candidateLogits, candidateTokens, logSums } = results
  const [logits, tokens, sums] = [candidateLogits?.data, candidateTokens?.data, logSums?.data]
  if (
    !(logits instanceof Float32Array) ||
    !(tokens instanceof BigInt64Array) ||
    !(sums instanceof Float32Array)
  )
    throw new Error('The decoder gave no candidates.')
  return { count: candidateLogits?.shape[1] ?? 0, logits, tokens, logSums: sums }
}

/**
 * The likeliest token of a row and its log-probability.
 *
 * @throws TrainerError as `finiteLogSum`.
 */
export function bestOf(
  { count, logits, tokens, logSums }: Candidates,
  row: number,
): { readonly token: number; readonly logProbability: number } {
  const logSum = finiteLogSum(logSums[row] ?? NaN)
  return { token: Number(tokens[row * count]), logProbability: (logits[row * count] ?? 0) - logSum }
}
