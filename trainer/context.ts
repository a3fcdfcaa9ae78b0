import type { Report } from './protocol.ts'

/** What a command is given to work with: where its reports go, and when to stop. */
export interface TrainerContext {
  /** Sends a report to the host at once; never blocks, never throws. */
  report(report: Report): void
  /** Aborted when the host asks for a stop: save what there is and end with `cancelled`. */
  readonly stop: AbortSignal
  /** Aborted when the host asks a training run to stop and keep what it has learnt. */
  readonly keep: AbortSignal
}
