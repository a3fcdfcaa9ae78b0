/**
 * The entry of a trainer process. The host starts it, sends one `Command`, gets `Report`s and at the end one
 * `result` or `error`; then the process ends by itself. After `serve` it takes requests until it is told to stop.
 * It never outlives its host.
 */
import type { TrainerContext } from './context.ts'
import { TrainerError, toErrorValue } from './errors.ts'
import { openHostPort } from './host-port.ts'
import type { HostPort } from './host-port.ts'
import type { CancelMessage, Command, Report, RequestMessage, Result, StopMessage } from './protocol.ts'
import { reportBatches } from './report-batches.ts'

type ServeMessage = RequestMessage | CancelMessage

/** Requests in the order in which they came; those that came early wait for their listener. */
class Inbox {
  #early: ServeMessage[] = []
  #listener: ((message: ServeMessage) => void) | null = null

  deliver(message: ServeMessage): void {
    if (this.#listener) this.#listener(message)
    else this.#early.push(message)
  }

  listen(listener: (message: ServeMessage) => void): void {
    this.#listener = listener
    this.#early.forEach(listener)
    this.#early = []
  }
}

/** Runs one command. Modules are imported on demand, so that `score` never loads ONNX Runtime. */
async function execute(command: Command, context: TrainerContext, inbox: Inbox): Promise<Result> {
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
    case 'check-provider':
      return (await import('./doctor.ts')).checkOne(command, context)
    case 'estimate':
      return (await import('./estimate.ts')).estimate(command, context)
    case 'merge':
      return (await import('./merge.ts')).merge(command, context)
    case 'export-onnx':
      return (await import('./export/export-onnx.ts')).exportOnnx(command, context)
    case 'inspect-adapter':
      return (await import('./inspect-adapter.ts')).inspectAdapter(command, context)
    case 'serve':
      return (await import('./serve.ts')).serve(command, context, (listener) => {
        inbox.listen(listener)
      })
  }
}

function connect(port: HostPort): void {
  const [stopping, keeping] = [new AbortController(), new AbortController()]
  const inbox = new Inbox()
  const batches = reportBatches((message) => port.send(message))
  let running: Command['kind'] | null = null
  let ended = false

  const end = async (report: Report): Promise<void> => {
    if (ended) return
    batches.add(report)
    ended = true
    await batches.flush()
    process.exit(0)
  }
  const fail = (thrown: unknown): Promise<void> => end({ type: 'error', error: toErrorValue(thrown) })
  const context: TrainerContext = {
    report: (report) => {
      // What is reported is written down next.
      port.requireHost()
      if (!ended) batches.add(report)
    },
    stop: stopping.signal,
    keep: keeping.signal,
  }
  const stop = ({ keep }: StopMessage): void => {
    // Only a training run has something to keep.
    if (keep && running === 'train') keeping.abort()
    else stopping.abort()
  }

  // The terminal sends Ctrl-C to the whole process group; the host decides what it means.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => stopping.abort())
  process.on('uncaughtException', (thrown) => void fail(thrown))
  process.on('unhandledRejection', (thrown) => void fail(thrown))
  // Nobody is left who could want the rest.
  port.onClose(() => process.kill(process.pid, 'SIGKILL'))
  port.onMessage((message) => {
    switch (message.kind) {
      case 'stop':
        stop(message)
        return
      case 'request':
      case 'cancel':
        inbox.deliver(message)
        return
      default:
        if (running)
          void fail(
            new TrainerError(
              'internal',
              'A trainer process takes one command, and it was sent a second one.',
            ),
          )
        else {
          running = message.kind
          execute(message, context, inbox).then(end, fail)
        }
    }
  })
}

const port = openHostPort()
if (port) connect(port)
else {
  process.stderr.write('This file is the trainer process of loracle; run loracle instead.\n')
  process.exitCode = 1
}
