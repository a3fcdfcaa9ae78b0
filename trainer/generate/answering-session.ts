import { TrainerError } from '../errors.ts'
import type { Model } from '../models/registry.ts'
import type { AnsweringOptions } from './answering-graph.ts'
import { openCausalSession } from './causal-session.ts'
import { openSeq2SeqSession } from './seq2seq-session.ts'
import type { AnsweringSession, GenerativeSession } from './session-kinds.ts'
import { openSpanSession } from './span-session.ts'

export type { AnsweringOptions } from './answering-graph.ts'
export type { AnsweringSession, GenerativeSession, SpanSession, StartOptions } from './session-kinds.ts'

/**
 * The session of a model that writes texts.
 *
 * @throws TrainerError `usage` for one that marks answers in a text.
 */
export function requireGenerative(session: AnsweringSession): GenerativeSession {
  if (session.kind === 'generative') return session
  throw new TrainerError(
    'usage',
    'This model marks answers in a text and writes none of its own. Ask it questions about a text, or choose a T5 or GPT-Neo.',
  )
}

/**
 * Loads a model for answering. An adapter's matrices are inputs, so that base and tuned answers come from the same
 * loaded weights.
 *
 * @throws TrainerError as `openSession` does.
 */
export function openAnsweringSession(model: Model, options: AnsweringOptions): Promise<AnsweringSession> {
  const { architecture } = model
  switch (architecture.kind) {
    case 'seq2seq':
      return openSeq2SeqSession(model, architecture, options)
    case 'causal':
      return openCausalSession(model, architecture, options)
    case 'extractive':
      return openSpanSession(model, architecture, options)
  }
}
