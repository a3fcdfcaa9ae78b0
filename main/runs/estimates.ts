import { createHash, randomUUID } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { cpus } from 'node:os'
import { join } from 'node:path'
import type { EstimateResult, Report, Settings } from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import { AppError } from '../contract/errors.ts'
import type { ModelInfo } from '../contract/models.ts'
import type { Estimate } from '../contract/runs.ts'
import { homeFolders, removeFolder } from '../store/files.ts'
import { keep, readKept } from '../store/kept.ts'
import { createProjectWork } from '../store/project-work.ts'
import type { Store } from '../store/open.ts'
import { errorOf } from '../trainers/error-value.ts'
import { writeRunData } from './run-data.ts'
import type { RunDataWriters } from './run-data.ts'
import { startJob } from '../trainers/trainer-job.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'

export interface EstimateRequest {
  readonly projectId: string
  readonly model: ModelInfo
  readonly settings: Settings
}

export interface EstimateProgress {
  readonly phase: string
  readonly done: number
  readonly total: number
}

/** Measures what runs will take, one at a time, and remembers it. */
export interface Estimates {
  /** What was measured before for the same model, data, settings and machine; null where nothing was. */
  known(request: EstimateRequest): Promise<Estimate | null>
  /** Measures a few real steps. @throws AppError `cancelled`, or as the trainer does. */
  measure(
    request: EstimateRequest,
    options: { readonly emit: (progress: EstimateProgress) => void; readonly signal: AbortSignal },
  ): Promise<Estimate>
  /** Ends a measurement that goes on; resolves when the machine is free. */
  interrupt(): Promise<void>
  /** Ends the measurements of a project that is to be deleted. */
  stopProject(projectId: string): Promise<void>
}

export interface EstimatesOptions extends RunDataWriters {
  readonly store: Store
  readonly startTrainer: () => TrainerProcess
  readonly dataDigest: (projectId: string) => Promise<string>
  readonly now: () => number
}

const folderPrefix = 'estimate-'

/** Removes what measurements that were cut off by the end of the app have left in the projects' folders. */
export async function removeEstimateFolders(store: Store): Promise<void> {
  for (const { id } of await store.all<{ id: string }>('SELECT id FROM project')) {
    const folder = homeFolders(store.home).project(id)
    for (const name of await readdir(folder).catch(() => []))
      if (name.startsWith(folderPrefix)) await removeFolder(join(folder, name)).catch(() => undefined)
  }
}

/** Settings that change nothing of what a run takes. */
const immaterial = ['seed', 'saveEvery', 'learningRate', 'schedule', 'warmupRatio', 'weightDecay'] as const

export function createEstimates(options: EstimatesOptions): Estimates {
  const { store, startTrainer, writeSplits, writePassages, dataDigest, now } = options
  const atWork = createProjectWork()
  let job: Job<EstimateResult> | null = null
  let last: Promise<unknown> = Promise.resolve()
  /** Grows with every interruption: what was asked for before one ends. */
  let generation = 0

  const keyOf = async ({ projectId, model, settings }: EstimateRequest): Promise<string> => {
    const config = await stat(join(model.folder, 'config.json')).catch(() => null)
    const material = Object.entries(settings).filter(([name]) => !immaterial.some((other) => other === name))
    const parts = [
      model.folder,
      config?.mtimeMs ?? 0,
      await dataDigest(projectId),
      material,
      cpus()[0]?.model ?? '',
      cpus().length,
    ]
    return `estimate:${createHash('sha256').update(JSON.stringify(parts)).digest('hex')}`
  }

  const measure = async (
    request: EstimateRequest,
    { emit, signal, interrupted }: MeasureContext,
  ): Promise<Estimate> => {
    const { projectId, model, settings } = request
    const folder = join(homeFolders(store.home).project(projectId), `${folderPrefix}${randomUUID()}`)
    const key = await keyOf(request)
    try {
      signal.throwIfAborted()
      const data = await writeRunData(projectId, folder, { writeSplits, writePassages, model, settings })
      signal.throwIfAborted()
      const { datasets, validation, tests } = data
      const command = {
        kind: 'estimate',
        model: model.folder,
        datasets,
        validation,
        tests,
        settings,
      } as const
      const started = startJob<EstimateResult>(startTrainer(), command, {
        onReport: (report) => tellProgress(report, emit),
        stopGraceMs: 2_000,
        wayOut: () => 'The run itself may do the same: a smaller batchSize needs less memory.',
      })
      job = started
      const stop = (): void => started.stop()
      signal.addEventListener('abort', stop, { once: true })
      if (signal.aborted || interrupted()) stop()
      const outcome = await started.outcome
      signal.removeEventListener('abort', stop)
      if (outcome.type === 'error') throw errorOf(outcome.error)
      const estimate = toEstimate(outcome, now())
      await keep(store, key, estimate)
      return estimate
    } catch (thrown) {
      if (signal.aborted) throw cancelled()
      if (interrupted()) throw disturbing()
      throw thrown
    } finally {
      job = null
      await removeFolder(folder)
    }
  }

  return {
    known: async (request) => readKept<Estimate>(store, await keyOf(request)),
    measure: (request, context) => {
      const asked = generation
      const interrupted = () => generation !== asked
      const before = last
      const mine = atWork.during(request.projectId, context.signal, async (signal) => {
        await before
        if (signal.aborted) throw cancelled()
        if (interrupted()) throw disturbing()
        return measure(request, { ...context, signal, interrupted })
      })
      last = mine.catch(() => undefined)
      return mine
    },
    interrupt: async () => {
      generation++
      job?.stop()
      await last
    },
    stopProject: (projectId) => atWork.stop(projectId),
  }
}

interface MeasureContext {
  readonly emit: (progress: EstimateProgress) => void
  readonly signal: AbortSignal
  readonly interrupted: () => boolean
}

function disturbing(): AppError {
  return new AppError(
    'run_state',
    'A run has started, and the measurement would have disturbed it. Measure again when no run is at work.',
  )
}

function cancelled(): AppError {
  return new AppError('cancelled', 'The measurement was stopped.')
}

function tellProgress(report: Report, emit: (progress: EstimateProgress) => void): void {
  if (report.type === 'phase') emit({ phase: report.phase, done: 0, total: 0 })
  else if (report.type === 'progress') emit({ phase: report.phase, done: report.done, total: report.total })
}

function toEstimate(result: EstimateResult, measuredAt: number): Estimate {
  const { steps, secondsPerStep, secondsPerValidation, validations, secondsScoring, totalSeconds } = result
  return {
    steps,
    secondsPerStep,
    secondsTraining: steps * secondsPerStep + validations * secondsPerValidation,
    secondsScoring,
    totalSeconds,
    memoryMb: Math.round(Math.max(result.memoryMb, result.peakRssMb)),
    trainableParameters: result.trainableParameters,
    totalParameters: result.totalParameters,
    measuredAt,
  }
}
