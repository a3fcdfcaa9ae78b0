import { join } from 'node:path'
import { answerQuestions, openAnswering } from '../answer.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { TrainerContext } from '../context.ts'
import type { Example } from '../data/example.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import { bestThreshold } from '../metrics/best-threshold.ts'
import { scorePrediction } from '../metrics/squad.ts'
import { answerRuleFile } from '../models/answer-rule.ts'
import type { AnswerRule } from '../models/answer-rule.ts'
import type { TextModel } from '../open-model.ts'
import type { RunData } from './prepare-run.ts'
import type { Settings } from '../settings.ts'

/** The rule before anything was measured: to refuse is learnt from unanswerable questions alone. */
export function untunedRule(examples: readonly Pick<Example, 'isImpossible'>[]): AnswerRule {
  return { noAnswerThreshold: examples.some(({ isImpossible }) => isImpossible) ? 0 : null }
}

/**
 * The rule by which a trained model with a span head refuses: the threshold with the best F1 over the validation
 * examples where these hold unanswerable questions. Null for a model that writes its answers.
 *
 * @throws TrainerError `cancelled`.
 */
export async function tuneAnswerRule(
  text: TextModel,
  adapter: Adapter | null,
  { train, validation }: Pick<RunData, 'train' | 'validation'>,
  { settings, context }: { readonly settings: Settings; readonly context: TrainerContext },
): Promise<AnswerRule | null> {
  if (text.model.architecture.kind !== 'extractive') return null
  if (!validation.some(({ isImpossible }) => isImpossible)) return untunedRule(train)
  context.report({ type: 'phase', phase: 'validating' })
  const always: AnswerRule = { noAnswerThreshold: null }
  const answering = adapter ? { ...adapter, answerRule: always } : null
  const session = await openAnswering(text, [answering], settings)
  try {
    const answers = await answerQuestions(session, { ...text, answerRule: always }, validation, {
      settings,
      adapter: answering,
      signal: context.stop,
      onProgress: (done, total) => {
        context.report({ type: 'progress', phase: 'validating', done, total })
      },
    })
    const noAnswerThreshold = bestThreshold(
      answers.map((answer, i) => ({
        noAnswerScore: answer.marked?.noAnswerScore ?? Infinity,
        answered: scorePrediction(answer.text, validation[i]?.answers ?? []).f1,
        refused: validation[i]?.isImpossible ? 1 : 0,
      })),
    )
    return { noAnswerThreshold }
  } finally {
    await session.dispose()
  }
}

/** Keeps a rule beside the model or adapter that it was found for. */
export async function saveAnswerRule(folder: string, rule: AnswerRule): Promise<void> {
  await writeAtomic(join(folder, answerRuleFile), `${JSON.stringify(rule, null, 2)}\n`)
}
