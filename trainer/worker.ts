/**
 * The entry of a trainer process. The host forks it, sends one `Command`, gets `Report`s and at the end one
 * `result` or `error`; then the process ends by itself. It never outlives its host.
 */
import type { TrainerContext } from './context.ts'
import { TrainerError, toErrorValue } from './errors.ts'
import type { Command, Report, Result, StopMessage } from './protocol.ts'

/** How a trainer process and its host talk; a forked Node process and a utility process can both offer it. */
interface HostPort {
  onMessage(listener: (message: Command | StopMessage) => void): void
  /** Called when the host is gone. */
  onClose(listener: () => void): void
  /** Resolves when the message has left this process. */
  send(report: Report): Promise<void>
}

function forkedPort(): HostPort {
  return {
    onMessage: (listener) => process.on('message', (message) => listener(message as Command | StopMessage)),
    onClose: (listener) => process.on('disconnect', listener),
    send: (report) =>
      new Promise((resolve) => {
        if (!process.connected || !process.send) resolve()
        else process.send(report, undefined, undefined, () => resolve())
      }),
  }
}

/** Runs one command. Modules are imported on demand, so that `score` never loads ONNX Runtime. */
async function execute(command: Command, context: TrainerContext): Promise<Result> {
  switch (command.kind) {
    case 'train':
      return (await import('./finetune.ts')).finetune(command, context)
    case 'evaluate':
      return (await import('./evaluate.ts')).evaluate(command, context)
    case 'predict':
      return (await import('./evaluate.ts')).predict(command, context)
    case 'ask':
      return (await import('./ask.ts')).ask(command, context)
    case 'score':
      return (await import('./score.ts')).score(command, context)
    case 'doctor':
      return (await import('./doctor.ts')).doctor(command, context)
  }
}

function serve(port: HostPort): void {
  const stopping = new AbortController()
  let busy = false
  let ended = false

  const end = async (report: Report): Promise<void> => {
    if (ended) return
    ended = true
    await port.send(report)
    process.exit(0)
  }
  const fail = (thrown: unknown): Promise<void> => end({ type: 'error', error: toErrorValue(thrown) })
  const context: TrainerContext = {
    report: (report) => {
      if (!ended) void port.send(report)
    },
    stop: stopping.signal,
  }

  // The terminal sends Ctrl-C to the whole process group; the host decides what it means.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => stopping.abort())
  process.on('uncaughtException', (thrown) => void fail(thrown))
  process.on('unhandledRejection', (thrown) => void fail(thrown))
  port.onClose(() => process.exit(1))
  port.onMessage((message) => {
    if (message.kind === 'stop') {
      stopping.abort()
      return
    }
    if (busy) {
      void fail(
        new TrainerError('internal', 'A trainer process takes one command, and it was sent a second one.'),
      )
      return
    }
    busy = true
    execute(message, context).then(end, fail)
  })
}

if (process.send) serve(forkedPort())
else {
  process.stderr.write('This file is the trainer process of loracle; run loracle instead.\n')
  process.exitCode = 1
}
