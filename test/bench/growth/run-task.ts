import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { z } from 'zod'
import { repository } from '../../main/spawn-cli.ts'
import type { ShapeName } from './shapes.ts'
import type { Task } from './sweeps.ts'

export interface TaskContext {
  /** A temporary folder for models and tables. */
  readonly folder: string
  readonly threads: number
  /** Counted runs of each point at most, and the seconds that they may take. */
  readonly most: number
  readonly seconds: number
  readonly signal: AbortSignal
}

const measuredSchema = z.object({
  processorMs: z.number(),
  wallMs: z.number(),
  peakMb: z.number().nullable(),
  tokens: z.int().optional(),
  parameters: z.int().optional(),
  rows: z.int().optional(),
})
export type TaskMeasured = z.infer<typeof measuredSchema>

// A bench's table has about so many bytes a row.
const bytesPerRow = 950

const starter = join(repository, 'assets', 'starter')

/** Measures one point in a process of its own. */
export async function runTask(task: Task, context: TaskContext): Promise<TaskMeasured> {
  const { folder, threads, most, seconds } = context
  switch (task.kind) {
    case 'step': {
      const model = await modelOf(task.shape, context)
      return ask('step-point.ts', { ...task, folder: model, threads, most, seconds }, context)
    }
    case 'rows': {
      const files = { data: join(folder, 'rows.jsonl'), predictions: join(folder, 'predictions.json') }
      const request = { rows: task.rows, ...files, model: starter, most, seconds }
      const isRead = task.work === 'prepare' || task.work === 'score'
      if (isRead) await start('rows-point.ts', [JSON.stringify({ ...request, work: 'write' })], context)
      return ask('rows-point.ts', { ...request, work: task.work }, context)
    }
    case 'answer': {
      const data = join(repository, 'assets', 'sample', 'held-out-wordings.json')
      return ask(
        'answer-point.ts',
        { folder: starter, data, count: task.count, threads, most, seconds },
        context,
      )
    }
    case 'import': {
      const megabytes = (task.rows * bytesPerRow) / 1e6
      return ask('import-point.ts', { format: task.format, megabytes }, context)
    }
  }
}

/** The folder of a model of that shape, written when it is first wanted. */
async function modelOf(shape: ShapeName, context: TaskContext): Promise<string> {
  const folder = join(context.folder, shape)
  if (!existsSync(join(folder, 'model.safetensors'))) await start('write-shape.ts', [folder, shape], context)
  return folder
}

async function ask(script: string, request: object, context: TaskContext): Promise<TaskMeasured> {
  const line = await start(script, [JSON.stringify(request)], context)
  return measuredSchema.parse(JSON.parse(line))
}

async function start(script: string, words: readonly string[], { signal }: TaskContext): Promise<string> {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { stdout } = await promisify(execFile)(process.execPath, [path, ...words], { signal })
  return stdout
}
