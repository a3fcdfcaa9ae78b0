import type { RunPhase, RunStatus } from '../../../main/contract/runs.ts'

/** What a run goes through, in order. Validating and saving come between steps and belong to the training. */
export const stages = ['loading', 'preparing', 'scoring-before', 'training', 'scoring-after'] as const
export type Stage = (typeof stages)[number]

export type StageState = 'waiting' | 'active' | 'done' | 'stopped'

export interface StageView {
  readonly stage: Stage
  readonly state: StageState
}

/** The stage that a phase belongs to; null before the first and after the last. */
export function stageOf(phase: RunPhase): Stage | null {
  switch (phase) {
    case 'queued':
    case 'ended':
      return null
    case 'validating':
    case 'saving':
      return 'training'
    default:
      return phase
  }
}

/**
 * How each stage stands.
 *
 * @param lastPhase the last phase at which there was work: where a run that is no longer at work stopped
 */
export function stageViews(status: RunStatus, phase: RunPhase, lastPhase: RunPhase): readonly StageView[] {
  const finished = status === 'finished'
  const before = status === 'starting' ? 'loading' : null
  const current = stageOf(phase) ?? (isEnded(status) || status === 'paused' ? stageOf(lastPhase) : before)
  const at = current ? stages.indexOf(current) : -1
  return stages.map((stage, index) => {
    const state =
      finished || index < at ? 'done' : index > at ? 'waiting' : isAtWork(status) ? 'active' : 'stopped'
    return { stage, state }
  })
}

/** True while a trainer process is busy with the run. */
export function isAtWork(status: RunStatus): boolean {
  return status === 'starting' || status === 'running' || status === 'pausing' || status === 'stopping'
}

/** True while the run takes part in the queue: closing the window then asks. */
export function isActive(status: RunStatus): boolean {
  return status === 'queued' || isAtWork(status)
}

export function isEnded(status: RunStatus): boolean {
  return status === 'finished' || status === 'failed' || status === 'interrupted'
}
