import { randomUUID } from 'node:crypto'
import { parseSettings } from '../../trainer/protocol.ts'
import type { AnswerReport, AnswerRequest, Report, ServeResult, Settings } from '../../trainer/protocol.ts'
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

export interface AskOptions {
  /** A piece of the answer from the first context, by column. */
  readonly onToken?: (column: number, text: string) => void
  /** Called where a process or a model has to be loaded first. */
  readonly onLoading?: () => void
  readonly signal?: AbortSignal
}

/** Answers questions in a trainer process of its own, so that training never blocks them. */
export interface Answering {
  /**
   * Answers one request; requests wait for one another.
   *
   * @throws AppError `cancelled`, `busy`, `trainer_crashed`, or what the trainer says of the request.
   */
  ask(request: AnswerRequest, options?: AskOptions): Promise<AnswerReport>
  /** Ends the process; what waits fails as `cancelled`. */
  dispose(): Promise<void>
}

/** Requests that may wait for their turn. */
const queueBound = 64

interface Waiting {
  readonly id: string
  readonly request: AnswerRequest
  readonly options: AskOptions
  readonly settle: (outcome: AnswerReport | ErrorValue) => void
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
    else if (report.type === 'answer') finish(report)
    else finish(report.error)
  }

  const finish = (outcome: AnswerReport | ErrorValue): void => {
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

  return {
    ask: (request, askOptions = {}) =>
      new Promise((resolve, reject) => {
        const { signal } = askOptions
        const refused = refusal(queue.length, disposed, signal)
        if (refused) {
          reject(refused)
          return
        }
        const waiting: Waiting = {
          id: randomUUID(),
          request,
          options: askOptions,
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
      }),
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
