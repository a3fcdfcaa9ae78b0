import { mainMetric, taskKinds } from '../../trainer/data/tasks.ts'
import type { CompareSummary, ScoreTile, TaskSummary, Verdict } from '../contract/comparisons.ts'
import type { Reader } from '../store/connection.ts'
import { verdictOf } from './compared-questions.ts'
import { scoreTiles } from './score-tiles.ts'
import type { AnswersStatistics, QuestionScore } from './score-tiles.ts'

interface ScoreRow extends Omit<QuestionScore, 'statistics'> {
  readonly set_name: string
  readonly statistics: string | null
}

interface SetScore extends QuestionScore {
  readonly set_name: string
}

/** Scores a run's compared questions: together, by kind of task, and by test set. Null where there are none. */
export async function summarise(store: Reader, runId: string): Promise<CompareSummary | null> {
  const rows = await store.all<ScoreRow>(
    `SELECT set_name, task, base_right, tuned_right, base_f1, tuned_f1, statistics FROM comparison
     WHERE run_id = ? ORDER BY number`,
    runId,
  )
  if (rows.length === 0) return null
  const questions = rows.map((row): SetScore => ({
    ...row,
    statistics: row.statistics === null ? null : (JSON.parse(row.statistics) as AnswersStatistics),
  }))
  const tasks = await summariseTasks(questions)
  const sets: CompareSummary['sets'][number][] = []
  for (const [name, ofSet] of Map.groupBy(questions, (question) => question.set_name))
    sets.push({
      name,
      questions: ofSet.length,
      tiles: mainTiles(ofSet.length === questions.length ? tasks : await summariseTasks(ofSet)),
    })
  return {
    runId,
    questions: questions.length,
    counts: countVerdicts(questions),
    tiles: mainTiles(tasks),
    tasks,
    sets,
  }
}

async function summariseTasks(questions: readonly QuestionScore[]): Promise<readonly TaskSummary[]> {
  const byTask = Map.groupBy(questions, ({ task }) => task)
  const summaries: TaskSummary[] = []
  for (const task of taskKinds) {
    const ofTask = byTask.get(task)
    if (ofTask)
      summaries.push({
        task,
        questions: ofTask.length,
        counts: countVerdicts(ofTask),
        tiles: await scoreTiles(ofTask, task),
      })
  }
  return summaries
}

function mainTiles(tasks: readonly TaskSummary[]): readonly ScoreTile[] {
  const [only, ...others] = tasks
  if (only && others.length === 0) return only.tiles
  return tasks.flatMap(({ task, tiles }) => tiles.filter(({ metric }) => metric === mainMetric(task)))
}

function countVerdicts(questions: readonly QuestionScore[]): Record<Verdict, number> {
  const counts: Record<Verdict, number> = { fixed: 0, broken: 0, 'both-right': 0, 'both-wrong': 0 }
  for (const question of questions) counts[verdictOf(question)]++
  return counts
}
