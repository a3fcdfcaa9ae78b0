import type { Answered, MarkedAnswer } from './answered.ts'
import { codePointIndex } from './data/code-points.ts'
import type { Asked } from './data/prompts.ts'
import { unanswerable } from './data/qa-prompt.ts'
import { spanWindows } from './data/span-windows.ts'
import type { SpanWindow } from './data/span-windows.ts'
import type { SpanSession } from './generate/answering-session.ts'
import { mapCancellably, throwIfCancelled } from './generate/cancel.ts'
import { likelySpans, rankSpans } from './generate/spans.ts'
import type { RankedSpans, SpanLogits } from './generate/spans.ts'
import { requireQuestion } from './kinds/extractive.ts'
import { plainAnswerRule } from './models/answer-rule.ts'
import type { AnswerRule } from './models/answer-rule.ts'
import type { TextModel } from './open-model.ts'
import type { WriteOptions } from './write-texts.ts'

const nBest = 20
/** So many batches of questions are cut and answered at a time, which bounds the memory for their tokens. */
const batchesAtATime = 16

/**
 * Marks the answers to questions in their contexts, in order: stretches of the context to the character, or
 * `unanswerable` where the rule of the adapter, or of the model, says so. An answer has at most `maxTargetLength`
 * tokens.
 *
 * @throws TrainerError `usage` for a task, `cancelled` where the signal was aborted, and as `spanWindows`.
 */
export async function markAnswers(
  session: SpanSession,
  text: TextModel,
  questions: readonly Asked[],
  options: WriteOptions,
): Promise<readonly Answered[]> {
  for (const { form = 'qa' } of questions) requireQuestion(form)
  const answered: Answered[] = []
  const step = batchesAtATime * options.settings.evaluationBatchSize
  for (let start = 0; start < questions.length; start += step) {
    answered.push(...(await markSome(session, text, questions.slice(start, start + step), options)))
    options.onProgress?.(answered.length, questions.length)
  }
  return answered
}

async function markSome(
  session: SpanSession,
  { tokenizer, maxSourceLength, answerRule }: TextModel,
  questions: readonly Asked[],
  { settings, adapter, signal }: WriteOptions,
): Promise<readonly Answered[]> {
  const { stride, maxTargetLength, evaluationBatchSize } = settings
  const rule = (adapter ? adapter.answerRule : answerRule) ?? plainAnswerRule
  const cut = await mapCancellably(questions, signal, (asked) =>
    spanWindows(tokenizer, asked, { maxSourceLength, stride }),
  )
  const rows = cut.flatMap(({ windows }) => windows).sort((a, b) => b.sourceIds.length - a.sourceIds.length)
  const logits = new Map<SpanWindow, SpanLogits>()
  for (let start = 0; start < rows.length; start += evaluationBatchSize) {
    throwIfCancelled(signal)
    const batch = rows.slice(start, start + evaluationBatchSize)
    const marked = await session.mark(batch, adapter)
    batch.forEach((row, i) => logits.set(row, marked[i] ?? { start: [], end: [] }))
  }
  return cut.map((windows, i) => {
    const context = questions[i]?.context ?? ''
    const scores = windows.windows.map((window) => logits.get(window) ?? { start: [], end: [] })
    const ranked = rankSpans(windows, scores, context, { nBest, maxAnswerLength: maxTargetLength })
    return {
      ...chooseSpan(ranked, context, rule),
      windows: windows.windows.length,
      usage: {
        promptTokens: windows.windows.reduce((sum, { sourceIds }) => sum + sourceIds.length, 0),
        textTokens: 0,
        finished: true,
      },
      questionCut: windows.questionCut,
      inputCut: false,
    }
  })
}

function chooseSpan(
  ranked: RankedSpans,
  context: string,
  { noAnswerThreshold: threshold }: AnswerRule,
): Pick<Answered, 'text' | 'unanswerable' | 'score'> & { readonly marked: MarkedAnswer } {
  const { spans, noAnswer } = likelySpans(ranked, { nBest, noAnswer: threshold !== null })
  const [best] = spans
  const index = codePointIndex(context)
  const alternatives = spans.map(({ text, start, end, probability }) => ({
    text,
    start: index.toCodePoints(start),
    end: index.toCodePoints(end),
    probability,
  }))
  const noAnswerScore = best ? ranked.nullScore - best.score : null
  const rank = best ? best.score - (threshold === null ? 0 : ranked.nullScore) : -Infinity
  const marked = { alternatives, noAnswerScore, rank }
  return !best || (threshold !== null && ranked.nullScore - best.score > threshold)
    ? { text: unanswerable, unanswerable: true, score: Math.log(best ? noAnswer : 1), marked }
    : { text: best.text, unanswerable: false, score: Math.log(best.probability), marked }
}
