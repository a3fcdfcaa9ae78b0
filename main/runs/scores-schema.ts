import { z } from 'zod'
import { metricNames, taskKinds } from '../../trainer/data/tasks.ts'

const number = z.number()

/** Something for each of some metrics. */
export function metricValues<Value extends z.ZodType>(value: Value) {
  return z.partialRecord(z.enum(metricNames), value)
}

/** Scores as a run's files hold them; those of runs before there were kinds of tasks have none. */
export const scoresSchema = z.object({
  exactMatch: number,
  f1: number,
  rougeL: number,
  count: number,
  tasks: z
    .array(z.object({ task: z.enum(taskKinds), count: number, values: metricValues(number) }))
    .exactOptional(),
})
