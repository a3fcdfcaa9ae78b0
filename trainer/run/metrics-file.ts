import { open, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunState } from '../checkpoint/checkpoint.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import { TrainerError } from '../errors.ts'
import type { StepReport, ValidationReport } from '../protocol.ts'

export type Metric = StepReport | ValidationReport

/** The course of a run, one JSON object a line in `metrics.jsonl`. */
export interface MetricsFile {
  append(metric: Metric): Promise<void>
  /** Makes what was appended outlast a loss of power; called before a checkpoint that goes on from there. */
  save(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens a run's metrics. What was written after the state to go on from is dropped: those steps and validations are
 * done again.
 */
export async function openMetrics(
  runDir: string,
  state: Pick<RunState, 'step' | 'validatedStep'>,
): Promise<MetricsFile> {
  const path = join(runDir, 'metrics.jsonl')
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  const kept = lines.filter((line) => isUpTo(line, state))
  await writeAtomic(path, kept.map((line) => `${line}\n`).join(''))
  const file = await open(path, 'a')
  const { ino } = await file.stat()
  return {
    append: async (metric) => {
      // A process that slept while another took over the run finds another file there, and writes into its own at most.
      const there = await stat(path)
      if (there.ino !== ino)
        throw new TrainerError(
          'file_invalid',
          `${path} was written anew by another process, which has gone on with this run. Look there for its end.`,
          { path },
        )
      await file.appendFile(`${JSON.stringify(metric)}\n`)
    },
    save: () => file.sync(),
    close: () => file.close(),
  }
}

/** A killed process can leave half a line, which is no metric. */
function isUpTo(line: string, { step, validatedStep }: Pick<RunState, 'step' | 'validatedStep'>): boolean {
  try {
    const metric: unknown = JSON.parse(line)
    if (typeof metric !== 'object' || metric === null || !('step' in metric)) return false
    const isValidation = 'type' in metric && metric.type === 'validation'
    return Number(metric.step) <= (isValidation ? validatedStep : step)
  } catch {
    return false
  }
}
