import { Worker } from 'node:worker_threads'
import type { ResourceLimits } from 'node:worker_threads'

/**
 * Memory that the reading of one file may take, in MB of JavaScript's heap. Tables that are read row by row need
 * little, and a small heap is collected early: a file of any size then takes little more than a small one.
 */
export const heaps = {
  whole: { maxOldGenerationSizeMb: 640 },
  byRow: { maxOldGenerationSizeMb: 200, maxYoungGenerationSizeMb: 24 },
} as const satisfies Readonly<Record<string, ResourceLimits>>

export type Heap = keyof typeof heaps

/** A thread that reads one file after another. */
export interface ReadingThread {
  readonly worker: Worker
  readonly heap: Heap
  /** Files that it has begun to read. */
  files: number
}

/** Starting a thread takes longer than reading a small file: one that has read well waits so long for the next. */
const longestIdle = 3_000
/** Then a fresh one takes over, whatever has gathered in its heap. */
const mostFiles = 40

/** From source beside this file; in a build, where this file is part of a bundle, at the top of the bundles. */
const workerUrl = new URL(
  import.meta.url.endsWith('.ts')
    ? './reading-worker.ts'
    : import.meta.url.includes('/chunks/')
      ? '../reader.js'
      : './reader.js',
  import.meta.url,
)

const idle = new Map<Heap, { readonly thread: ReadingThread; forget(): void }>()

/** A thread with such a heap: one that waits for work, or a new one. */
export function takeThread(heap: Heap): ReadingThread {
  const waiting = idle.get(heap)
  waiting?.forget()
  const thread = waiting?.thread ?? startThread(heap)
  thread.files++
  thread.worker.ref()
  return thread
}

/** Gives back a thread whose file was read to its end. What was broken off, or failed, is ended instead. */
export async function giveBack(thread: ReadingThread): Promise<void> {
  const { worker, heap } = thread
  if (thread.files >= mostFiles || idle.has(heap)) {
    await worker.terminate()
    return
  }
  const end = (): void => {
    forget()
    void worker.terminate()
  }
  const timer = setTimeout(end, longestIdle)
  const forget = (): void => {
    clearTimeout(timer)
    worker.off('exit', forget)
    worker.off('error', end)
    idle.delete(heap)
  }
  worker.on('exit', forget)
  worker.on('error', end)
  idle.set(heap, { thread, forget })
  timer.unref()
  worker.unref()
}

/** Ends the threads that wait for work: what they print is read, which would keep the process alive until they end. */
export async function endIdleThreads(): Promise<void> {
  const waiting = [...idle.values()]
  for (const { forget } of waiting) forget()
  await Promise.all(waiting.map(({ thread }) => thread.worker.terminate()))
}

function startThread(heap: Heap): ReadingThread {
  const worker = new Worker(workerUrl, {
    resourceLimits: heaps[heap],
    // What a library prints about a file is none of the app's output.
    stdout: true,
    stderr: true,
  })
  worker.stdout.resume()
  worker.stderr.resume()
  return { worker, heap, files: 0 }
}
