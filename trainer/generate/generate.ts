import { beamSearch } from './beam-search.ts'
import { decodeRows } from './decode-rows.ts'
import type { GeneratedSequence } from './generated-sequence.ts'
import type { GenerateOptions } from './options.ts'
import { completeOptions } from './options.ts'
import type { StepDecoder } from './step-decoder.ts'

/**
 * Generates one sequence for every example of a decoder that stands at its start: greedily, by sampling
 * (`doSample`), or by beam search (`numBeams` above 1, with examples * numBeams rows in the decoder). Greedy and
 * beam search give the ids of Hugging Face's `generate`.
 *
 * @returns one result per example, in order.
 * @throws TrainerError `setting_invalid`, `cancelled` where `signal` was aborted, `model_invalid` where the model
 *   gives logits that are not finite.
 *
 * @example
 * const [answer] = await generate(decoder, {
 *   eosTokenId: 1, padTokenId: 0, maxNewTokens: 32, numBeams: 4,
 * })
 */
export async function generate(decoder: StepDecoder, options: GenerateOptions): Promise<GeneratedSequence[]> {
  const complete = completeOptions(options, decoder.vocabSize)
  return complete.numBeams > 1 ? beamSearch(decoder, complete) : decodeRows(decoder, complete)
}
