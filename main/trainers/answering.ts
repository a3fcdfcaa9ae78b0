import { randomUUID } from 'node:crypto'
import { parseSettings } from '../../trainer/protocol.ts'
import type {
  AnswerReport,
  AnswerRequest,
  Report,
  ServedRequest,
  ServeResult,
  Settings,
  WriteRequest,
  WrittenReport,
} from '../../trainer/protocol.ts'
import type { Job } from '../contract/engine.ts'
import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'
import { errorOf } from './error-value.ts'
import { startJob } from './trainer-job.ts'
import type { TrainerProcess } from './trainer-process.ts'

export interface AnsweringOptions {
  readonly startTrainer: () => TrainerProcess
  /** Milliseconds without a question after which the process is ended, for its memory; five minutes. */
  readonly idleMs?: number
  /** What holds for the process as a whole: threads and provider. */
  readonly settings?: Partial<Settings>
  /** Milliseconds that the process has for an orderly end. */
  readonly stopGraceMs?: number
}

export interface WriteOptions {
  /** Called where a process or a model has to be loaded first. */
  readonly onLoading?: () => void
  readonly signal?: AbortSignal
}

export interface AskOptions extends WriteOptions {
  /** A piece of the answer from the first context, by column. */
  readonly onToken?: (column: number, text: string) => void
}

/** Answers questions and writes texts in a trainer process of its own, so that training never blocks them. */
export interface Answering {
  /**
   * Answers one request; requests wait for one another.
   *
   * @throws AppError `cancelled`, `busy`, `trainer_crashed`, or what the trainer says of the request.
   */
  ask(request: AnswerRequest, options?: AskOptions): Promise<AnswerReport>
  /** Writes a text for each prompt; waits and fails as questions do. */
  write(request: WriteRequest, options?: WriteOptions): Promise<WrittenReport>
  /** Ends the process; what waits fails as `cancelled`. */
  dispose(): Promise<void>
}

/** Requests that may wait for their turn. */
const queueBound = 64

type Outcome = AnswerReport | WrittenReport | ErrorValue

interface Waiting {
  readonly id: string
  readonly request: ServedRequest
  readonly options: AskOptions
  readonly settle: (outcome: Outcome) => void
}

interface Serving {
  readonly trainer: TrainerProcess
  readonly job: Job<ServeResult>
  /** The model that it has loaded last. */
  model: string | null
  ending: boolean
}

const takenBack: ErrorValue = { code: 'cancelled', message: 'The question was taken back.', details: {} }
const closing: ErrorValue = {
  code: 'cancelled',
  message: 'Loracle is closing: the question was not answered. Ask again after the next start.',
  details: {},
}

/**
 * The long-lived answering process, started with the first question, ended when idle, and started anew after a
 * crash: the question that it crashed on fails, those that wait are answered by the next process.
 */
export function createAnswering(options: AnsweringOptions): Answering {
  const { startTrainer, idleMs = 300_000, settings = {}, stopGraceMs = 3_000 } = options
  let queue: readonly Waiting[] = []
  let current: Waiting | null = null
  let serving: Serving | null = null
  let idle: NodeJS.Timeout | undefined
  let disposed = false

  const start = (): Serving => {
    const trainer = startTrainer()
    const job = startJob<ServeResult>(
      trainer,
      { kind: 'serve', settings: parseSettings(settings) },
      { onReport: take, stopGraceMs, killGraceMs: 1_000, wayOut: () => 'Ask again.' },
    )
    const started: Serving = { trainer, job, model: null, ending: false }
    void job.outcome.then((outcome) => {
      if (serving === started) serving = null
      if (current && outcome.type === 'error') finish(disposed ? closing : outcome.error)
      else if (current) finish(closing)
      else next()
    })
    return started
  }

  const take = (report: Report): void => {
    if (!current || !('id' in report) || report.id !== current.id) return
    if (report.type === 'answer-token') current.options.onToken?.(report.column, report.text)
    else if (report.type === 'request-error') finish(report.error)
    else finish(report)
  }

  const finish = (outcome: Outcome): void => {
    const done = current
    current = null
    done?.settle(outcome)
    next()
  }

  const next = (): void => {
    const [first, ...rest] = queue
    if (current || serving?.ending) return
    if (!first) {
      restAwhile()
      return
    }
    clearTimeout(idle)
    queue = rest
    current = first
    serving ??= start()
    if (serving.model !== first.request.model) first.options.onLoading?.()
    serving.model = first.request.model
    serving.trainer.send({ kind: 'request', id: first.id, request: first.request })
  }

  const restAwhile = (): void => {
    clearTimeout(idle)
    if (!serving) return
    idle = setTimeout(end, idleMs)
    idle.unref()
  }

  const end = (): void => {
    if (!serving || serving.ending) return
    serving.ending = true
    serving.job.stop()
  }

  const takeBack = (waiting: Waiting): void => {
    if (current === waiting) serving?.trainer.send({ kind: 'cancel', id: waiting.id })
    else if (queue.includes(waiting)) {
      queue = queue.filter((other) => other !== waiting)
      waiting.settle(takenBack)
    }
  }

  /** Puts a request into the queue; settled with its report, whatever kind it is of. */
  const serve = (request: ServedRequest, requestOptions: AskOptions): Promise<AnswerReport | WrittenReport> =>
    new Promise((resolve, reject) => {
      const { signal } = requestOptions
      const refused = refusal(queue.length, disposed, signal)
      if (refused) {
        reject(refused)
        return
      }
      const waiting: Waiting = {
        id: randomUUID(),
        request,
        options: requestOptions,
        settle: (outcome) => {
          signal?.removeEventListener('abort', onAbort)
          if ('type' in outcome) resolve(outcome)
          else reject(errorOf(outcome))
        },
      }
      const onAbort = (): void => takeBack(waiting)
      signal?.addEventListener('abort', onAbort)
      queue = [...queue, waiting]
      next()
    })

  return {
    ask: async (request, askOptions = {}) => {
      const report = await serve({ kind: 'answer', ...request }, askOptions)
      if (report.type === 'answer') return report
      throw unexpected()
    },
    write: async (request, writeOptions = {}) => {
      const report = await serve({ kind: 'write', ...request }, writeOptions)
      if (report.type === 'written') return report
      throw unexpected()
    },
    dispose: async () => {
      disposed = true
      clearTimeout(idle)
      const waiting = queue
      queue = []
      waiting.forEach(({ settle }) => settle(closing))
      end()
      await serving?.job.outcome
    },
  }
}

function unexpected(): AppError {
  return new AppError('internal', 'A request was answered with something else. Ask again.')
}

function refusal(waiting: number, disposed: boolean, signal: AbortSignal | undefined): AppError | null {
  if (disposed) return new AppError(closing.code, closing.message)
  if (signal?.aborted) return new AppError(takenBack.code, takenBack.message)
  if (waiting >= queueBound)
    return new AppError(
      'busy',
      `${waiting} questions are waiting for their answers already. Ask again when some are answered.`,
      { waiting },
    )
  return null
}
