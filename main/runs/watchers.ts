import { AppError } from '../contract/errors.ts'
import type {
  LogLine,
  RunDetail,
  RunProgress,
  RunUpdate,
  StepPoint,
  ValidationPoint,
} from '../contract/runs.ts'
import { thinPoints } from './thin.ts'

/** What has become new of a run. */
export interface News {
  readonly points?: readonly StepPoint[]
  readonly validations?: readonly ValidationPoint[]
  readonly log?: readonly LogLine[]
  /** The run's own row changed. */
  readonly row?: boolean
  /** Steps are done again: a watcher needs everything anew. */
  readonly rewound?: boolean
}

export type Snapshot = Extract<RunUpdate, { kind: 'snapshot' }>

/** Reads what watchers are told. Both throw `run_missing` where the run is gone. */
export interface RunViews {
  /** `live`: taken from memory, with everything that was published up to the moment it resolved. */
  snapshot(runId: string, maxPoints: number): Promise<{ readonly snapshot: Snapshot; readonly live: boolean }>
  progress(runId: string): Promise<RunProgress>
  detail(runId: string): Promise<RunDetail>
}

export interface Watchers {
  publish(runId: string, news: News): void
  /** Sends a snapshot, then what is new, until the signal aborts. @throws AppError `cancelled`, `run_missing`. */
  watch(runId: string, options: WatchOptions): Promise<never>
}

export interface WatchOptions {
  readonly maxPoints: number
  readonly emit: (update: RunUpdate) => void
  readonly signal: AbortSignal
}

interface Pending {
  points: StepPoint[]
  validations: ValidationPoint[]
  log: LogLine[]
  row: boolean
  rewound: boolean
}

const nothingPending = (): Pending => ({ points: [], validations: [], log: [], row: false, rewound: false })

/** Serves the watchers of all runs; each is told at most every `intervalMs`. */
export function createWatchers(views: RunViews, intervalMs = 100): Watchers {
  const listeners = new Map<string, Set<(news: News) => void>>()
  return {
    publish: (runId, news) => {
      for (const listener of listeners.get(runId) ?? []) listener(news)
    },
    watch: async (runId, options) => {
      const watcher = createWatcher(views, { runId, intervalMs, ...options })
      const ofRun = listeners.get(runId) ?? new Set()
      listeners.set(runId, ofRun.add(watcher.take))
      try {
        return await watcher.ended
      } finally {
        ofRun.delete(watcher.take)
        if (ofRun.size === 0) listeners.delete(runId)
      }
    },
  }
}

function createWatcher(
  views: RunViews,
  { runId, intervalMs, maxPoints, emit, signal }: WatchOptions & { runId: string; intervalMs: number },
): { readonly take: (news: News) => void; readonly ended: Promise<never> } {
  const { promise: ended, reject } = Promise.withResolvers<never>()
  let pending = nothingPending()
  let timer: NodeJS.Timeout | null = null
  let busy = true
  let isOver = false

  const end = (thrown: unknown): void => {
    isOver = true
    if (timer) clearTimeout(timer)
    reject(thrown)
  }
  const send = (update: RunUpdate): void => {
    if (!isOver) emit(update)
  }
  const sendAll = async (): Promise<void> => {
    const { snapshot, live } = await views.snapshot(runId, maxPoints)
    const last = snapshot.series.points.at(-1)?.step ?? 0
    // What was published while the files were read may be in them already.
    pending = live
      ? nothingPending()
      : { ...pending, rewound: false, points: pending.points.filter(({ step }) => step > last) }
    send(snapshot)
  }
  const sendNews = async (): Promise<void> => {
    if (pending.rewound) {
      await sendAll()
      return
    }
    const { points, validations, log, row } = pending
    pending = nothingPending()
    const run = row ? await views.detail(runId) : null
    const progress = await views.progress(runId)
    send({ kind: 'news', run, progress, points: thinPoints(points, maxPoints), validations, log })
  }
  const work = (step: () => Promise<void>): void => {
    busy = true
    step().then(() => {
      busy = false
      timer = setTimeout(() => {
        timer = null
        if (isPending(pending)) work(sendNews)
      }, intervalMs)
    }, end)
  }
  const take = (news: News): void => {
    pending.points.push(...(news.points ?? []))
    pending.validations.push(...(news.validations ?? []))
    pending.log.push(...(news.log ?? []))
    pending.row ||= news.row ?? false
    pending.rewound ||= news.rewound ?? false
    touched = true
    if (!busy && timer === null) work(sendNews)
  }
  let touched = false
  const isPending = ({ points, validations, log, row, rewound }: Pending): boolean => {
    const any = touched || row || rewound || points.length + validations.length + log.length > 0
    touched = false
    return any
  }

  signal.addEventListener(
    'abort',
    () => end(new AppError('cancelled', 'The run is no longer watched.', { runId })),
    { once: true },
  )
  if (signal.aborted) end(new AppError('cancelled', 'The run is no longer watched.', { runId }))
  else work(sendAll)
  return { take, ended }
}
