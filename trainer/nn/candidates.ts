import { topK } from '../graph/forward-ops.ts'
import { gatherElements, log, slice, softmax, sub } from '../graph/ops.ts'
import { input } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * Of logits `[rows, vocabulary]` what choosing needs, so that they need not leave the runtime: the `candidateCount` (a
 * feed, int64 `[1]`) highest as `candidateLogits` and their `candidateTokens`, both `[rows, candidates]`, best first, of
 * equals the lowest token, and `logSums` `[rows, 1]`: a token's log-probability is its logit minus this.
 */
export function candidatesOf(logits: Tensor): Record<string, Tensor> {
  const { values, places } = topK(logits, input('candidateCount', 'int64', [1]), 'candidates')
  const [best, token] = [slice(values, 1, 0, 1), slice(places, 1, 0, 1)]
  // The best token's probability is far from underflow, whatever the others are.
  const logSums = sub(best, log(gatherElements(softmax(logits), token)))
  return { candidateLogits: values, candidateTokens: places, logSums }
}
