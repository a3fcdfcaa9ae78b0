export type Schedule = 'linear' | 'cosine' | 'constant'

export interface ScheduleOptions {
  readonly schedule: Schedule
  readonly learningRate: number
  readonly warmupSteps: number
  readonly steps: number
}

/**
 * The learning rate of update `step`, counted from 0: it rises linearly over the warm-up, then falls to 0 at
 * `steps` linearly or by half a cosine, or stays. As `get_linear_schedule_with_warmup` and
 * `get_cosine_schedule_with_warmup` of transformers.
 */
export function learningRateAt(step: number, options: ScheduleOptions): number {
  const { schedule, learningRate, warmupSteps, steps } = options
  if (step < warmupSteps) return (learningRate * step) / Math.max(1, warmupSteps)
  const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps))
  switch (schedule) {
    case 'linear':
      return learningRate * (1 - progress)
    case 'cosine':
      return (learningRate * (1 + Math.cos(Math.PI * progress))) / 2
    case 'constant':
      return learningRate
  }
}
