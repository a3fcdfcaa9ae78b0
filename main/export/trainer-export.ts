import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type {
  ExportOnnxCommand,
  ExportOnnxResult,
  MergeCommand,
  MergeResult,
} from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import { cancelledExport } from '../store/export-failure.ts'
import { startJob } from '../trainers/trainer-job.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'
import { filesOf } from './copy-tree.ts'

export interface TrainerExportOptions {
  readonly startTrainer: () => TrainerProcess
  readonly signal: AbortSignal
  readonly onProgress: (phase: string, done: number, total: number) => void
}

/**
 * Lets a trainer process of its own write what is exported: a model with its adapter merged in, or ONNX models.
 *
 * @throws AppError `cancelled`, `trainer_crashed`, or what the trainer says.
 */
export async function exportByTrainer(
  command: MergeCommand | ExportOnnxCommand,
  { startTrainer, signal, onProgress }: TrainerExportOptions,
): Promise<void> {
  if (signal.aborted) throw cancelledExport()
  const job = startJob<MergeResult | ExportOnnxResult>(startTrainer(), command, {
    onReport: (report) => {
      if (report.type === 'phase') onProgress(report.phase, 0, 0)
      if (report.type === 'progress') onProgress(report.phase, report.done, report.total)
    },
    stopGraceMs: 5_000,
    killGraceMs: 1_000,
    wayOut: () => 'Nothing was exported; export the model again.',
  })
  const stop = (): void => {
    job.stop()
  }
  signal.addEventListener('abort', stop)
  try {
    const outcome = await job.outcome
    if (outcome.type !== 'error') return
    const { code, message, details } = outcome.error
    throw code === 'cancelled' ? cancelledExport() : new AppError(code, message, details)
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The bytes of a model's weights. */
export async function weightBytes(modelFolder: string): Promise<number> {
  if (!(await stat(join(modelFolder, 'config.json')).catch(() => null))) return 0
  return (await filesOf(modelFolder))
    .filter(({ name }) => name.endsWith('.safetensors'))
    .reduce((sum, { bytes }) => sum + bytes, 0)
}
