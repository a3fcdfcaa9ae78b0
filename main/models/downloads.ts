import { mkdir } from 'node:fs/promises'
import { AppError } from '../contract/errors.ts'
import type { DownloadState } from '../contract/models.ts'
import { removeFolder } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import { errorValueOf } from '../trainers/error-value.ts'
import type { CatalogueModel } from './catalogue.ts'
import { downloadModel, freeDiskBytes, removePartial } from './download-model.ts'
import type { DownloadProgress } from './download-model.ts'

export interface DownloadsOptions {
  readonly store: Store
  /** The folder that holds all models. */
  readonly models: string
  readonly hubUrl: string
  readonly fetch: typeof fetch
  readonly freeBytes?: ((folder: string) => Promise<number>) | undefined
  readonly retryMs?: number | undefined
  /** Adds what was downloaded to the list of models. */
  readonly onDone: (model: CatalogueModel, folder: string) => Promise<void>
  /** Something of the list of downloads changed. */
  readonly onChange: () => void
}

/** Downloads in the background, any number at a time; their states outlive the app. */
export interface Downloads {
  states(): Promise<ReadonlyMap<string, DownloadState>>
  start(model: CatalogueModel): Promise<DownloadState>
  pause(model: CatalogueModel): Promise<DownloadState>
  /** Stops it, and forgets and removes what has come. */
  discard(model: Pick<CatalogueModel, 'id'>): Promise<void>
  /** Streams states, at most five times a second each, until the signal aborts. */
  watch(emit: (state: DownloadState) => void, signal: AbortSignal): Promise<never>
  /** Pauses what goes on. */
  dispose(): Promise<void>
}

interface Going {
  readonly stopping: AbortController
  readonly ended: Promise<undefined>
}

const intervalMs = 200
/** The time over which the speed is measured. */
const speedMs = 3_000

export function createDownloads(options: DownloadsOptions): Downloads {
  const { store, models } = options
  const going = new Map<string, Going>()
  const states = new Map<string, DownloadState>()
  const watchers = new Set<(state: DownloadState) => void>()
  const loaded = loadStates(store, states)

  const save = async (state: DownloadState): Promise<void> => {
    states.set(state.catalogueId, state)
    for (const watcher of watchers) watcher(state)
    const json = JSON.stringify(state)
    await store.run(
      `INSERT INTO download (catalogue_id, status, state) VALUES (?, ?, ?)
        ON CONFLICT (catalogue_id) DO UPDATE SET status = excluded.status, state = excluded.state`,
      state.catalogueId,
      state.status,
      json,
    )
    options.onChange()
  }
  const stateOf = ({ id, downloadBytes }: CatalogueModel): DownloadState =>
    states.get(id) ?? {
      catalogueId: id,
      status: 'listing',
      bytesDone: 0,
      bytesTotal: downloadBytes,
      bytesPerSecond: 0,
      file: null,
      error: null,
    }

  const work = async (model: CatalogueModel, stopping: AbortController): Promise<void> => {
    const speed = speedometer()
    const onProgress = (progress: DownloadProgress): void => {
      const bytesTotal = progress.bytesTotal || stateOf(model).bytesTotal
      const bytesPerSecond = speed(progress.bytesDone)
      const state = { catalogueId: model.id, ...progress, bytesTotal, bytesPerSecond, error: null }
      states.set(model.id, state)
      for (const watcher of watchers) watcher(state)
    }
    const { freeBytes = freeDiskBytes, retryMs = 500 } = options
    try {
      const { signal } = stopping
      const folder = await downloadModel(model, { ...options, freeBytes, retryMs, signal, onProgress })
      await options.onDone(model, folder).catch(async (thrown: unknown) => {
        await removeFolder(folder)
        throw thrown
      })
      const { bytesTotal } = stateOf(model)
      await save({ ...stateOf(model), status: 'done', bytesDone: bytesTotal, bytesPerSecond: 0, file: null })
    } catch (thrown) {
      const status = stopping.signal.aborted ? 'paused' : 'failed'
      const error = stopping.signal.aborted ? null : errorValueOf(thrown)
      await save({ ...stateOf(model), status, bytesPerSecond: 0, error })
    } finally {
      going.delete(model.id)
    }
  }
  const stop = async (model: Pick<CatalogueModel, 'id'>): Promise<void> => {
    const one = going.get(model.id)
    one?.stopping.abort()
    await one?.ended
  }

  return {
    states: async () => {
      await loaded
      return states
    },
    start: async (model) => {
      await loaded
      const before = going.get(model.id)
      if (before && !rests(stateOf(model))) return stateOf(model)
      // One that has just failed is told of before it has wholly ended.
      await before?.ended
      const stopping = new AbortController()
      const { promise: ended, resolve } = Promise.withResolvers<undefined>()
      going.set(model.id, { stopping, ended })
      const begun: DownloadState = { ...stateOf(model), status: 'listing', bytesPerSecond: 0, error: null }
      try {
        await mkdir(models, { recursive: true })
        await save(begun)
      } catch (thrown) {
        going.delete(model.id)
        resolve(undefined)
        throw thrown
      }
      void work(model, stopping)
        .catch(() => {
          // The state could not be stored; what was downloaded is found again by the next start.
        })
        .then(() => resolve(undefined))
      return begun
    },
    pause: async (model) => {
      await loaded
      await stop(model)
      return stateOf(model)
    },
    discard: async (model) => {
      await loaded
      await stop(model)
      await removePartial(models, model.id)
      states.delete(model.id)
      await store.run('DELETE FROM download WHERE catalogue_id = ?', model.id)
      options.onChange()
    },
    watch: async (emit, signal) => {
      await loaded
      const pending = new Map(states)
      const send = (): void => {
        for (const state of pending.values()) emit(state)
        pending.clear()
      }
      const watcher = (state: DownloadState): void => {
        pending.set(state.catalogueId, state)
      }
      watchers.add(watcher)
      send()
      const timer = setInterval(send, intervalMs)
      const { promise, reject } = Promise.withResolvers<never>()
      const end = (): void => reject(new AppError('cancelled', 'The downloads are no longer watched.'))
      signal.addEventListener('abort', end, { once: true })
      if (signal.aborted) end()
      return promise.finally(() => {
        clearInterval(timer)
        watchers.delete(watcher)
      })
    },
    dispose: async () => {
      await Promise.all([...going.keys()].map((id) => stop({ id })))
    },
  }
}

/** Downloads that an earlier process of the app had going are paused: nothing is fetched unasked. */
async function loadStates(store: Store, states: Map<string, DownloadState>): Promise<void> {
  for (const { state } of await store.all<{ state: string }>('SELECT state FROM download')) {
    const stored = JSON.parse(state) as DownloadState
    states.set(
      stored.catalogueId,
      rests(stored) ? stored : { ...stored, status: 'paused', bytesPerSecond: 0, file: null },
    )
  }
}

const rests = ({ status }: DownloadState): boolean => ['paused', 'failed', 'done'].includes(status)

/** Bytes a second over the last few seconds. What was there at the start does not count. */
function speedometer(): (bytes: number) => number {
  let samples: readonly { readonly at: number; readonly bytes: number }[] = []
  return (bytes) => {
    const at = performance.now()
    const last = samples.at(-1)
    if (last && at - last.at < intervalMs / 2) return rate(samples, at, bytes)
    samples = [
      ...samples.filter((sample) => at - sample.at < speedMs && sample.bytes <= bytes),
      { at, bytes },
    ]
    return rate(samples, at, bytes)
  }
}

function rate(
  samples: readonly { readonly at: number; readonly bytes: number }[],
  at: number,
  bytes: number,
): number {
  const [first] = samples
  return first && at - first.at > intervalMs
    ? Math.max(0, Math.round(((bytes - first.bytes) / (at - first.at)) * 1000))
    : 0
}
