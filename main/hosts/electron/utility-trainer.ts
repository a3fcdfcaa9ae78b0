import { utilityProcess } from 'electron'
import type { TrainerExit, TrainerProcess } from '../../app.ts'

const keptCharacters = 8192
const keptLines = 20
/** How long the streams of a process that has ended are read on. */
const drainMs = 500

/** POSIX wait statuses of the signals that end a trainer; with 128 added where a core was written. */
const signals: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
}

/** Starts a trainer process as a utility process of Electron, which ends with the program. */
export function forkUtilityTrainer(workerPath: string): TrainerProcess {
  const child = utilityProcess.fork(workerPath, [], {
    serviceName: 'Loracle trainer',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let pid: number | undefined
  let hasExited = false
  child.once('spawn', () => (pid = child.pid))

  let written = ''
  const keep = (chunk: unknown): void => {
    written = (written + String(chunk)).slice(-keptCharacters)
    if (process.env['LORACLE_DEBUG'] === '1') process.stderr.write(String(chunk))
  }
  const streams = [child.stdout, child.stderr].filter((stream) => stream !== null)
  const drained = streams.map(
    (stream) =>
      new Promise<void>((resolve) => {
        stream.on('data', keep)
        stream.once('end', resolve).once('close', resolve).once('error', resolve)
      }),
  )

  return {
    get pid() {
      return pid ?? child.pid
    },
    send: (message) => {
      if (!hasExited) child.postMessage(message)
    },
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) =>
      child.once('exit', (code) => {
        hasExited = true
        const bound = new Promise((resolve) => setTimeout(resolve, drainMs))
        // The streams may still hold the last lines, which say why.
        void Promise.race([Promise.all(drained), bound]).then(() =>
          listener({ ...howItEnded(code), lastLines: written.trimEnd().split('\n').slice(-keptLines) }),
        )
      }),
    kill: (signal) => {
      if (hasExited) return
      if (signal === 'SIGKILL' && pid !== undefined) killAtOnce(pid)
      else child.kill()
    },
  }
}

function howItEnded(code: number): Omit<TrainerExit, 'lastLines'> {
  const signal = process.platform === 'win32' ? undefined : signals[code & 127]
  return signal === undefined ? { exitCode: code, signal: null } : { exitCode: null, signal }
}

function killAtOnce(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended in this moment.
  }
}
