import type { TrainerProcess } from '../../app.ts'
import type { EventListener } from '../../contract/engine.ts'
import type { RunEvent } from '../../contract/engine-types.ts'

/** A trainer process that works on a run. */
export interface Training {
  readonly runDir: string
  /** Ends the process at once. */
  kill(): void
}

/** Takes what trainers report of runs; the first event of a run names its folder. */
export type TrainingListener = (event: RunEvent, training: Training) => void

/** The same process; what it is told and says about a run is told to a listener too, as for a run by paths. */
export function observeTraining(trainer: TrainerProcess, listen: TrainingListener): TrainerProcess {
  let training: Training | null = null
  return {
    ...trainer,
    send: (message) => {
      if (message.kind === 'train') {
        const { runDir, resume, model, settings } = message
        training = { runDir, kill: () => trainer.kill('SIGKILL') }
        listen({ type: 'run', runDir, resumed: resume, model, settings }, training)
      }
      trainer.send(message)
    },
    onMessage: (listener) => {
      trainer.onMessage((message) => {
        listener(message)
        if (!training) return
        for (const report of message.type === 'batch' ? message.reports : [message])
          if (report.type !== 'result' && report.type !== 'error') listen(report, training)
      })
    },
  }
}

/** The events of one run among those of all; what comes before the run is named waits. */
export interface TrainingFeed {
  readonly listen: TrainingListener
  follow(runDir: string, onEvent: EventListener): void
  /** Ends the process that works on the run followed, if one does. */
  kill(): void
}

export function createTrainingFeed(): TrainingFeed {
  const early: Parameters<TrainingListener>[] = []
  let followed: { readonly runDir: string; readonly onEvent: EventListener } | null = null
  let current: Training | null = null
  const listen: TrainingListener = (event, training) => {
    if (followed === null) early.push([event, training])
    else if (followed.runDir === training.runDir) {
      current = training
      followed.onEvent(event)
    }
  }
  return {
    listen,
    follow: (runDir, onEvent) => {
      followed = { runDir, onEvent }
      for (const [event, training] of early.splice(0)) listen(event, training)
    },
    kill: () => current?.kill(),
  }
}
