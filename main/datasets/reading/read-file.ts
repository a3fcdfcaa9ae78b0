import { basename } from 'node:path'
import type { Inspection, MappedPreview } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { errorOf } from '../../trainers/error-value.ts'
import { waitAwake } from '../../trainers/patience.ts'
import type { ImportedAs } from '../importing/open-import.ts'
import { detect } from '../readers/detect.ts'
import type {
  ImportTask,
  InspectTask,
  HostMessage,
  PreviewTask,
  ReadingMessage,
  ReadingTask,
  SentBatch,
} from './reading-task.ts'
import { giveBack, heaps, takeThread } from './reading-threads.ts'
import type { Heap } from './reading-threads.ts'

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
  const heap = found.format !== null && readByRow.includes(found.format) ? 'byRow' : 'whole'
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
  const late = new AbortController()
  const endWait = waitAwake(longestLook, () =>
    late.abort(new DOMException('The look at a file took too long.', 'TimeoutError')),
  )
  const reading = startReading(task, { signal: AbortSignal.any([signal, late.signal]), heap: 'whole' })
  try {
    for (;;) {
      const message = await reading.next()
      if (message.kind === 'done') return message.result
    }
  } finally {
    endWait()
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
  readonly heap: Heap
}

function startReading(task: ReadingTask, { signal, heap }: ReadingOptions): Reading {
  const thread = takeThread(heap)
  const { worker } = thread
  const messages: ReadingMessage[] = []
  let failure: AppError | null = null
  let wake: () => void = () => undefined
  let lastSign = performance.now()
  // The thread says it first of all: it may have worked on another file before.
  let workUntilSign = Infinity
  let isDone = false

  const fail = (error: AppError): void => {
    failure ??= error
    clearInterval(watch)
    wake()
    void worker.terminate()
  }
  let lastLook = performance.now()
  const watch = setInterval(() => {
    const now = performance.now()
    // Where this process was stopped or the machine slept, the thread was and did as well.
    if (now - lastLook > 4 * lookEvery) lastSign += now - lastLook
    lastLook = now
    const waited = now - lastSign
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
  const onMessage = (message: ReadingMessage): void => {
    if (message.kind === 'alive') {
      lastSign = performance.now()
      workUntilSign = message.work
      return
    }
    isDone ||= message.kind === 'done'
    if (message.kind === 'failed') fail(errorOf(message.error))
    else messages.push(message)
    wake()
  }
  const onError = (thrown: Error & { code?: string }): void => fail(crashed(task.path, thrown, heap))
  const onExit = (): void => fail(crashed(task.path, null, heap))
  worker.on('message', onMessage)
  worker.on('error', onError)
  worker.on('exit', onExit)
  worker.postMessage({ kind: 'task', task } satisfies HostMessage)

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
      worker.postMessage({ kind: 'next' } satisfies HostMessage)
    },
    end: async () => {
      clearInterval(watch)
      signal.removeEventListener('abort', onAbort)
      worker.off('message', onMessage)
      worker.off('exit', onExit)
      if (isDone && !failure) {
        worker.off('error', onError)
        await giveBack(thread)
      } else await worker.terminate()
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

function crashed(path: string, thrown: (Error & { code?: string }) | null, heap: Heap): AppError {
  if (thrown?.code === 'ERR_WORKER_OUT_OF_MEMORY')
    return new AppError(
      'file_too_large',
      `${basename(path)} takes more than the ${heaps[heap].maxOldGenerationSizeMb} MB of memory that reading a file may take. Split it into several files, or save it as CSV or JSONL.`,
      { path },
    )
  return new AppError(
    'file_unreadable',
    `The reading of ${basename(path)} broke off (${thrown?.message ?? 'the thread ended'}). The file is probably damaged: save it again, or in another format.`,
    { path },
  )
}
