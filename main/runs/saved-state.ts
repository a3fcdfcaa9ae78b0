import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { parseJson } from '../../trainer/parse-json.ts'
import { readBounded } from '../../trainer/read-bounded.ts'
import { taskKinds } from '../../trainer/data/tasks.ts'
import type { TrainResult } from '../../trainer/protocol.ts'
import { metricValues, scoresSchema } from './scores-schema.ts'

const checkpointPattern = /^step-(\d{8})\.safetensors$/

/** The step of a run's newest checkpoint; 0 where there is none. */
export async function checkpointStep(runDir: string): Promise<number> {
  const names = await readdir(join(runDir, 'checkpoints')).catch(() => [])
  return Math.max(0, ...names.map((name) => Number(checkpointPattern.exec(name)?.[1] ?? 0)))
}

// With the texts of every comparison.
const mostResultBytes = 400_000_000

const number = z.number()
const scores = scoresSchema
const resultSchema = z.object({
  type: z.literal('result'),
  kind: z.literal('train'),
  runDir: z.string(),
  adapter: z.string(),
  stopped: z.enum(['finished', 'early-stopping', 'kept', 'cancelled']),
  step: number,
  steps: number,
  bestStep: number,
  seconds: number,
  tokensPerSecond: number,
  peakRssMb: number,
  before: scores.nullable(),
  after: scores.nullable(),
  tests: z.array(z.object({ name: z.string(), before: scores, after: scores })),
  comparisons: z.array(
    z.object({
      id: z.string(),
      set: z.string(),
      // Runs of before there were kinds of tasks do not name them.
      task: z.enum(taskKinds).exactOptional(),
      question: z.string(),
      input: z.string().exactOptional(),
      base: z.string(),
      tuned: z.string(),
      gold: z.array(z.string()),
      baseRight: z.boolean(),
      tunedRight: z.boolean(),
      baseF1: number,
      tunedF1: number,
      baseUnanswerable: z.boolean(),
      tunedUnanswerable: z.boolean(),
      statistics: metricValues(z.object({ base: z.array(number), tuned: z.array(number) })).exactOptional(),
    }),
  ),
})

/** How a run ended, as its folder's `result.json` says; null where it says nothing, or half. */
export async function readResultFile(runDir: string): Promise<TrainResult | null> {
  try {
    const result = resultSchema.parse(
      parseJson(await readBounded(join(runDir, 'result.json'), mostResultBytes)),
    )
    // Whatever the file says: what a run made lies in its folder, which may have been moved, or come from elsewhere.
    return {
      ...result,
      runDir,
      adapter: join(runDir, basename(result.adapter) === 'model' ? 'model' : 'adapter'),
    }
  } catch {
    // A run without a readable result is gone on with from its checkpoint.
    return null
  }
}

/** True where there is a folder at the path. */
export async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isDirectory() ?? false
}
