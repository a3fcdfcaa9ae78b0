import type {
  LogLine,
  RunDetail,
  RunPhase,
  RunProgress,
  RunSeries,
  RunUpdate,
  StepPoint,
  ValidationPoint,
} from '../../../main/contract/runs.ts'
import { createThinnedSeries } from '../../charts/thinned-series.ts'
import type { ThinnedSeries } from '../../charts/thinned-series.ts'

export const stepMeasures = [
  'loss',
  'learningRate',
  'gradNorm',
  'tokensPerSecond',
  'processorPercent',
  'memoryMb',
] as const satisfies readonly (keyof StepPoint)[]
export type StepMeasure = (typeof stepMeasures)[number]

/** About as many as a wide chart has pixels: more buckets could hardly be told apart. */
const maxBuckets = 600
/** Older lines are in the run's folder. */
const maxLogLines = 2000

/** All that the window holds of one run: it grows in place, so that a new point costs the same at any length. */
export interface RunCourse {
  run: RunDetail | null
  progress: RunProgress | null
  /** The last phase at which there was work; it says where a run ended that failed. */
  lastPhase: RunPhase
  readonly series: ThinnedSeries<StepMeasure>
  validations: readonly ValidationPoint[]
  log: readonly LogLine[]
}

export function createRunCourse(): RunCourse {
  return {
    run: null,
    progress: null,
    lastPhase: 'queued',
    series: createThinnedSeries(stepMeasures, maxBuckets),
    validations: [],
    log: [],
  }
}

/** Takes in what `runs.watch` streamed. A snapshot begins anew, as after a lost connection. */
export function applyUpdate(course: RunCourse, update: RunUpdate): void {
  if (update.kind === 'snapshot') {
    course.run = update.run
    course.lastPhase = furthestPhase(update.run)
    replaceSeries(course, update.series)
    course.log = update.log.slice(-maxLogLines)
  } else {
    if (update.run) course.run = update.run
    addPoints(course, update.points)
    for (const validation of update.validations) addValidation(course, validation)
    if (update.log.length > 0) course.log = [...course.log, ...update.log].slice(-maxLogLines)
  }
  course.progress = update.progress
  if (update.progress.phase !== 'ended' && update.progress.phase !== 'queued')
    course.lastPhase = update.progress.phase
}

/** The phase that a run had come to, as far as its row tells. */
function furthestPhase({ startedAt, before, step, steps }: RunDetail): RunPhase {
  if (step > 0) return step < steps ? 'training' : 'scoring-after'
  if (before) return 'training'
  return startedAt === null ? 'queued' : 'loading'
}

/** Puts a whole series in place of what there was. */
export function replaceSeries(course: RunCourse, series: RunSeries): void {
  course.series.clear()
  addPoints(course, series.points)
  course.validations = series.validations
}

function addPoints(course: RunCourse, points: readonly StepPoint[]): void {
  for (const point of points) course.series.add(point.step, point)
}

/** A run that was resumed goes back to its checkpoint and validates some steps again: the later word holds. */
function addValidation(course: RunCourse, validation: ValidationPoint): void {
  const kept = course.validations.filter(({ step }) => step < validation.step)
  course.validations = [
    ...(validation.best
      ? kept.map((earlier) => (earlier.best ? { ...earlier, best: false } : earlier))
      : kept),
    validation,
  ]
}
