import { fork } from 'node:child_process'
import type { HostMessage, TrainerMessage } from '../../trainer/protocol.ts'

/** How a trainer process ended. */
export interface TrainerExit {
  /** Null where a signal ended it. */
  readonly exitCode: number | null
  readonly signal: string | null
  /** The last lines that it wrote to its standard streams. */
  readonly lastLines: readonly string[]
}

/** A trainer process as the services see it; a forked Node process and a utility process can both offer it. */
export interface TrainerProcess {
  /** Undefined where the process could not be started. */
  readonly pid: number | undefined
  send(message: HostMessage): void
  onMessage(listener: (message: TrainerMessage) => void): void
  /** Called once, after the last message. */
  onExit(listener: (exit: TrainerExit) => void): void
  kill(signal: 'SIGTERM' | 'SIGKILL'): void
}

const keptLines = 20

/**
 * Forks a trainer process. It dies with this one: the worker ends when its channel closes, and what is still
 * there when this process exits is killed.
 */
export function forkTrainer(workerPath: string): TrainerProcess {
  const child = fork(workerPath, [], {
    serialization: 'advanced',
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  })
  const killWithHost = (): void => {
    child.kill('SIGKILL')
  }
  process.once('exit', killWithHost)

  let written = ''
  const keep = (chunk: string): void => {
    written = (written + chunk).slice(-8192)
    if (process.env['LORACLE_DEBUG'] === '1') process.stderr.write(chunk)
  }
  child.stdout?.setEncoding('utf8').on('data', keep)
  child.stderr?.setEncoding('utf8').on('data', keep)

  return {
    pid: child.pid,
    send: (message) => {
      // A process that has just ended is reported by its exit, not by the message that missed it.
      if (child.connected) child.send(message, () => undefined)
    },
    onMessage: (listener) => child.on('message', (message) => listener(message as unknown as TrainerMessage)),
    onExit: (listener) => {
      let told = false
      const tell = (exitCode: number | null, signal: string | null): void => {
        if (told) return
        told = true
        process.off('exit', killWithHost)
        listener({ exitCode, signal, lastLines: written.trimEnd().split('\n').slice(-keptLines) })
      }
      // 'close' comes after the channel and the streams have been read to their ends; 'exit' may come before.
      child.on('close', tell)
      child.on('error', (error) => {
        if (child.pid !== undefined) return
        keep(error.message)
        tell(null, null)
      })
    },
    kill: (signal) => {
      child.kill(signal)
    },
  }
}
