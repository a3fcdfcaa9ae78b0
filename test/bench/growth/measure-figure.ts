import type { GrowthFigure, GrowthPoint } from './document.ts'
import { runTask } from './run-task.ts'
import type { TaskContext, TaskMeasured } from './run-task.ts'
import { quickTasks } from './sweeps.ts'
import type { Sweep, Task } from './sweeps.ts'

export interface FigureContext extends TaskContext {
  readonly quick: boolean
  readonly rounds: number
  readonly tell: (line: string) => void
  /** Told of a point that could not be measured; it is left out. */
  readonly failed: (line: string) => void
}

/** Measures every point of a figure, each in a process of its own, all of a line one after the other. */
export async function measureFigure(
  name: string,
  sweep: Sweep,
  context: FigureContext,
): Promise<GrowthFigure> {
  const lines = sweep.series.map((series) => ({
    name: series.name,
    tasks: context.quick ? quickTasks(series.tasks) : series.tasks,
    points: new Map<Task, GrowthPoint>(),
  }))
  for (let round = 0; round < context.rounds; round++)
    for (const line of lines)
      for (const task of line.tasks) {
        const label = `${name}, ${line.name}`
        const measured = await runTask(task, context).catch((thrown: unknown) => {
          if (context.signal.aborted) throw thrown
          context.failed(`${label}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
          return null
        })
        if (!measured) continue
        const point = placed(sweep, task, measured)
        const before = line.points.get(task)
        // What else a machine does only adds.
        line.points.set(task, before && before.processorMs <= point.processorMs ? before : point)
        const cost = ((1000 * point.processorMs) / point.units).toFixed(1)
        const memory = point.peakMb === null ? '' : `, ${point.peakMb.toFixed(0)} MiB`
        context.tell(
          `${label}: ${point.processorMs.toFixed(0)} ms at ${point.x}, ${cost} µs a ${sweep.unit}${memory}`,
        )
      }
  const { title, axis, unit } = sweep
  return {
    name,
    title,
    axis,
    unit,
    series: lines.map((line) => ({ name: line.name, points: [...line.points.values()] })),
  }
}

/** A point with its place on the horizontal axis, and how many units it did. */
function placed({ x, unit }: Sweep, task: Task, measured: TaskMeasured): GrowthPoint {
  const { processorMs, wallMs, peakMb, tokens = 0, parameters = 0 } = measured
  const millionParameters = parameters / 1e6
  const rows = measured.rows ?? (task.kind === 'rows' ? task.rows : 0)
  const count = task.kind === 'answer' ? task.count : 0
  const { batch, source, rank } = task.kind === 'step' ? task : { batch: 0, source: 0, rank: 0 }
  const places = { batch, source, rank, rows, count, millionParameters }
  const units = {
    token: tokens,
    'token and million parameters': tokens * millionParameters,
    step: 1,
    row: rows,
    question: count,
  }
  return { x: places[x], units: units[unit], processorMs, wallMs, peakMb }
}
