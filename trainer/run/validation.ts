import { answerQuestions, openAnswering } from '../answer.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import type { TrainerContext } from '../context.ts'
import type { Example } from '../data/example.ts'
import { evaluationLoss, openLossSession } from './evaluation-loss.ts'
import type { LoraTarget } from '../lora/targets.ts'
import { scoreAnswers } from '../metrics/scores.ts'
import type { TextModel } from '../open-model.ts'
import { tokenizeExamples } from './prepare-run.ts'
import type { Settings } from '../settings.ts'
import type { Validate } from './training-loop.ts'

export interface Validation {
  readonly validate: Validate
  dispose(): Promise<void>
}

export interface ValidationOptions {
  readonly settings: Settings
  /** The adapted layers, or null where every weight is trained. */
  readonly targets: readonly LoraTarget[] | null
  readonly context: TrainerContext
}

/**
 * Prepares to validate on held-out examples: the loss of their windows without dropout, and, where F1 decides
 * which checkpoint is best, the answers to their questions. Null where there are no examples.
 */
export async function openValidation(
  text: TextModel,
  examples: readonly Example[],
  { settings, targets, context }: ValidationOptions,
): Promise<Validation | null> {
  const { items } = tokenizeExamples(text, examples, settings)
  if (items.length === 0) return null
  const { model } = text
  const { evaluationBatchSize: batchSize } = settings
  const lossSession = await openLossSession(text, targets, settings)
  const adapterOf = (parameters: ReadonlyMap<string, NamedTensor>) =>
    targets ? { targets, parameters } : null
  const answering =
    settings.bestMetric === 'f1' ? await openAnswering(text, [adapterOf(new Map())], settings) : null
  return {
    async validate(parameters) {
      const signal = AbortSignal.any([context.stop, context.keep])
      const loss = await evaluationLoss(lossSession, model, items, { parameters, batchSize, signal })
      if (!answering) return { loss, scores: null, value: loss }
      const answers = await answerQuestions(answering, text, examples, {
        settings,
        adapter: adapterOf(parameters),
        signal,
        onProgress: (done, total) => {
          context.report({ type: 'progress', phase: 'validating', done, total })
        },
      })
      const scores = scoreAnswers(
        examples,
        answers.map((answer) => answer.text),
      )
      return { loss, scores, value: -scores.f1 }
    },
    async dispose() {
      await lossSession.dispose()
      await answering?.dispose()
    },
  }
}
