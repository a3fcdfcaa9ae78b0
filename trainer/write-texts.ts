import type { AnsweringSession } from './generate/answering-session.ts'
import { generate } from './generate/generate.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import type { TextModel } from './open-model.ts'
import type { Settings } from './settings.ts'

export interface WriteOptions {
  readonly settings: Settings
  /** Null for the base model. */
  readonly adapter: Adapter | null
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
  /** Tokens as they are made; for one prompt alone. */
  readonly onToken?: (token: number) => void
}

/** A text that a model wrote. */
export interface WrittenText {
  readonly text: string
  /** Mean log-probability of the text's tokens, the end mark included. */
  readonly score: number
}

/**
 * Writes a text for each prompt, in their order: in batches of like length, the longest first, so that too little
 * memory shows at once.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function writeTexts(
  session: AnsweringSession,
  { model, tokenizer }: Pick<TextModel, 'model' | 'tokenizer'>,
  prompts: readonly (readonly number[])[],
  { settings, adapter, signal, onProgress, onToken }: WriteOptions,
): Promise<readonly WrittenText[]> {
  const { config } = model.architecture
  const order = [...prompts.entries()].sort(([, a], [, b]) => b.length - a.length)
  const written = new Map<number, WrittenText>()
  for (let start = 0; start < order.length; start += settings.evaluationBatchSize) {
    const batch = order.slice(start, start + settings.evaluationBatchSize)
    const decoder = await session.start(
      batch.map(([, prompt]) => prompt),
      { adapter, beams: settings.numBeams },
    )
    const sequences = await generate(decoder, {
      ...settings,
      decoderStartTokenId: config.decoderStartTokenId,
      eosTokenId: config.eosTokenId,
      padTokenId: config.padTokenId,
      maxNewTokens: settings.maxTargetLength,
      signal,
      ...(onToken && prompts.length === 1 ? { onToken: (_, token) => onToken(token) } : {}),
    })
    sequences.forEach(({ ids, meanLogProbability }, i) => {
      const text = tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
      written.set(batch[i]?.[0] ?? 0, { text, score: meanLogProbability })
    })
    onProgress?.(Math.min(start + batch.length, order.length), order.length)
  }
  return prompts.map((_, i) => written.get(i) ?? { text: '', score: 0 })
}
