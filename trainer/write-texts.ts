import type { GenerativeSession } from './generate/answering-session.ts'
import { generate } from './generate/generate.ts'
import { answerStream, cutAtStop, endsAtStop, readStopStrings } from './generate/stop-strings.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import type { TextModel } from './open-model.ts'
import type { TextUsage } from './protocol.ts'
import type { Settings } from './settings.ts'

export interface WriteOptions {
  readonly settings: Settings
  /** Null for the base model. */
  readonly adapter: Adapter | null
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
  /** What ends a text, beside the setting's stop strings. */
  readonly stops?: readonly string[]
  /** Pieces of the text as it is written; for one prompt alone. */
  readonly onText?: (piece: string) => void
}

/** A text that a model wrote. */
export interface WrittenText {
  readonly text: string
  /** Mean log-probability of the text's tokens, the end mark included. */
  readonly score: number
  readonly usage: TextUsage
}

export const noUsage: TextUsage = { promptTokens: 0, textTokens: 0, finished: true }

/**
 * Writes a text for each prompt, in their order: in batches of like length, the longest first, so that too little
 * memory shows at once.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function writeTexts(
  session: GenerativeSession,
  { model, tokenizer }: Pick<TextModel, 'model' | 'tokenizer'>,
  prompts: readonly (readonly number[])[],
  { settings, adapter, signal, onProgress, onText, stops: given = [] }: WriteOptions,
): Promise<readonly WrittenText[]> {
  const { config } = model.architecture
  const stops = [...given, ...readStopStrings(settings.stopStrings)]
  const endsAt = endsAtStop(tokenizer, stops)
  const stream = onText && prompts.length === 1 ? answerStream(tokenizer, stops) : null
  const emit = (piece: string) => {
    if (piece !== '') onText?.(piece)
  }
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
      eosTokenId: config.eosTokenId ?? config.padTokenId,
      padTokenId: config.padTokenId,
      maxNewTokens: settings.maxTargetLength,
      signal,
      ...(endsAt ? { endsAt } : {}),
      ...(stream
        ? {
            onToken: (_, token) => {
              emit(stream.push(token))
            },
          }
        : {}),
    })
    sequences.forEach(({ ids, meanLogProbability, finished }, i) => {
      const text = cutAtStop(tokenizer.decode(ids, { skipSpecialTokens: true }), stops)
      const [place, prompt] = batch[i] ?? [0, []]
      const usage = { promptTokens: prompt.length, textTokens: ids.length, finished }
      written.set(place, { text: text.trim(), score: meanLogProbability, usage })
    })
    onProgress?.(Math.min(start + batch.length, order.length), order.length)
  }
  if (stream) emit(stream.end())
  return prompts.map((_, i) => written.get(i) ?? { text: '', score: 0, usage: noUsage })
}
