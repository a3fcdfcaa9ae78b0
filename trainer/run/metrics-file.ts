import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { StepReport, ValidationReport } from '../protocol.ts'

export type Metric = StepReport | ValidationReport

/** The course of a run, one JSON object a line in `metrics.jsonl`. */
export interface MetricsFile {
  append(metric: Metric): Promise<void>
}

/**
 * Opens a run's metrics. What was written after step `step`, the one to go on from, is dropped: those steps are
 * done again.
 */
export async function openMetrics(runDir: string, step: number): Promise<MetricsFile> {
  const path = join(runDir, 'metrics.jsonl')
  const lines = (await readFile(path, 'utf8').catch(() => '')).split('\n')
  const kept = lines.filter((line) => isUpTo(line, step))
  await writeAtomic(path, kept.map((line) => `${line}\n`).join(''))
  return { append: (metric) => appendFile(path, `${JSON.stringify(metric)}\n`) }
}

/** A killed process can leave half a line, which is no metric. */
function isUpTo(line: string, step: number): boolean {
  try {
    const metric: unknown = JSON.parse(line)
    return typeof metric === 'object' && metric !== null && 'step' in metric && Number(metric.step) <= step
  } catch {
    return false
  }
}
