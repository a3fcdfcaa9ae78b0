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
import { errorOf, errorValueOf } from './error-value.ts'
import { createFairQueue } from './fair-queue.ts'
import type { Client } from './fair-queue.ts'
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
  /** Milliseconds after which a process that does not let go of a question that was taken back is killed. */
  readonly cancelGraceMs?: number
  /** Requests that may wait in all, beside the one that is answered; 64. */
  readonly waitingLimit?: number
  /** Requests that may wait of one client; 16. Those that name no client count towards all alone. */
  readonly waitingLimitPerClient?: number
}

export interface WriteOptions {
  /** Called where a process or a model has to be loaded first. */
  readonly onLoading?: () => void
  /** Pieces of a text as it is written; of a request with one prompt. */
  readonly onText?: (text: string) => void
  readonly signal?: AbortSignal
  /** Who asks: clients take turns, and each one is answered in its order. */
  readonly client?: Client
}

export interface AskOptions extends Omit<WriteOptions, 'onText'> {
  /** A piece of the answer from the first context, by column. */
  readonly onToken?: (column: number, text: string) => void
}

/** What waits and what is answered at this moment, and how much may wait. */
export interface AnsweringLoad {
  readonly waiting: number
  /** 1 or 0: requests are answered one after another. */
  readonly answering: number
  /** How many clients have something waiting. */
  readonly clients: number
  readonly limit: number
  readonly limitPerClient: number
}

/** A request, or what makes it when its turn comes: its place in the queue is taken at once all the same. */
export type Asked<R> = R | (() => Promise<R>)

/** Answers questions and writes texts in a trainer process of its own, so that training never blocks them. */
export interface Answering {
  /**
   * Answers one request; requests wait for one another.
   *
   * @throws AppError `cancelled`, `busy`, `trainer_crashed`, or what the trainer says of the request.
   */
  ask(request: Asked<AnswerRequest>, options?: AskOptions): Promise<AnswerReport>
  /** Writes a text for each prompt; waits and fails as questions do. */
  write(request: WriteRequest, options?: WriteOptions): Promise<WrittenReport>
  load(): AnsweringLoad
  /** Ends the process; what waits fails as `cancelled`. */
  dispose(): Promise<void>
}

/** Of those who do not say who they are; they are all one, whose limit is that of all. */
const nobody = Symbol('nobody')

type Outcome = AnswerReport | WrittenReport | ErrorValue

interface Waiting {
  readonly id: string
  readonly request: Asked<ServedRequest>
  readonly options: AskOptions
  readonly settle: (outcome: Outcome) => void
  /** True from when the process has it. */
  sent: boolean
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
  const {
    startTrainer,
    idleMs = 300_000,
    settings = {},
    stopGraceMs = 3_000,
    cancelGraceMs = 30_000,
  } = options
  const { waitingLimit: limit = 64, waitingLimitPerClient: limitPerClient = 16 } = options
  const queue = createFairQueue<Waiting>({ limit, limitPerClient })
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
      if (current?.sent && outcome.type === 'error') finish(disposed ? closing : outcome.error)
      else if (current?.sent) finish(closing)
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
    if (current || serving?.ending) return
    const first = queue.take()
    if (!first) {
      restAwhile()
      return
    }
    clearTimeout(idle)
    current = first
    if (typeof first.request === 'object') send(first, first.request)
    else void make(first, first.request)
  }

  const make = async (waiting: Waiting, request: () => Promise<ServedRequest>): Promise<void> => {
    try {
      const made = await request()
      // Whoever asked may have gone meanwhile.
      if (current === waiting) send(waiting, made)
    } catch (thrown) {
      if (current === waiting) finish(errorValueOf(thrown))
    }
  }

  const send = (waiting: Waiting, request: ServedRequest): void => {
    waiting.sent = true
    serving ??= start()
    if (serving.model !== request.model) waiting.options.onLoading?.()
    serving.model = request.model
    serving.trainer.send({ kind: 'request', id: waiting.id, request })
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
    if (current !== waiting) {
      if (queue.remove(waiting)) waiting.settle(takenBack)
    } else if (waiting.sent) letGo(waiting)
    else finish(takenBack)
  }

  /** Asks the process to let go of a question; one that no longer hears must not hold up those who wait. */
  const letGo = (waiting: Waiting): void => {
    const holder = serving
    holder?.trainer.send({ kind: 'cancel', id: waiting.id })
    const insist = setTimeout(() => {
      if (current !== waiting || !holder) return
      holder.ending = true
      holder.job.kill()
    }, cancelGraceMs)
    insist.unref()
  }

  const refusal = (client: Client, signal: AbortSignal | undefined): AppError | null => {
    if (disposed) return errorOf(closing)
    if (signal?.aborted) return errorOf(takenBack)
    const full = queue.fullFor(client)
    if (full === null || (full === 'client' && client === nobody)) return null
    const waiting = full === 'client' ? queue.sizeOf(client) : queue.size
    return new AppError(
      'busy',
      `${waiting} questions${full === 'client' ? ' of yours' : ''} are waiting for their answers already. Ask again when some are answered.`,
      { waiting, limit: full === 'client' ? limitPerClient : limit },
    )
  }

  /** Puts a request into the queue; settled with its report, whatever kind it is of. */
  const serve = (
    request: Asked<ServedRequest>,
    requestOptions: AskOptions,
  ): Promise<AnswerReport | WrittenReport> =>
    new Promise((resolve, reject) => {
      const { signal, client = nobody } = requestOptions
      const refused = refusal(client, signal)
      if (refused) {
        reject(refused)
        return
      }
      const waiting: Waiting = {
        id: randomUUID(),
        request,
        options: requestOptions,
        sent: false,
        settle: (outcome) => {
          signal?.removeEventListener('abort', onAbort)
          if ('type' in outcome) resolve(outcome)
          else reject(errorOf(outcome))
        },
      }
      const onAbort = (): void => takeBack(waiting)
      signal?.addEventListener('abort', onAbort)
      queue.add(client, waiting)
      next()
    })

  return {
    ask: async (request, askOptions = {}) => {
      const asked: Asked<ServedRequest> =
        typeof request === 'function'
          ? async () => ({ kind: 'answer', ...(await request()) })
          : { kind: 'answer', ...request }
      const report = await serve(asked, askOptions)
      if (report.type === 'answer') return report
      throw unexpected()
    },
    write: async (request, { onText, ...writeOptions } = {}) => {
      const report = await serve(
        { kind: 'write', ...request },
        { ...writeOptions, ...(onText ? { onToken: (_, text) => onText(text) } : {}) },
      )
      if (report.type === 'written') return report
      throw unexpected()
    },
    load: () => ({
      waiting: queue.size,
      answering: current ? 1 : 0,
      clients: queue.clients,
      limit,
      limitPerClient,
    }),
    dispose: async () => {
      disposed = true
      clearTimeout(idle)
      queue.clear().forEach(({ settle }) => settle(closing))
      if (current && !current.sent) finish(closing)
      end()
      await serving?.job.outcome
    },
  }
}

function unexpected(): AppError {
  return new AppError('internal', 'A request was answered with something else. Ask again.')
}
