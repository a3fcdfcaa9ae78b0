import type { Command, ErrorReport, ErrorValue, Report, Result } from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import { waitAwake } from './patience.ts'
import type { TrainerExit, TrainerProcess } from './trainer-process.ts'

export interface JobOptions {
  readonly onReport: (report: Report) => void
  /** Milliseconds between the stop message and SIGTERM; a checkpoint must fit in. */
  readonly stopGraceMs?: number
  /** Milliseconds between SIGTERM and SIGKILL, and between a result and SIGKILL. */
  readonly killGraceMs?: number
  /** What to do when the process ends without a result, as a sentence. */
  readonly wayOut?: () => string
}

/**
 * Runs one command in a trainer process. The outcome comes when the process has ended, so nothing of it is left
 * behind. A process that ends without a result is `trainer_crashed`, or `cancelled` where it was told to stop.
 */
export function startJob<R extends Result>(
  trainer: TrainerProcess,
  command: Command,
  options: JobOptions,
): Job<R> {
  const { onReport, stopGraceMs = 60_000, killGraceMs = 5_000 } = options
  const waits: (() => void)[] = []
  const later = (ms: number, signal: 'SIGTERM' | 'SIGKILL'): void => {
    waits.push(waitAwake(ms, () => trainer.kill(signal)))
  }
  let stopping = false
  let keeping = false

  const outcome = new Promise<R | ErrorReport>((resolve) => {
    let last: R | ErrorReport | undefined
    const take = (report: Report): void => {
      if (report.type === 'result' || report.type === 'error') {
        last = report as R | ErrorReport
        later(killGraceMs, 'SIGKILL')
      } else onReport(report)
    }
    trainer.onMessage((message) => {
      if (message.type === 'batch') message.reports.forEach(take)
      else take(message)
    })
    trainer.onExit((exit) => {
      waits.forEach((end) => end())
      resolve(
        last ?? {
          type: 'error',
          error: stopping ? cancelled(options.wayOut?.()) : crashed(exit, options.wayOut?.()),
        },
      )
    })
  })
  trainer.send(command)

  return {
    outcome,
    stop: ({ keep = false } = {}) => {
      if (stopping || (keep && keeping)) return
      if (keep) {
        // What is kept is also scored, which takes its time; a plain stop may follow.
        keeping = true
        trainer.send({ kind: 'stop', keep })
        return
      }
      stopping = true
      trainer.send({ kind: 'stop' })
      later(stopGraceMs, 'SIGTERM')
      later(stopGraceMs + killGraceMs, 'SIGKILL')
    },
    kill: () => {
      stopping = true
      trainer.kill('SIGKILL')
    },
  }
}

function cancelled(wayOut = 'It was not finished.'): ErrorValue {
  return { code: 'cancelled', message: `Stopped. ${wayOut}`, details: {} }
}

function crashed(
  exit: TrainerExit,
  wayOut = 'Try again; if it happens again, run loracle doctor.',
): ErrorValue {
  const how = exit.signal
    ? `was ended by ${exit.signal}`
    : `ended by itself with exit code ${exit.exitCode ?? 'unknown'}`
  return {
    code: 'trainer_crashed',
    message: `The trainer process ${how}${memoryHint(exit)}. ${wayOut}`,
    details: { exitCode: exit.exitCode, signal: exit.signal, stderr: exit.lastLines.join('\n') },
  }
}

/** Systems short of memory kill the largest process with SIGKILL; V8 and the C++ library say so before they abort. */
function memoryHint(exit: TrainerExit): string {
  const said = /heap out of memory|bad_alloc|allocation failed/i.test(exit.lastLines.join('\n'))
  return said || exit.signal === 'SIGKILL' ? ', probably for want of memory (a smaller batchSize helps)' : ''
}
