import type {
  FileRef,
  ImportProgress,
  Inspection,
  Mapping,
  SplitName,
} from '../../../main/contract/datasets.ts'
import type { ErrorValue } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import type { DroppedFile } from '../../dropped-items.ts'
import { toFileRef } from '../../file-refs.ts'
import { t } from '../../messages/translate.ts'
import { errorOf } from '../../state/errors.ts'
import { toast } from '../../state/toasts.svelte.ts'

export interface QueuedFile {
  readonly id: number
  readonly name: string
  readonly bytes: number
  /** waiting → uploading → inspecting → review → importing, then it is gone; `unreadable` stays to be read. */
  readonly status: 'waiting' | 'uploading' | 'inspecting' | 'review' | 'importing' | 'unreadable'
  /** 0 to 1 while it is uploaded. */
  readonly uploaded: number
  readonly progress: ImportProgress | null
  readonly ref: FileRef | null
  readonly inspection: Inspection | null
  readonly mapping: Mapping | null
  readonly use: 'auto' | SplitName
  /** Why it cannot be read, or why the last import failed. */
  readonly error: ErrorValue | null
}

export interface ImportQueue {
  readonly files: readonly QueuedFile[]
  /** The dataset to be looked at now. */
  readonly dataset: QueuedFile | undefined
  /** Documents that wait for their import; they go together. */
  readonly documents: readonly QueuedFile[]
  /** Files that are still sent or read. */
  readonly arriving: readonly QueuedFile[]
  readonly unreadable: readonly QueuedFile[]
  add(files: readonly DroppedFile[]): void
  change(id: number, change: Partial<Pick<QueuedFile, 'mapping' | 'use'>>): void
  /** Imports reviewed files, one after the other. */
  start(ids: readonly number[]): Promise<void>
  /** Stops an import, which leaves nothing behind, and goes back to the review. */
  stop(id: number): void
  remove(ids: readonly number[]): void
}

const queues = new Map<string, ImportQueue>()
let nextId = 1

/** The files on their way into a project; they go on while another step is shown. */
export function importQueueOf(projectId: string): ImportQueue {
  const queue = queues.get(projectId) ?? createImportQueue(projectId)
  queues.set(projectId, queue)
  return queue
}

function createImportQueue(projectId: string): ImportQueue {
  let files = $state.raw<readonly QueuedFile[]>([])
  const dropped = new Map<number, DroppedFile>()
  const work = new Map<number, AbortController>()
  let reading = false

  const find = (id: number): QueuedFile | undefined => files.find((one) => one.id === id)
  const patch = (id: number, change: Partial<QueuedFile>): void => {
    files = files.map((one) => (one.id === id ? { ...one, ...change } : one))
  }
  const take = (ids: readonly number[]): void => {
    for (const id of ids) {
      work.get(id)?.abort()
      work.delete(id)
      dropped.delete(id)
    }
    files = files.filter(({ id }) => !ids.includes(id))
  }

  async function read(id: number, file: DroppedFile): Promise<void> {
    const cancel = new AbortController()
    const { signal } = cancel
    work.set(id, cancel)
    try {
      patch(id, { status: 'uploading' })
      const onProgress = (done: number, total: number): void =>
        patch(id, { uploaded: total > 0 ? done / total : 0 })
      const ref = await toFileRef(file, { signal, onProgress })
      patch(id, { status: 'inspecting', ref })
      const inspection = await host.call('data.inspect', { file: ref }, { signal })
      patch(id, { status: 'review', inspection, mapping: inspection.mapping })
    } catch (thrown) {
      const error = errorOf(thrown)
      if (error.code === 'cancelled') take([id])
      else patch(id, { status: 'unreadable', error })
    } finally {
      work.delete(id)
      dropped.delete(id)
    }
  }

  async function readAll(): Promise<void> {
    if (reading) return
    reading = true
    for (;;) {
      const next = files.find(({ status }) => status === 'waiting')
      const file = next && dropped.get(next.id)
      if (!next || !file) break
      await read(next.id, file)
    }
    reading = false
  }

  /** @returns whether it was imported, or why not */
  async function importOne(id: number): Promise<'imported' | 'failed' | 'stopped'> {
    const one = find(id)
    if (one?.status !== 'review' || !one.ref) return 'failed'
    const cancel = new AbortController()
    work.set(id, cancel)
    patch(id, { status: 'importing', progress: null, error: null })
    try {
      await host.call(
        'data.import',
        { projectId, file: one.ref, name: one.name.slice(-200), mapping: one.mapping, use: one.use },
        { signal: cancel.signal, onEvent: (progress) => patch(id, { progress }) },
      )
      take([id])
      return 'imported'
    } catch (thrown) {
      const error = errorOf(thrown)
      const stopped = error.code === 'cancelled'
      patch(id, { status: 'review', progress: null, error: stopped ? null : error })
      if (stopped) toast(t('data.importStopped', one.name))
      return stopped ? 'stopped' : 'failed'
    } finally {
      work.delete(id)
    }
  }

  return {
    get files() {
      return files
    },
    get dataset() {
      return files.find(
        ({ status, inspection }) =>
          (status === 'review' || status === 'importing') && inspection?.kind === 'dataset',
      )
    },
    get documents() {
      return files.filter(
        ({ status, inspection }) =>
          (status === 'review' || status === 'importing') && inspection?.kind === 'documents',
      )
    },
    get arriving() {
      return files.filter(({ status }) => ['waiting', 'uploading', 'inspecting'].includes(status))
    },
    get unreadable() {
      return files.filter(({ status }) => status === 'unreadable')
    },
    add: (added) => {
      const fresh = added.map((one): QueuedFile => {
        const { name, file } = one
        const id = nextId++
        dropped.set(id, one)
        return {
          id,
          name,
          bytes: file.size,
          status: 'waiting',
          uploaded: 0,
          progress: null,
          ref: null,
          inspection: null,
          mapping: null,
          use: 'auto',
          error: null,
        }
      })
      files = [...files, ...fresh]
      void readAll()
    },
    change: patch,
    start: async (ids) => {
      const names = ids.map((id) => find(id)?.name ?? '')
      let done = 0
      for (const id of ids) {
        const end = await importOne(id)
        if (end === 'imported') done += 1
        if (end === 'stopped') break
      }
      if (done > 0) toast(t('data.imported', done, names[0] ?? ''), { kind: 'good' })
    },
    stop: (id) => work.get(id)?.abort(),
    remove: take,
  }
}
