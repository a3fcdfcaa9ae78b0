import { measures } from '../../contract/examples.ts'
import { splitNames } from '../../contract/splits.ts'
import type { DataSummary } from '../../contract/datasets.ts'
import type { Measure } from '../../contract/examples.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { HistogramBin } from '../../contract/imports.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Reader } from '../../store/connection.ts'
import { adviceOf, qualityOf } from './quality.ts'
import type { QualityFacts } from './quality.ts'
import { isReady, requireProject } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'
import { histogramOf } from '../readers/histogram.ts'

interface Counts {
  readonly examples: number
  readonly unanswerable: number
  readonly tasks: number
  readonly train: number
  readonly validation: number
  readonly test: number
}

interface Others {
  readonly groups: number
  readonly contexts: number
  readonly passages: number
  readonly sources: number
  readonly rejected: number
  readonly mended: number
}

const columns = {
  contextWords: 'context_words',
  questionWords: 'question_words',
  answerWords: 'answer_words',
} as const satisfies Record<Measure, string>

export function summaryHandlers({ store }: Pick<DatasetDeps, 'store'>): Handlers<'data.summary'> {
  return {
    'data.summary': async ({ projectId }) => {
      await requireProject(store, projectId)
      const counts = await readCounts(store, projectId)
      const others = await readOthers(store, projectId)
      const repeated = await countRepeated(store, projectId)
      const doubled = await countDoubled(store, projectId)
      const histograms = {} as Record<Measure, HistogramBin[]>
      for (const measure of measures) histograms[measure] = await readHistogram(store, projectId, measure)
      const { examples, unanswerable, tasks } = counts
      const splits = Object.fromEntries(splitNames.map((name) => [name, counts[name]])) as Record<
        SplitName,
        number
      >
      const summary = { examples, unanswerable, answerable: examples - unanswerable, ...others, splits }
      const quality = qualityOf({
        ...summary,
        tasks,
        repeated,
        doubled,
        flagged: await readFlagged(store, projectId),
        answers: await readAnswers(store, projectId, examples),
      })
      return { ...summary, histograms, advice: adviceOf(quality), quality } satisfies DataSummary
    },
  }
}

async function readCounts(store: Reader, projectId: string): Promise<Counts> {
  const row = await store.get<Counts>(
    `SELECT count(*) AS examples, total(is_impossible) AS unanswerable, total(form = 'task') AS tasks,
       total(split = 'train') AS train,
       total(split = 'validation') AS validation, total(split = 'test') AS test
     FROM example WHERE project_id = ?1 AND ${isReady}`,
    projectId,
  )
  return row ?? { examples: 0, unanswerable: 0, tasks: 0, train: 0, validation: 0, test: 0 }
}

async function readOthers(store: Reader, projectId: string): Promise<Others> {
  const row = await store.get<Others>(
    `SELECT
       (SELECT count(DISTINCT grp) FROM example WHERE project_id = ?1 AND ${isReady}) AS groups,
       (SELECT count(DISTINCT passage_id) FROM example WHERE project_id = ?1 AND ${isReady}) AS contexts,
       (SELECT count(*) FROM passage WHERE project_id = ?1 AND searchable = 1 AND ${isReady}) AS passages,
       (SELECT count(*) FROM source WHERE project_id = ?1 AND ready = 1) AS sources,
       (SELECT count(*) FROM problem WHERE project_id = ?1 AND ${isReady} AND status = 'rejected') AS rejected,
       (SELECT count(*) FROM problem WHERE project_id = ?1 AND ${isReady}
         AND status IN ('mended', 'mended-by-person')) AS mended`,
    projectId,
  )
  return row ?? { groups: 0, contexts: 0, passages: 0, sources: 0, rejected: 0, mended: 0 }
}

async function readHistogram(store: Reader, projectId: string, measure: Measure): Promise<HistogramBin[]> {
  const rows = await store.all<{ value: number; count: number }>(
    `SELECT ${columns[measure]} AS value, count(*) AS count FROM example
     WHERE project_id = ?1 AND ${isReady} GROUP BY value`,
    projectId,
  )
  return histogramOf(rows.flatMap(({ value, count }) => new Array<number>(count).fill(value)))
}

/** Held-out questions that training asks about the same context in the same words. */
async function countRepeated(store: Reader, projectId: string): Promise<number> {
  const row = await store.get<{ count: number }>(
    `SELECT count(*) AS count FROM example WHERE project_id = ?1 AND split <> 'train' AND ${isReady}
       AND (passage_id, lower(question)) IN
         (SELECT passage_id, lower(question) FROM example
          WHERE project_id = ?1 AND split = 'train' AND ${isReady})`,
    projectId,
  )
  return row?.count ?? 0
}

/** Questions that stand in one split once more, about the same context. */
async function countDoubled(store: Reader, projectId: string): Promise<number> {
  const row = await store.get<{ count: number }>(
    `SELECT total(times - 1) AS count FROM (SELECT count(*) AS times FROM example
       WHERE project_id = ?1 AND ${isReady} GROUP BY passage_id, question, split HAVING count(*) > 1)`,
    projectId,
  )
  return row?.count ?? 0
}

async function readFlagged(store: Reader, projectId: string): Promise<QualityFacts['flagged']> {
  const rows = await store.all<{ kind: string; count: number }>(
    `SELECT kind, count(*) AS count FROM problem
     WHERE project_id = ?1 AND ${isReady} AND status = 'flagged' AND example_id IS NOT NULL GROUP BY kind`,
    projectId,
  )
  return Object.fromEntries(rows.map(({ kind, count }) => [kind, count]))
}

/** Of more examples than this some are looked at, evenly spread. */
const mostLooked = 20_000

async function readAnswers(
  store: Reader,
  projectId: string,
  examples: number,
): Promise<QualityFacts['answers']> {
  const step = Math.max(1, Math.ceil(examples / mostLooked))
  const some = `project_id = ?1 AND ${isReady} AND is_impossible = 0 AND id % ?2 = 0`
  const counts = await store.get<Omit<QualityFacts['answers'], 'commonest'>>(
    `SELECT count(*) AS looked, total(form = 'qa') AS spans,
       total(form = 'qa' AND answers ->> '$[0].start' = 0) AS atStart,
       total(form = 'qa' AND context_words >= 30 AND answer_words * 2 > context_words) AS long,
       total(length(answers ->> '$[0].text') = 1) AS short
     FROM example WHERE ${some}`,
    projectId,
    step,
  )
  const commonest = await store.get<{ text: string; count: number }>(
    `SELECT substr(answers ->> '$[0].text', 1, 60) AS text, count(*) AS count FROM example WHERE ${some}
     GROUP BY text ORDER BY count DESC, text LIMIT 1`,
    projectId,
    step,
  )
  return { looked: 0, spans: 0, atStart: 0, long: 0, short: 0, ...counts, commonest }
}
