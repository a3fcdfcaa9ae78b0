import { codePointLength } from '../../trainer/data/code-points.ts'
import type { CompareDetail, CompareSummary, Span } from '../contract/comparisons.ts'
import { AppError } from '../contract/errors.ts'
import type { Handlers } from '../contract/methods.ts'
import type { Store } from '../store/open.ts'
import { projectForm } from '../store/project-form.ts'
import type { TrainedRun } from '../store/trained-run.ts'
import type { Answering } from '../trainers/answering.ts'
import { askSides } from '../trainers/ask-sides.ts'
import { answerSpan } from './answer-span.ts'
import { askedExample } from './asked-example.ts'
import type { AskedExample } from './asked-example.ts'
import { comparedQuestion, comparedQuestions } from './compared-questions.ts'
import { summarise } from './summarise.ts'

export interface EvaluationsDeps {
  readonly store: Store
  readonly answering: Pick<Answering, 'ask'>
  /** Null where there is no such run. */
  runOf(runId: string): Promise<TrainedRun | null>
  /** The model that a project has chosen; null before it has chosen one. */
  modelOf(projectId: string): Promise<{ readonly folder: string; readonly name: string } | null>
}

type EvaluationMethod = 'compare.summary' | 'compare.questions' | 'compare.question' | 'compare.ask'

export type Evaluations = Handlers<EvaluationMethod> & {
  /** The summary of a run; null where it has no compared questions. @throws AppError `run_missing`. */
  summaryOf(runId: string): Promise<CompareSummary | null>
}

const keptSummaries = 32

/** Base and tuned answers to a run's held-out questions, and to a question of one's own. */
export function createEvaluations({ store, answering, runOf, modelOf }: EvaluationsDeps): Evaluations {
  const summaries = new Map<string, Promise<CompareSummary | null>>()

  async function existingRun(runId: string): Promise<TrainedRun> {
    const run = await runOf(runId)
    if (run) return run
    throw new AppError('run_missing', 'This run is no longer there. Choose another one.', { runId })
  }

  async function summaryOf(runId: string): Promise<CompareSummary | null> {
    const { endedAt } = await existingRun(runId)
    const counted = await store.get<{ count: number }>(
      'SELECT COUNT(*) AS count FROM comparison WHERE run_id = ?',
      runId,
    )
    // A run that is gone on with ends anew, with other answers.
    const key = [runId, endedAt, counted?.count].join(' ')
    const summary = summaries.get(key) ?? summarise(store, runId)
    summaries.delete(key)
    summaries.set(key, summary)
    summary.catch(() => summaries.delete(key))
    for (const old of [...summaries.keys()].slice(0, -keptSummaries)) summaries.delete(old)
    return summary
  }

  return {
    summaryOf,
    'compare.summary': async ({ runId }) => {
      const summary = await summaryOf(runId)
      if (summary) return summary
      throw new AppError(
        'run_state',
        'This run has no compared questions: it did not reach its end, or there was no test data. Let a run finish whose data has a test split.',
        { runId },
      )
    },
    'compare.questions': async (query) => {
      await existingRun(query.runId)
      return comparedQuestions(store, query)
    },
    'compare.question': async ({ runId, id }): Promise<CompareDetail> => {
      const run = await existingRun(runId)
      const row = await comparedQuestion(store, runId, id)
      if (!row)
        throw new AppError('example_missing', `The run ${run.name} was not asked this question.`, { id })
      const { projectId, folder: runFolder } = run
      const example = await askedExample(store, { projectId, runFolder, key: id, question: row.question })
      if (!example) return { ...row, context: null, goldSpan: null, baseSpan: null, tunedSpan: null }
      const goldSpan = goldSpanOf(example)
      const spanOf = (text: string) => answerSpan(example.context, text, goldSpan)
      return {
        ...row,
        context: example.context,
        goldSpan,
        baseSpan: spanOf(row.base),
        tunedSpan: spanOf(row.tuned),
      }
    },
    'compare.ask': async ({ projectId, runId, question, context, form: given }, call) => {
      const asked = runId === null ? await chosenModel(projectId) : await runOfProject(runId, projectId)
      const form = given ?? (await projectForm(store, projectId))
      // A task may go without an input: the model then answers from memory.
      const contexts = form === 'task' && context.trim() === '' ? [] : [context]
      return askSides(answering, { asked, form, question, contexts }, call)
    },
  }

  async function chosenModel(projectId: string) {
    const model = await modelOf(projectId)
    if (model) return { modelFolder: model.folder }
    throw new AppError('model_missing', 'No model is chosen yet. Choose one in the Model step.', {
      projectId,
    })
  }

  async function runOfProject(runId: string, projectId: string): Promise<TrainedRun> {
    const run = await existingRun(runId)
    if (run.projectId === projectId) return run
    throw new AppError('run_missing', 'This run belongs to another project. Choose one of this project.', {
      runId,
    })
  }
}

function goldSpanOf({ context, answers }: AskedExample): Span | null {
  const [gold] = answers
  if (!gold) return null
  if (gold.start === null) return answerSpan(context, gold.text, null)
  return { start: gold.start, end: gold.start + codePointLength(gold.text) }
}
