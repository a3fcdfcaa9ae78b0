import { answerQuestions, openAnswering } from '../answer.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import type { TrainerContext } from '../context.ts'
import type { Example } from '../data/example.ts'
import { askedExamples } from '../data/passages.ts'
import type { AnsweringSession } from '../generate/answering-session.ts'
import { lossAndPerplexity, openLossSession } from './evaluation-loss.ts'
import type { Trained } from '../lora/trained.ts'
import { scoreAnswers } from '../metrics/scores.ts'
import type { TextModel } from '../open-model.ts'
import { tokenizeExamples } from './prepare-run.ts'
import { microBatchTokens } from './micro-batches.ts'
import type { Settings } from '../settings.ts'
import type { TrainingSession } from '../training-session.ts'
import { trainedAdapter } from './trained-adapter.ts'
import { untunedRule } from './tune-answer-rule.ts'
import type { Validate } from './training-loop.ts'

export interface Validation {
  readonly validate: Validate
  dispose(): Promise<void>
}

export interface ValidationOptions {
  readonly settings: Settings
  readonly trained: Trained
  readonly context: TrainerContext
}

/**
 * Prepares to validate on held-out examples: the loss of their windows without dropout, and, where F1 decides
 * which checkpoint is best, the answers to their questions. Of plain texts there is a perplexity. Null where there are no
 * examples. Sessions are opened with the first validation, so that nobody waits for them before the first step.
 */
export function openValidation(
  text: TextModel,
  examples: readonly Example[],
  { settings, trained, context }: ValidationOptions,
): Validation | null {
  const { items } = tokenizeExamples(text, examples, settings)
  if (items.length === 0) return null
  const { model } = text
  const asked = askedExamples(examples)
  const { evaluationBatchSize: batchSize } = settings
  const tokensAtATime = microBatchTokens(model.architecture.config, settings)
  const answerRule = untunedRule(asked)
  const adapterOf = (parameters: ReadonlyMap<string, NamedTensor>) => {
    const adapter = trainedAdapter(trained, parameters)
    return adapter && { ...adapter, answerRule }
  }
  const answers = settings.bestMetric === 'f1' && asked.length > 0
  const opened: { loss?: TrainingSession; answering?: AnsweringSession } = {}
  return {
    async validate(parameters) {
      const lossSession = (opened.loss ??= await openLossSession(text, trained, settings))
      const signal = AbortSignal.any([context.stop, context.keep])
      const losses = await lossAndPerplexity(
        lossSession,
        model,
        { items, examples },
        { parameters, batchSize, tokensAtATime, signal },
      )
      if (!answers) return { ...losses, scores: null, value: losses.loss }
      const answering = (opened.answering ??= await openAnswering(text, [adapterOf(new Map())], settings))
      const answered = await answerQuestions(answering, text, asked, {
        settings,
        adapter: adapterOf(parameters),
        signal,
        onProgress: (done, total) => {
          context.report({ type: 'progress', phase: 'validating', done, total })
        },
      })
      const scores = scoreAnswers(
        asked,
        answered.map((answer) => answer.text),
      )
      return { ...losses, scores, value: -scores.f1 }
    },
    async dispose() {
      await opened.loss?.dispose()
      await opened.answering?.dispose()
    },
  }
}
