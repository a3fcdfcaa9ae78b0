import { reportNotes } from './adapter-notes.ts'
import { answerQuestions, openAnswering } from './answer.ts'
import { shownAlternatives } from './answered.ts'
import type { TrainerContext } from './context.ts'
import { TrainerError } from './errors.ts'
import { openTextModel, requireHead, withHeldText } from './open-model.ts'
import type { AskCommand, AskResult } from './protocol.ts'

/**
 * Answers one question about one context, or does one task, reporting the answer's text as it is made.
 *
 * @throws TrainerError `usage` for an empty question or context, and what the parts throw.
 */
export async function ask(command: AskCommand, context: TrainerContext): Promise<AskResult> {
  const started = performance.now()
  const needed = command.form === 'task' ? (['question'] as const) : (['question', 'context'] as const)
  for (const part of needed)
    if (command[part].trim() === '')
      throw new TrainerError('usage', `The ${part} is empty. Give a text with --${part}.`, { part })
  context.report({ type: 'phase', phase: 'loading' })
  const opened = await openTextModel(command.model, command.adapter, command.settings)
  requireHead(opened.model, opened.adapter)
  reportNotes(context, opened.adapter)
  const options = { settings: command.settings, signal: context.stop }
  return withHeldText(opened, options, async (text) => {
    const session = await openAnswering(text, [text.adapter], command.settings)
    try {
      const emit = (piece: string) => {
        if (piece !== '') context.report({ type: 'token', text: piece })
      }
      const [answer] = await answerQuestions(session, text, [command], {
        settings: command.settings,
        adapter: text.adapter,
        signal: context.stop,
        onText: emit,
      })
      // What is marked comes at once.
      if (answer?.marked) emit(answer.text)
      if (!answer) throw new Error('One question was asked and none answered.')
      return {
        type: 'result',
        kind: 'ask',
        answer: answer.text,
        unanswerable: answer.unanswerable,
        score: answer.score,
        windows: answer.windows,
        questionCut: answer.questionCut,
        inputCut: answer.inputCut,
        ...(answer.marked ? { alternatives: answer.marked.alternatives.slice(0, shownAlternatives) } : {}),
        seconds: (performance.now() - started) / 1000,
      }
    } finally {
      await session.dispose()
    }
  })
}
