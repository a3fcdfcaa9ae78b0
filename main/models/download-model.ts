import { mkdir, rename, stat, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../contract/errors.ts'
import { removeFolder } from '../store/files.ts'
import type { CatalogueModel } from './catalogue.ts'
import { HttpFailure, fetchFile, networkFailure } from './fetch-file.ts'
import { hubFetch, readHubJson } from './hub-fetch.ts'
import { chooseFiles } from './hub-listing.ts'
import type { HubFile } from './hub-listing.ts'

/** What changes while a model is downloaded. */
export interface DownloadProgress {
  readonly status: 'listing' | 'downloading' | 'checking'
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly file: string | null
}

export interface DownloadOptions {
  /** The folder that holds all models. */
  readonly models: string
  readonly hubUrl: string
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  readonly onProgress: (progress: DownloadProgress) => void
  /** Bytes that can be written below a folder. */
  readonly freeBytes: (folder: string) => Promise<number>
  readonly retryMs: number
}

/** Room that is left on the disk for everything else. */
const spareBytes = 64 * 1024 ** 2

/** Where the files of an unfinished download lie. */
export function partialFolder(models: string, catalogueId: string): string {
  return join(models, '.partial', catalogueId)
}

/**
 * Downloads a model, going on with what is there already, and returns its folder, which appears whole or not at all.
 *
 * @throws AppError `download_failed`, `checksum_mismatch`, `disk_full`; the signal's reason where it aborts.
 */
export async function downloadModel(model: CatalogueModel, options: DownloadOptions): Promise<string> {
  const { models, hubUrl, signal } = options
  const partial = partialFolder(models, model.id)
  const progress = progressOf(options)
  progress.change({ status: 'listing' })
  const listing = await readListing(
    `${hubUrl}/api/models/${model.repository}/tree/${model.revision}?recursive=true`,
    options,
  )
  const files = chooseFiles(listing, model)
  progress.change({ bytesTotal: files.reduce((sum, { bytes }) => sum + bytes, 0) })
  await mkdir(partial, { recursive: true })
  await requireSpace(partial, files, options)
  for (const file of files) {
    signal.throwIfAborted()
    progress.change({ status: 'downloading', file: file.path })
    const url = `${hubUrl}/${model.repository}/resolve/${model.revision}/${encodeURIComponent(file.path)}`
    const fetching = {
      ...options,
      onBytes: progress.count,
      onChecking: (checking: boolean) => progress.change({ status: checking ? 'checking' : 'downloading' }),
    }
    await fetchFile(url, join(partial, file.path), { file, options: fetching }).catch((thrown: unknown) => {
      throw thrown instanceof HttpFailure ? networkFailure(thrown, url) : thrown
    })
  }
  const folder = await freeName(join(models, model.id))
  await rename(partial, folder)
  return folder
}

function progressOf({ onProgress }: DownloadOptions) {
  let state: DownloadProgress = { status: 'listing', bytesDone: 0, bytesTotal: 0, file: null }
  const change = (more: Partial<DownloadProgress>): void => {
    state = { ...state, ...more }
    onProgress(state)
  }
  return { change, count: (bytes: number) => change({ bytesDone: state.bytesDone + bytes }) }
}

const mostAttempts = 4
const listingMs = 30_000

async function readListing(url: string, options: DownloadOptions): Promise<unknown> {
  const { signal, retryMs } = options
  for (let attempt = 1; ; attempt++) {
    try {
      const response = await hubFetch(url, {
        fetch: options.fetch,
        signal: AbortSignal.any([signal, AbortSignal.timeout(listingMs)]),
      })
      if (!response.ok) throw new HttpFailure(response.status, url)
      return await readHubJson(response, url)
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof AppError) throw thrown
      const final = thrown instanceof HttpFailure && thrown.status < 500 && thrown.status !== 429
      if (final || attempt === mostAttempts) throw networkFailure(thrown, url)
      await sleep(retryMs * 2 ** attempt, undefined, { signal })
    }
  }
}

async function requireSpace(
  partial: string,
  files: readonly HubFile[],
  { freeBytes }: DownloadOptions,
): Promise<void> {
  let needed = spareBytes
  for (const { path, bytes } of files) {
    const there = [join(partial, path), join(partial, `${path}.part`)]
    const sizes = await Promise.all(there.map(async (one) => (await stat(one).catch(() => null))?.size ?? 0))
    needed += Math.max(0, bytes - Math.max(...sizes))
  }
  const free = await freeBytes(partial)
  if (free >= needed) return
  const mb = (bytes: number): number => Math.ceil(bytes / 1e6)
  throw new AppError(
    'disk_full',
    `The download needs ${mb(needed)} MB, and ${mb(free)} MB are free where ${partial} lies. Free some space, or choose a smaller model; what has come is kept.`,
    { needed, free },
  )
}

/** Bytes that this user can still write below a folder. */
export async function freeDiskBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

async function freeName(base: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = number === 1 ? base : `${base}-${number}`
    if (!(await stat(path).catch(() => null))) return path
  }
}

/** Removes what an unfinished download has left. */
export function removePartial(models: string, catalogueId: string): Promise<void> {
  return removeFolder(partialFolder(models, catalogueId))
}
