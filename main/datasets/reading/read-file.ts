import { basename } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { ResourceLimits } from 'node:worker_threads'
import type { Inspection, MappedPreview } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { errorOf } from '../../trainers/error-value.ts'
import type { ImportedAs } from '../importing/open-import.ts'
import { detect } from '../readers/detect.ts'
import type {
  ImportTask,
  InspectTask,
  NextMessage,
  PreviewTask,
  ReadingMessage,
  ReadingTask,
  SentBatch,
} from './reading-task.ts'

/**
 * Memory that the reading of one file may take, in MB of JavaScript's heap. Tables that are read row by row need
 * little, and a small heap is collected early: a file of any size then takes little more than a small one.
 */
const heaps = {
  whole: { maxOldGenerationSizeMb: 640 },
  byRow: { maxOldGenerationSizeMb: 200, maxYoungGenerationSizeMb: 24 },
} as const
const readByRow: readonly string[] = ['csv', 'tsv', 'jsonl']
/**
 * A file counts as one that cannot be read after so many milliseconds of work without a sign of life, or of waiting
 * (for a slow disk, or a machine that is busy with other work).
 */
const longestWork = 9_000
const longestWait = 60_000
const lookEvery = 500
/** Milliseconds that a look at a file may take in all, whatever the signs of life. */
const longestLook = 60_000

/** From source beside this file; in a build, where this file is part of a bundle, at the top of the bundles. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts')
    ? './reading-worker.ts'
    : import.meta.url.includes('/chunks/')
      ? '../reader.js'
      : './reader.js',
  import.meta.url,
)

/**
 * Looks at a file in a thread of its own.
 *
 * @throws AppError `cancelled`, `file_unreadable` (also where it takes too long), `file_too_large` (also where it
 * takes too much memory), and what the readers throw.
 */
export async function inspectFile(task: Omit<InspectTask, 'kind'>, signal: AbortSignal): Promise<Inspection> {
  return (await look({ kind: 'inspect', ...task }, signal)) as Inspection
}

/** Maps the first rows of a file in a thread of its own. @throws as `inspectFile` */
export async function previewFile(
  task: Omit<PreviewTask, 'kind'>,
  signal: AbortSignal,
): Promise<MappedPreview> {
  return (await look({ kind: 'preview', ...task }, signal)) as MappedPreview
}

/** A file that is being read for an import. */
export interface FileReading extends ImportedAs {
  /** Ends with an error as the readers do. */
  readonly batches: AsyncIterable<SentBatch>
  /** Ends the thread, whatever it does. */
  close(): Promise<void>
}

/** Begins to read a file in a thread of its own. Closed by the caller. @throws as `inspectFile` */
export async function openReading(task: Omit<ImportTask, 'kind'>, signal: AbortSignal): Promise<FileReading> {
  const found = await detect(task.path)
  const heap = found.format !== null && readByRow.includes(found.format) ? heaps.byRow : heaps.whole
  const reading = startReading({ kind: 'import', ...task }, { signal, heap })
  try {
    for (;;) {
      const message = await reading.next()
      if (message.kind !== 'opened') continue
      return { ...message.source, batches: batchesOf(reading), close: reading.end }
    }
  } catch (thrown) {
    await reading.end()
    throw thrown
  }
}

async function* batchesOf({ next, allow }: Reading): AsyncGenerator<SentBatch> {
  for (;;) {
    const message = await next()
    if (message.kind === 'done') return
    if (message.kind !== 'batch') continue
    yield message.batch
    allow()
  }
}

async function look(task: ReadingTask, signal: AbortSignal): Promise<Inspection | MappedPreview | null> {
  const reading = startReading(task, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(longestLook)]),
    heap: heaps.whole,
  })
  try {
    for (;;) {
      const message = await reading.next()
      if (message.kind === 'done') return message.result
    }
  } finally {
    await reading.end()
  }
}

interface Reading {
  /** The next message; an error of the worker or its end is thrown. */
  next(): Promise<ReadingMessage>
  allow(): void
  end(): Promise<void>
}

interface ReadingOptions {
  readonly signal: AbortSignal
  readonly heap: ResourceLimits
}

function startReading(task: ReadingTask, { signal, heap }: ReadingOptions): Reading {
  const worker = new Worker(workerUrl, {
    workerData: task,
    resourceLimits: heap,
    // What a library prints about a file is none of the app's output.
    stdout: true,
    stderr: true,
  })
  const messages: ReadingMessage[] = []
  let failure: AppError | null = null
  let wake: () => void = () => undefined
  let lastSign = performance.now()
  let workUntilSign = 0

  const fail = (error: AppError): void => {
    failure ??= error
    clearInterval(watch)
    wake()
    void worker.terminate()
  }
  const watch = setInterval(() => {
    const waited = performance.now() - lastSign
    if (waited >= longestWait) fail(tooSlow(task.path))
    if (waited < longestWork) return
    worker.cpuUsage().then(
      ({ user, system }) => {
        if ((user + system) / 1000 - workUntilSign >= longestWork) fail(tooSlow(task.path))
      },
      // It has ended, which its exit tells.
      () => undefined,
    )
  }, lookEvery)
  const onAbort = (): void => fail(stopped(task.path, signal))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  worker.on('message', (message: ReadingMessage) => {
    if (message.kind === 'alive') {
      lastSign = performance.now()
      workUntilSign = message.work
      return
    }
    if (message.kind === 'failed') fail(errorOf(message.error))
    else messages.push(message)
    wake()
  })
  worker.on('error', (thrown: Error & { code?: string }) => fail(crashed(task.path, thrown, heap)))
  worker.on('exit', () => fail(crashed(task.path, null, heap)))
  worker.stdout.resume()
  worker.stderr.resume()

  return {
    next: async () => {
      for (;;) {
        const message = messages.shift()
        if (message) return message
        if (failure) throw failure
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
    allow: () => {
      // What is being written to the store may take its time; the thread beats on meanwhile.
      worker.postMessage({ kind: 'next' } satisfies NextMessage)
    },
    end: async () => {
      clearInterval(watch)
      signal.removeEventListener('abort', onAbort)
      await worker.terminate()
    },
  }
}

function stopped(path: string, signal: AbortSignal): AppError {
  const { reason } = signal as { readonly reason: unknown }
  return reason instanceof DOMException && reason.name === 'TimeoutError'
    ? tooSlow(path)
    : new AppError('cancelled', `The reading of ${basename(path)} was cancelled.`)
}

function tooSlow(path: string): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} takes too long to read: it is damaged, or made to be slow. Save it again, or in another format.`,
    { path },
  )
}

function crashed(path: string, thrown: (Error & { code?: string }) | null, heap: ResourceLimits): AppError {
  if (thrown?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AppError(
      'file_too_large',
      `${basename(path)} takes more than the ${heap.maxOldGenerationSizeMb} MB of memory that reading a file may take. Split it into several files, or save it as CSV or JSONL.`,
      { path },
    )
  return new AppError(
    'file_unreadable',
    `The reading of ${basename(path)} broke off (${thrown?.message ?? 'the thread ended'}). The file is probably damaged: save it again, or in another format.`,
    { path },
  )
}
