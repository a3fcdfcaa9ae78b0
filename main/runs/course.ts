import type { StepReport, ValidationReport } from '../../trainer/protocol.ts'
import type { RunSeries, StepPoint, ValidationPoint } from '../contract/runs.ts'
import { PointRows } from './point-rows.ts'
import { thinPoints } from './thin.ts'

/** Points kept in memory; beyond it they are thinned to half. */
const capacity = 60_000

/** The steps and validations of a run so far. */
export class Course {
  readonly #points = new PointRows()
  #validations: ValidationPoint[] = []
  #recorded = 0

  /** Takes the next step; one that was done before, after a resume, replaces all from there. */
  addStep(point: StepPoint): 'appended' | 'rewound' {
    const last = this.#points.lastStep
    const rewound = last !== undefined && point.step <= last
    if (rewound) this.#rewind(point.step)
    this.#points.push(point)
    this.#recorded++
    if (this.#points.length > capacity) this.#points.replace(thinPoints(this.#points.all(), capacity / 2))
    return rewound ? 'rewound' : 'appended'
  }

  addValidation(validation: ValidationPoint): void {
    this.#validations = [...this.#validations.filter(({ step }) => step < validation.step), validation]
  }

  series(maxPoints: number): RunSeries {
    return {
      recorded: this.#recorded,
      points: thinPoints(this.#points.all(), maxPoints),
      validations: this.#validations,
    }
  }

  #rewind(step: number): void {
    this.#recorded = Math.min(this.#recorded, step - 1)
    this.#points.dropFrom(step)
    this.#validations = this.#validations.filter((validation) => validation.step < step)
  }
}

export function toStepPoint(report: StepReport): StepPoint {
  const { step, loss, learningRate, gradNorm, tokensPerSecond, processorPercent, rssMb } = report
  return { step, loss, learningRate, gradNorm, tokensPerSecond, processorPercent, memoryMb: rssMb }
}

export function toValidationPoint({
  step,
  loss,
  scores,
  best,
}: Pick<ValidationReport, 'step' | 'loss' | 'scores' | 'best'>): ValidationPoint {
  return { step, loss, f1: scores?.f1 ?? null, exactMatch: scores?.exactMatch ?? null, best }
}
