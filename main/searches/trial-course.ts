import type { RunStatus, RunUpdate, ValidationPoint } from '../contract/runs.ts'
import type { SearchObjective, TrialValidation } from '../contract/searches.ts'
import type { LiveTrial, TrialRow } from './search-rows.ts'
import { validationsOf } from './search-rows.ts'

/** States in which no trainer works on a run, and none is to. */
const restingStatuses: readonly RunStatus[] = ['finished', 'failed', 'paused', 'interrupted']

export interface TrialCourseOptions {
  readonly objective: SearchObjective
  readonly now: () => number
}

/** A trial at work, as those who watch its run are told of it. */
export class TrialCourse {
  validations: readonly TrialValidation[]
  status: RunStatus = 'queued'
  #step: number
  #steps: number
  #ahead = 0
  readonly #trial: TrialRow
  readonly #objective: SearchObjective
  readonly #now: () => number
  #began: number | null = null

  constructor(trial: TrialRow, { objective, now }: TrialCourseOptions) {
    this.#trial = trial
    this.#objective = objective
    this.#now = now
    this.validations = validationsOf(trial)
    this.#step = trial.step
    this.#steps = trial.steps
  }

  /** Takes what a watcher is told; true where there is a new validation. */
  take(update: RunUpdate): boolean {
    const { progress } = update
    this.status = update.run?.status ?? this.status
    this.#step = progress.step
    this.#steps = progress.steps
    this.#ahead = progress.ahead
    if (progress.phase !== 'queued') this.#began ??= this.#now()
    const before = this.validations
    const added = (update.kind === 'snapshot' ? update.series.validations : update.validations).flatMap(
      (point) => this.#toTrialValidation(point),
    )
    if (update.kind === 'snapshot') this.validations = added
    else if (added.length > 0) {
      const first = added[0]?.step ?? 0
      this.validations = [...before.filter(({ step }) => step < first), ...added]
    }
    return added.length > 0 && this.validations.at(-1)?.step !== before.at(-1)?.step
  }

  get isResting(): boolean {
    return restingStatuses.includes(this.status)
  }

  live(): LiveTrial {
    return {
      number: this.#trial.number,
      step: this.#step,
      steps: this.#steps,
      seconds: this.#trial.seconds + (this.#began === null ? 0 : (this.#now() - this.#began) / 1000),
      ahead: this.#ahead,
    }
  }

  /** What the trial's row keeps of it. */
  columns(): Pick<TrialRow, 'step' | 'steps' | 'seconds' | 'validations'> {
    const { step, steps, seconds } = this.live()
    return { step, steps, seconds, validations: JSON.stringify(this.validations) }
  }

  #toTrialValidation({ step, loss, f1 }: ValidationPoint): TrialValidation[] {
    const value = this.#objective === 'loss' ? loss : f1
    if (value === null || !Number.isFinite(value) || this.#steps === 0) return []
    return [{ step, share: step / this.#steps, value }]
  }
}
