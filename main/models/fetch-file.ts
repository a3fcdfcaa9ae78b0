import { createHash } from 'node:crypto'
import type { Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { AppError } from '../contract/errors.ts'
import { hubFetch } from './hub-fetch.ts'
import type { HubFile } from './hub-listing.ts'

export interface FetchOptions {
  readonly fetch: typeof fetch
  readonly signal: AbortSignal
  /** Bytes that have come (negative where they had to be thrown away). */
  readonly onBytes: (count: number) => void
  /** Called while what was there already is read again. */
  readonly onChecking: (checking: boolean) => void
  /** Milliseconds before the first of the further attempts; doubled each time. */
  readonly retryMs: number
}

/** Failures in a row, without a byte of progress between them, after which it is given up. */
const mostAttempts = 5
/** Milliseconds without a byte after which a connection is taken for dead. */
const stallMs = 30_000

/**
 * Downloads one file to `path`, going on where an earlier attempt ended (HTTP Range with If-Range), and checks it
 * while it comes. What is on disk as `path` is whole and right.
 *
 * @throws AppError `download_failed`, `checksum_mismatch` (then the bad file is gone); the signal's reason where it
 * aborts; system errors such as ENOSPC as they are.
 */
export async function fetchFile(
  url: string,
  path: string,
  { file, options }: { readonly file: HubFile; readonly options: FetchOptions },
): Promise<void> {
  const there = await stat(path).catch(() => null)
  if (there?.size === file.bytes) {
    options.onBytes(file.bytes)
    return
  }
  const part = `${path}.part`
  const state = await readPart(part, file, options)
  let failures = 0
  // An empty file is asked for once, so that it is there.
  while (state.bytes < file.bytes || file.bytes === 0) {
    const before = state.bytes
    try {
      await fetchRest(url, part, { file, state, options })
      if (state.bytes === file.bytes) break
    } catch (thrown) {
      if (options.signal.aborted || !isTransient(thrown)) throw thrown
      failures = state.bytes > before ? 1 : failures + 1
      if (failures >= mostAttempts) throw networkFailure(thrown, url)
      await sleep(options.retryMs * 2 ** failures, undefined, { signal: options.signal })
    }
  }
  if (state.hash.digest('hex') !== file.hash.value) {
    await rm(part, { force: true })
    await rm(`${part}.etag`, { force: true })
    options.onBytes(-state.bytes)
    throw new AppError(
      'checksum_mismatch',
      `${file.path} came damaged: its checksum is not the published one. The file was removed; start the download again.`,
      { file: file.path },
    )
  }
  await rename(part, path)
  await rm(`${part}.etag`, { force: true })
}

interface PartState {
  bytes: number
  hash: Hash
}

function newHash({ bytes, hash }: HubFile): Hash {
  // Git hashes a file with its kind and length before it.
  return hash.kind === 'sha256' ? createHash('sha256') : createHash('sha1').update(`blob ${bytes}\0`)
}

/** Reads what an earlier attempt has left, for its hash. */
async function readPart(
  part: string,
  file: HubFile,
  { onBytes, onChecking }: FetchOptions,
): Promise<PartState> {
  const found = await stat(part).catch(() => null)
  const state: PartState = { bytes: 0, hash: newHash(file) }
  if (!found || found.size > file.bytes) {
    await rm(part, { force: true })
    return state
  }
  onChecking(true)
  for await (const chunk of createReadStream(part)) state.hash.update(chunk as Uint8Array)
  onChecking(false)
  state.bytes = found.size
  onBytes(found.size)
  return state
}

async function fetchRest(
  url: string,
  part: string,
  { file, state, options }: { file: HubFile; state: PartState; options: FetchOptions },
): Promise<void> {
  const patience = new AbortController()
  const signal = AbortSignal.any([options.signal, patience.signal])
  let stalled = setTimeout(() => patience.abort(), stallMs)
  const alive = (): void => {
    clearTimeout(stalled)
    stalled = setTimeout(() => patience.abort(), stallMs)
  }
  try {
    const etag = await readFile(`${part}.etag`, 'utf8').catch(() => null)
    const resuming = state.bytes > 0
    const response = await hubFetch(url, {
      fetch: options.fetch,
      signal,
      headers: {
        // A transparently unpacked body has another length than the file.
        'accept-encoding': 'identity',
        ...(resuming ? { range: `bytes=${state.bytes}-` } : {}),
        ...(resuming && etag !== null ? { 'if-range': etag } : {}),
      },
    })
    const goesOn = response.status === 206 && startsAt(response) === state.bytes
    if (response.status === 416 || (response.ok && !goesOn)) {
      options.onBytes(-state.bytes)
      state.bytes = 0
      state.hash = newHash(file)
      await rm(part, { force: true })
    }
    if (!response.ok || !response.body || (response.status === 206 && !goesOn)) {
      await response.body?.cancel()
      throw new HttpFailure(response.status, url)
    }
    const given = response.headers.get('etag')
    if (given !== null && !given.startsWith('W/')) await writeFile(`${part}.etag`, given)
    const out = await open(part, goesOn ? 'a' : 'w')
    try {
      for await (const chunk of response.body) {
        alive()
        if (state.bytes + chunk.byteLength > file.bytes) throw await tooLong(file, part)
        await out.writeFile(chunk)
        state.hash.update(chunk)
        state.bytes += chunk.byteLength
        options.onBytes(chunk.byteLength)
      }
      await out.sync()
    } finally {
      await out.close()
    }
    if (state.bytes < file.bytes) throw new TypeError('the connection ended early')
  } finally {
    clearTimeout(stalled)
  }
}

function startsAt(response: Response): number {
  return Number(/^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1] ?? -1)
}

/** A server that answered with an error. */
export class HttpFailure extends Error {
  readonly status: number
  constructor(status: number, url: string) {
    super(`HTTP ${status} from ${new URL(url).host}`)
    this.status = status
  }
}

async function tooLong(file: HubFile, part: string): Promise<AppError> {
  await rm(part, { force: true })
  return new AppError(
    'checksum_mismatch',
    `${file.path} is longer than its published ${file.bytes} bytes. Start the download again.`,
    { file: file.path },
  )
}

function isTransient(thrown: unknown): boolean {
  if (thrown instanceof AppError) return false
  if (thrown instanceof HttpFailure)
    return thrown.status >= 500 || [206, 408, 416, 425, 429].includes(thrown.status)
  // What fetch throws; system errors of the disk have another form.
  return thrown instanceof TypeError || (thrown instanceof Error && thrown.name === 'AbortError')
}

/** What went wrong on the way as an error for a person. */
export function networkFailure(thrown: unknown, url: string): AppError {
  const { host } = new URL(url)
  if (thrown instanceof HttpFailure) {
    const { status } = thrown
    const why =
      status === 404
        ? 'the file is no longer there. Choose another model, or add a folder from disk.'
        : status === 401 || status === 403
          ? 'it wants an account for this model. Download it in a browser and add its folder.'
          : 'try again later; what has come is kept.'
    return new AppError('download_failed', `${host} answered with HTTP ${status}: ${why}`, { status, url })
  }
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown
  const said = cause instanceof Error ? cause.message : String(cause)
  return new AppError(
    'download_failed',
    `${host} cannot be reached or broke off: ${said}. Check the connection and go on with the download; what has come is kept.`,
    { url, reason: said },
  )
}
