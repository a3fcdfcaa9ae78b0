import { generatedLength } from './continuation.ts'
import type { Continuation } from './continuation.ts'

/** What the processors need to know about a decoding. */
export interface ProcessorOptions {
  readonly eosTokenId: number
  readonly minNewTokens: number
  readonly repetitionPenalty: number
  readonly noRepeatNgramSize: number
}

/** True where `processLogits` would change anything for a row: where not, no copy is needed. */
export function hasProcessors(row: Continuation, options: ProcessorOptions): boolean {
  return (
    options.repetitionPenalty !== 1 ||
    options.noRepeatNgramSize > 0 ||
    generatedLength(row) < options.minNewTokens
  )
}

/**
 * Applies the logits processors in Hugging Face's order (repetition penalty, no-repeat n-gram, minimum length) to
 * one row, in place. Greedy decoding and sampling hand in logits, beam search log-probabilities, as there.
 *
 * @param scores one row, [vocabSize].
 * @param row Its prompt counts as seen, as in Hugging Face.
 */
export function processLogits(
  scores: Float32Array | Float64Array,
  row: Continuation,
  options: ProcessorOptions,
): void {
  const { tokens } = row
  if (options.repetitionPenalty !== 1) penalizeRepetition(scores, tokens, options.repetitionPenalty)
  if (options.noRepeatNgramSize > 0) banRepeatedNgrams(scores, tokens, options.noRepeatNgramSize)
  if (generatedLength(row) < options.minNewTokens) scores[options.eosTokenId] = -Infinity
}

/** Divides positive and multiplies negative scores of the tokens seen (Keskar et al. 2019, section 4.1). */
function penalizeRepetition(
  scores: Float32Array | Float64Array,
  tokens: readonly number[],
  penalty: number,
): void {
  for (const token of new Set(tokens)) {
    const score = scores[token]
    if (score !== undefined) scores[token] = score < 0 ? score * penalty : score / penalty
  }
}

/** Bans every token that would complete an n-gram which already stands in the row (Paulus et al. 2017, section 2.5). */
function banRepeatedNgrams(
  scores: Float32Array | Float64Array,
  tokens: readonly number[],
  size: number,
): void {
  const prefixStart = tokens.length + 1 - size
  for (let start = 0; start + size <= tokens.length; start++) {
    let same = true
    for (let i = 0; i < size - 1 && same; i++) same = tokens[start + i] === tokens[prefixStart + i]
    const banned = tokens[start + size - 1]
    if (same && banned !== undefined) scores[banned] = -Infinity
  }
}
