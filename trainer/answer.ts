import { isUnanswerable, unanswerable } from './data/qa-prompt.ts'
import { promptWindows } from './data/windows.ts'
import { openAnsweringSession } from './generate/answering-session.ts'
import type { AnsweringSession } from './generate/answering-session.ts'
import { generate } from './generate/generate.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import type { TextModel } from './open-model.ts'
import type { Settings } from './settings.ts'

/** The answer to one question, chosen among the windows of its context. */
export interface Answered {
  readonly text: string
  readonly unanswerable: boolean
  /** Mean log-probability of the answer's tokens, the end mark included. */
  readonly score: number
  readonly windows: number
  /** True where the question was cut to leave room for the context. */
  readonly questionCut: boolean
}

export interface AnswerOptions {
  readonly settings: Settings
  /** Null for the base model. */
  readonly adapter: Adapter | null
  readonly signal: AbortSignal
  readonly onProgress?: (done: number, total: number) => void
  /** Tokens as they are made; for one question with one window. */
  readonly onToken?: (token: number) => void
}

/** Opens a session that answers with the base model and, where there is one, with the adapter. */
export function openAnswering(
  { model }: TextModel,
  adapters: readonly (Adapter | null)[],
  settings: Settings,
): Promise<AnsweringSession> {
  const adaptable = new Set(
    adapters.flatMap((adapter) => adapter?.targets.map((target) => target.path) ?? []),
  )
  return openAnsweringSession(model, {
    adaptable: [...adaptable],
    threads: settings.threads,
    provider: settings.provider,
    fusedNorms: settings.provider === 'cpu',
  })
}

/**
 * Answers questions about contexts, in order. A context longer than the model's window is cut into windows that
 * overlap; of their answers the one with the best score wins, `unanswerable` only where every window says so.
 *
 * @throws TrainerError `cancelled` where the signal was aborted.
 */
export async function answerQuestions(
  session: AnsweringSession,
  { model, tokenizer, maxSourceLength }: TextModel,
  questions: readonly { readonly question: string; readonly context: string }[],
  options: AnswerOptions,
): Promise<readonly Answered[]> {
  const { settings, adapter, signal } = options
  const { config } = model.architecture
  const prompts = questions.flatMap(({ question, context }, index) =>
    promptWindows(tokenizer, question, context, { maxSourceLength, stride: settings.stride }).map(
      ({ sourceIds, questionCut }) => ({ index, sourceIds, questionCut }),
    ),
  )
  // Batches of like length; the longest first, so that too little memory shows at once.
  const order = prompts.toSorted((a, b) => b.sourceIds.length - a.sourceIds.length)
  const found = questions.map((): Candidate[] => [])
  for (let start = 0; start < order.length; start += settings.evaluationBatchSize) {
    const batch = order.slice(start, start + settings.evaluationBatchSize)
    const decoder = await session.start(
      batch.map((prompt) => prompt.sourceIds),
      { adapter, beams: settings.numBeams },
    )
    const sequences = await generate(decoder, {
      ...settings,
      decoderStartTokenId: config.decoderStartTokenId,
      eosTokenId: config.eosTokenId,
      padTokenId: config.padTokenId,
      maxNewTokens: settings.maxTargetLength,
      signal,
      ...(options.onToken && prompts.length === 1 ? { onToken: (_, token) => options.onToken?.(token) } : {}),
    })
    sequences.forEach(({ ids, meanLogProbability }, i) => {
      const text = tokenizer.decode(ids, { skipSpecialTokens: true }).trim()
      found[batch[i]?.index ?? 0]?.push({ text, score: meanLogProbability })
    })
    options.onProgress?.(Math.min(start + batch.length, order.length), order.length)
  }
  const cut = new Set(prompts.flatMap(({ index, questionCut }) => (questionCut ? [index] : [])))
  return found.map((candidates, index) => ({ ...chooseAnswer(candidates), questionCut: cut.has(index) }))
}

interface Candidate {
  readonly text: string
  readonly score: number
}

function chooseAnswer(candidates: readonly Candidate[]): Omit<Answered, 'questionCut'> {
  const ranked = candidates.toSorted(
    (a, b) => Number(isUnanswerable(a.text)) - Number(isUnanswerable(b.text)) || b.score - a.score,
  )
  const best = ranked[0] ?? { text: unanswerable, score: 0 }
  return { ...best, unanswerable: isUnanswerable(best.text), windows: candidates.length }
}
