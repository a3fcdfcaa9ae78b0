import type { RunInfo } from '../../main/contract/runs.ts'
import { mainMetric } from '../../main/contract/tasks.ts'
import { t } from '../messages/translate.ts'

/** Runs that have learnt something that can answer or be exported, the newest first. */
export function usableRuns(runs: readonly RunInfo[]): RunInfo[] {
  return runs.filter(({ usable }) => usable).sort((a, b) => b.createdAt - a.createdAt)
}

/** Runs with base and tuned answers to held-out questions, the newest first. */
export function comparedRuns(runs: readonly RunInfo[]): RunInfo[] {
  return usableRuns(runs).filter(({ after }) => after !== null && after.count > 0)
}

/** The run to show: the one that is asked for, else the project's current one, else the newest; null where there is none. */
export function chosenRun(
  runs: readonly RunInfo[],
  wanted: string | null,
  current: string | null,
): RunInfo | null {
  const find = (id: string | null): RunInfo | undefined => runs.find((run) => run.id === id)
  return find(wanted) ?? find(current) ?? runs[0] ?? null
}

/** A run in a line, with its F1, or the main score of its only task; of several tasks with its date. */
export function runLabel({ name, after, createdAt }: RunInfo): string {
  if (!after) return t('compare.runWithDate', name, createdAt)
  const [only, ...others] = after.tasks ?? []
  if (!only) return t('compare.runWithScore', name, t('tasks.metric', 'f1'), after.f1)
  if (others.length > 0) return t('compare.runWithDate', name, createdAt)
  const metric = mainMetric(only.task)
  return t('compare.runWithScore', name, t('tasks.metric', metric), only.values[metric] ?? 0)
}
