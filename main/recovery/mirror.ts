import { setTimeout as sleep } from 'node:timers/promises'
import { connect } from '../store/connection.ts'
import type { Connection } from '../store/connection.ts'
import type { Store } from '../store/open.ts'
import { codeOf } from '../store/store-errors.ts'
import { libraryParts, mirrorPaths, projectFiles } from './layout.ts'
import type { ProjectFile } from './layout.ts'
import { takeTouched, watchTouched } from './touched.ts'
import { removeProject, writeProject } from './write-project.ts'
import { writeAtomically, writeRows } from './write-rows.ts'

/** What the store holds, kept a second time as files beside it: see docs/home-folder.md. */
export interface Mirror {
  /** Resolves when what had been committed before the call is in the files; rejects where it cannot be written. */
  upToDate(): Promise<void>
  /** Writes what is left, within a bound, and ends. */
  dispose(): Promise<void>
}

export interface MirrorOptions {
  readonly store: Store
  /** Milliseconds between two looks at the store. */
  readonly everyMs?: number
  /** Milliseconds that what is left has when the app quits; the next start writes what was not finished. */
  readonly quitGraceMs?: number
}

/** After writing for a while the mirror rests for so many times as long: it takes a fifth of a processor at most. */
const restFactor = 4
/** After a failure (a full disk), milliseconds until it tries again. */
const retryMs = 30_000
/** A run at work changes its row every second or so; its file is written so often at most. */
const runEveryMs = 10_000

interface Stale {
  all: boolean
  splits: boolean
  readonly sources: Set<string>
  readonly files: Set<ProjectFile>
  readonly runs: Set<string>
}

/**
 * Starts to keep the mirror of an open store: at once what the last process left undone, then whatever is committed,
 * a second later. Everything is read over a connection of its own, in pages, and packed outside the event loop.
 */
export async function startMirror(options: MirrorOptions): Promise<Mirror> {
  const { store, everyMs = 1000, quitGraceMs = 20_000 } = options
  const paths = mirrorPaths(store.home)
  await watchTouched(store)
  const reader = await connect(paths.store, 'read')
  const closing = new AbortController()
  const cut = new AbortController()
  const stale = new Map<string, Stale>()
  const runsWritten = new Map<string, number>()
  const untold: string[] = []
  let isLibraryStale = true
  let isDamaged = false
  let seen = -1
  let work: Promise<void> = Promise.resolve()

  const staleOf = (projectId: string): Stale => {
    const known = stale.get(projectId)
    if (known) return known
    const fresh = { all: false, splits: false, sources: new Set<string>(), files: new Set<ProjectFile>() }
    const made: Stale = { ...fresh, runs: new Set<string>() }
    stale.set(projectId, made)
    return made
  }

  const note = async (scope: string): Promise<void> => {
    const [kind = '', id = ''] = split(scope)
    if (kind === 'library') isLibraryStale = true
    else if (kind === 'project') staleOf(id)
    else if (kind === 'splits') staleOf(id).splits = true
    else if (kind === 'source' || kind === 'run') {
      const row = await reader.get<{ id: string }>(`SELECT project_id AS id FROM ${kind} WHERE id = ?`, id)
      if (row) staleOf(row.id)[kind === 'run' ? 'runs' : 'sources'].add(id)
    } else staleOf(id).files.add(kind as ProjectFile)
  }

  /** Takes what was committed; false where nothing was. */
  const look = async (): Promise<boolean> => {
    const row = await reader.get<{ data_version: number }>('PRAGMA data_version')
    if (row?.data_version === seen) return false
    const { scopes, sequence } = await takeTouched(store)
    untold.push(...scopes)
    if (sequence !== null)
      await writeAtomically(paths.sequence, `${JSON.stringify({ sequence })}\n`, { sync: false })
    for (let scope = untold[0]; scope !== undefined; scope = untold[0]) {
      await note(scope)
      untold.shift()
    }
    seen = row?.data_version ?? -1
    return true
  }

  const writeOne = async (projectId: string, wanted: Stale, isLast: boolean): Promise<void> => {
    // Runs at work wait for their turn, unless there is no other.
    const late = [...wanted.runs].filter(
      (id) => !isLast && Date.now() - (runsWritten.get(id) ?? 0) < runEveryMs,
    )
    const runs = new Set([...wanted.runs].filter((id) => !late.includes(id)))
    const onlyRuns = !wanted.all && !wanted.splits && wanted.sources.size + wanted.files.size === 0
    if (onlyRuns && runs.size === 0 && late.length > 0) return
    stale.delete(projectId)
    for (const id of runs) runsWritten.set(id, Date.now())
    for (const id of late) staleOf(projectId).runs.add(id)
    let isWritten = false
    try {
      const form = await formOf(reader)
      await reader.execute('BEGIN')
      isWritten = await writeProject({ home: store.home, reader, form, signal: cut.signal }, projectId, {
        ...wanted,
        runs,
      })
    } catch (thrown) {
      merge(staleOf(projectId), wanted)
      throw thrown
    } finally {
      await reader.execute('COMMIT').catch(() => undefined)
    }
    // Deleted while it was written: what was written went into a folder that nobody removes any more.
    if (isWritten && !(await reader.get('SELECT 1 FROM project WHERE id = ?', projectId)))
      await removeProject(store.home, projectId)
  }

  const writeStale = async (isLast: boolean): Promise<void> => {
    if (isLibraryStale) {
      isLibraryStale = false
      const rows = { reader, form: await formOf(reader), scope: '', signal: cut.signal }
      await writeRows(paths.library, { ...rows, parts: libraryParts }).catch((thrown: unknown) => {
        isLibraryStale = true
        throw thrown
      })
    }
    for (const [projectId, wanted] of [...stale]) await writeOne(projectId, wanted, isLast)
  }

  const inTurn = (task: () => Promise<void>): Promise<void> => {
    const mine = work.then(task)
    work = mine.catch(() => undefined)
    return mine
  }
  const cycle = (isLast: boolean) =>
    inTurn(async () => {
      await look()
      await writeStale(isLast)
    })

  for (const { id } of await reader.all<{ id: string }>('SELECT id FROM project')) {
    staleOf(id).all = true
    for (const file of projectFiles) staleOf(id).files.add(file)
  }

  const keepUp = async (): Promise<void> => {
    for (;;) {
      const began = performance.now()
      const failed = await cycle(false).then(
        () => null,
        (thrown: unknown) => thrown,
      )
      // What cannot be read any more must not replace what is whole.
      isDamaged = failed !== null && isDamage(failed)
      if (isDamaged) return
      const rest = Math.max(everyMs, restFactor * (performance.now() - began), failed === null ? 0 : retryMs)
      await sleep(rest, undefined, { signal: closing.signal, ref: false })
    }
  }
  const keepingUp = keepUp().catch(() => undefined)

  return {
    upToDate: () => cycle(true),
    dispose: async () => {
      closing.abort()
      const patience = setTimeout(() => cut.abort(), quitGraceMs)
      await keepingUp
      if (!isDamaged) await cycle(true).catch(() => undefined)
      clearTimeout(patience)
      await reader.close()
    },
  }
}

async function formOf(reader: Connection): Promise<number> {
  return (await reader.get<{ user_version: number }>('PRAGMA user_version'))?.user_version ?? 0
}

function split(scope: string): readonly [string, string] {
  const at = scope.indexOf(':')
  return at < 0 ? [scope, ''] : [scope.slice(0, at), scope.slice(at + 1)]
}

function merge(into: Stale, from: Stale): void {
  into.all ||= from.all
  into.splits ||= from.splits
  for (const id of from.sources) into.sources.add(id)
  for (const file of from.files) into.files.add(file)
  for (const id of from.runs) into.runs.add(id)
}

function isDamage(thrown: unknown): boolean {
  return ['SQLITE_CORRUPT', 'SQLITE_NOTADB'].includes(codeOf(thrown))
}
