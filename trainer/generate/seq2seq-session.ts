import type { Seq2SeqArchitecture } from '../models/architecture.ts'
import type { Model } from '../models/registry.ts'
import type { Value } from '../session.ts'
import { feedsOfAdapters, openAnsweringGraph } from './answering-graph.ts'
import type { AnsweringOptions } from './answering-graph.ts'
import type { GenerativeSession } from './session-kinds.ts'
import { CachedDecoder } from './cached-decoder.ts'
import { InPlaceDecoder } from './in-place-decoder.ts'

/**
 * Loads a model with an encoder for answering: one session for the encoder, one for a step of the decoder over its
 * cache.
 *
 * @throws TrainerError as `openSession` does.
 */
export async function openSeq2SeqSession(
  model: Model,
  architecture: Seq2SeqArchitecture,
  options: AnsweringOptions,
): Promise<GenerativeSession> {
  const { encode, encodeForward, step: stepAnywhere, stepInPlace } = architecture
  // Both need what the CPU alone has.
  const inPlace = options.fusedNorms ? stepInPlace : undefined
  const encoder = await openAnsweringGraph(model, options.fusedNorms ? encodeForward : encode, options)
  const step = await openAnsweringGraph(model, inPlace ?? stepAnywhere, options).catch(
    async (thrown: unknown) => {
      await encoder.dispose()
      throw thrown
    },
  )
  const feedsOf = feedsOfAdapters(model, options)
  return {
    kind: 'generative',
    async start(prompts, { adapter, beams }) {
      const constants = await feedsOf(adapter)
      const prompt = padPrompts(prompts, architecture.config.padTokenId)
      const cross = await encoder.run({ ...prompt, ...constants })
      return new (inPlace ? InPlaceDecoder : CachedDecoder)(step, architecture.config, {
        cross,
        attentionMask: prompt.attentionMask,
        constants,
        examples: prompts.length,
        beams,
      })
    },
    async dispose() {
      await encoder.dispose()
      await step.dispose()
    },
  }
}

function padPrompts(
  prompts: readonly (readonly number[])[],
  padTokenId: number,
): { readonly inputIds: Value; readonly attentionMask: Value } {
  const length = Math.max(...prompts.map((prompt) => prompt.length))
  const shape = [prompts.length, length]
  const inputIds = new BigInt64Array(prompts.length * length).fill(BigInt(padTokenId))
  const attentionMask = new Float32Array(prompts.length * length)
  prompts.forEach((prompt, row) => {
    prompt.forEach((id, i) => {
      inputIds[row * length + i] = BigInt(id)
    })
    attentionMask.fill(1, row * length, row * length + prompt.length)
  })
  return {
    inputIds: { dtype: 'int64', data: inputIds, shape },
    attentionMask: { dtype: 'float32', data: attentionMask, shape },
  }
}
