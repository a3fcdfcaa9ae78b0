import type { Chunking, Form, Mapping, WebRequest } from '../../../main/contract/imports.ts'
import { host } from '../../connect.ts'
import type { DroppedFile } from '../../dropped-items.ts'
import { t } from '../../messages/translate.ts'
import { errorOf } from '../../state/errors.ts'
import { showError, toast } from '../../state/toasts.svelte.ts'
import { arrive } from './arrival.ts'
import { bestInForm } from './mapping.ts'
import { firstReview, queuedFile, reviewItems, withTable } from './queued-file.ts'
import type { QueuedFile, ReviewItem } from './queued-file.ts'

export interface ImportQueue {
  readonly files: readonly QueuedFile[]
  /** What is to be looked at: archives, datasets, and the documents together. */
  readonly items: readonly ReviewItem[]
  /** Files that are still sent or read. */
  readonly arriving: readonly QueuedFile[]
  readonly unreadable: readonly QueuedFile[]
  /** The file that is to be looked at as soon as it can be; null before one was chosen. */
  shown: number | null
  /** How documents are cut; null for the usual size. */
  chunking: Chunking | null
  add(files: readonly DroppedFile[]): void
  addWeb(request: WebRequest): void
  /** Takes the chosen files out of an archive, by their places in it; each is then looked at. */
  choose(id: number, places: readonly number[]): void
  setUse(id: number, use: QueuedFile['use']): void
  setMapping(id: number, mapping: Mapping): void
  /** The mapping in another form; what it was in that form before comes back. */
  setForm(id: number, form: Form): void
  /** Back to the mapping that was proposed. */
  resetMapping(id: number): void
  /** Opens another table of the file; what was decided about the one before is kept. */
  openTable(id: number, table: string): Promise<void>
  /** Imports reviewed files, one after the other. */
  start(ids: readonly number[]): Promise<void>
  /** Stops an import, which leaves nothing behind, and goes back to the review. */
  stop(id: number): void
  retry(id: number): void
  remove(ids: readonly number[]): void
}

const queues = new Map<string, ImportQueue>()

/** The files on their way into a project; they go on while another step is shown. */
export function importQueueOf(projectId: string): ImportQueue {
  const queue = queues.get(projectId) ?? createImportQueue(projectId)
  queues.set(projectId, queue)
  return queue
}

const arriving: readonly QueuedFile['status'][] = [
  'waiting',
  'uploading',
  'browsing',
  'expanding',
  'inspecting',
]

function createImportQueue(projectId: string): ImportQueue {
  let files = $state.raw<readonly QueuedFile[]>([])
  let chunking = $state.raw<Chunking | null>(null)
  let shown = $state<number | null>(null)
  const work = new Map<number, AbortController>()
  let reading = false

  const find = (id: number): QueuedFile | undefined => files.find((one) => one.id === id)
  const replace = (id: number, by: (file: QueuedFile) => readonly QueuedFile[]): void => {
    files = files.flatMap((one) => (one.id === id ? by(one) : [one]))
  }
  const patch = (id: number, change: Partial<QueuedFile>): void =>
    replace(id, (one) => [{ ...one, ...change }])
  const remove = (ids: readonly number[]): void => {
    for (const id of ids) {
      work.get(id)?.abort()
      work.delete(id)
    }
    files = files.filter(({ id }) => !ids.includes(id))
  }
  const put = (added: readonly QueuedFile[]): void => {
    files = [...files, ...added]
    void readAll()
  }

  /** Takes a file in and looks at it as soon as it is there. */
  const take = (file: QueuedFile): void => {
    shown = file.id
    put([file])
  }

  async function read(file: QueuedFile): Promise<void> {
    const { id } = file
    const cancel = new AbortController()
    work.set(id, cancel)
    try {
      await arrive(file, { signal: cancel.signal, onChange: (change) => patch(id, change) })
    } catch (thrown) {
      const error = errorOf(thrown)
      if (error.code === 'cancelled') remove([id])
      else patch(id, { status: 'unreadable', error })
    } finally {
      work.delete(id)
    }
  }

  async function readAll(): Promise<void> {
    if (reading) return
    reading = true
    for (;;) {
      const next = files.find(({ status }) => status === 'waiting')
      if (!next) break
      await read(next)
    }
    reading = false
  }

  /** @returns whether it was imported, or why not */
  async function importOne(id: number): Promise<'imported' | 'failed' | 'stopped'> {
    const one = find(id)
    if (one?.status !== 'review' || !one.ref || !one.review) return 'failed'
    const { inspection, mapping } = one.review
    const isCut = inspection.kind === 'documents' || mapping?.form === 'passages'
    const cancel = new AbortController()
    work.set(id, cancel)
    patch(id, { status: 'importing', queued: false, progress: null, error: null })
    try {
      await host.call(
        'data.import',
        {
          projectId,
          file: one.ref,
          name: nameOf(one).slice(-200),
          mapping,
          use: one.use,
          ...(inspection.table === null ? {} : { table: inspection.table }),
          ...(isCut && chunking !== null ? { chunking } : {}),
        },
        { signal: cancel.signal, onEvent: (progress) => patch(id, { progress }) },
      )
      remove([id])
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
    get items() {
      return reviewItems(files)
    },
    get arriving() {
      return files.filter(({ status }) => arriving.includes(status))
    },
    get unreadable() {
      return files.filter(({ status }) => status === 'unreadable')
    },
    get shown() {
      return shown
    },
    set shown(id) {
      shown = id
    },
    get chunking() {
      return chunking
    },
    set chunking(next) {
      chunking = next
    },
    add: (added) =>
      put(
        added.map((dropped) =>
          queuedFile({
            name: dropped.name,
            bytes: dropped.file.size,
            origin: { kind: 'dropped', dropped },
            together: added.length,
          }),
        ),
      ),
    addWeb: (request) => put([queuedFile({ name: request.url, bytes: 0, origin: { kind: 'web', request } })]),
    choose: (id, places) => {
      const archive = find(id)
      const inside = places.flatMap((place) => {
        const one = archive?.expansion?.files[place]
        if (!archive || !one) return []
        return queuedFile({
          name: `${archive.name}/${one.name}`,
          bytes: one.bytes,
          origin: { kind: 'host', ref: one.file, table: null },
          together: places.length,
        })
      })
      replace(id, () => inside)
      shown = inside[0]?.id ?? null
      void readAll()
    },
    setUse: (id, use) => patch(id, { use }),
    setMapping: (id, mapping) =>
      replace(id, (one) => [one.review ? { ...one, review: { ...one.review, mapping } } : one]),
    setForm: (id, form) =>
      replace(id, (one) => {
        const { review } = one
        if (!review?.mapping || review.mapping.form === form) return [one]
        const { mapping, inspection, otherForms } = review
        const known = [...Object.values(otherForms), ...(inspection.mapping ? [inspection.mapping] : [])]
        const next = otherForms[form] ?? bestInForm([mapping, ...known], form, inspection.guesses)
        const left = { ...otherForms, [mapping.form]: mapping }
        return [{ ...one, review: { inspection, mapping: next, otherForms: left } }]
      }),
    resetMapping: (id) =>
      replace(id, (one) => [one.review ? { ...one, review: firstReview(one.review.inspection) } : one]),
    openTable: async (id, table) => {
      const one = find(id)
      if (!one?.ref || one.opening || one.status !== 'review') return
      if (one.otherTables[table]) return patch(id, withTable(one, table, null))
      patch(id, { opening: true })
      try {
        const inspection = await host.call('data.inspect', { file: one.ref, table })
        replace(id, (now) => [withTable(now, table, firstReview(inspection))])
      } catch (thrown) {
        showError(thrown)
      } finally {
        patch(id, { opening: false })
      }
    },
    start: async (ids) => {
      const first = ids.map(find)[0]
      let done = 0
      for (const id of ids) patch(id, { queued: true })
      for (const id of ids) {
        const end = find(id)?.queued ? await importOne(id) : 'stopped'
        if (end === 'imported') done += 1
        if (end === 'stopped') break
      }
      for (const id of ids) patch(id, { queued: false })
      if (done === 0) return
      const again = ids.length === 1 && first ? anotherTable(first) : undefined
      toast(t('data.imported', done, first ? nameOf(first) : ''), {
        kind: 'good',
        ...(again ? { action: { label: t('import.anotherTable'), run: () => take(again) } } : {}),
      })
    },
    stop: (id) => {
      patch(id, { queued: false })
      work.get(id)?.abort()
    },
    retry: (id) => {
      patch(id, { status: 'waiting', error: null, share: null, web: null, skipped: [] })
      void readAll()
    },
    remove,
  }
}

/** The file's name, with the table's where it has several. */
function nameOf({ name, review }: QueuedFile): string {
  const table = review?.inspection.table ?? null
  return table === null || (review?.inspection.tables.length ?? 0) < 2 ? name : `${name}: ${table}`
}

/** A file with several tables anew, at the one after that which was imported. */
function anotherTable({ name, bytes, ref, review }: QueuedFile): QueuedFile | undefined {
  const { tables = [], table = null } = review?.inspection ?? {}
  if (!ref || table === null || tables.length < 2) return undefined
  const next = tables[(tables.indexOf(table) + 1) % tables.length] ?? null
  return queuedFile({ name, bytes, origin: { kind: 'host', ref, table: next } })
}
