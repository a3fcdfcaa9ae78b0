import { AppError } from '../../contract/errors.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Changes } from '../../store/changes.ts'
import type { Store } from '../../store/open.ts'
import { isReady, requireProject } from '../project-data.ts'
import { findSetProblems } from './find-problems.ts'
import { createPace } from './pace.ts'
import { countSetProblems, writeSetProblems } from './write-problems.ts'

export interface ChecksDeps {
  readonly store: Store
  readonly changes: Changes
  /** Tokens that the project's model reads at once; null where none is chosen, or it has no limit. */
  windowOf(projectId: string): Promise<number | null>
  /** Milliseconds without a change before the check of it begins. */
  readonly delay?: number
  /** Examples up to which it begins by itself; a person may ask for more. */
  readonly most?: number
}

export interface Checks extends Handlers<'data.check'> {
  /** Ends the check at hand and begins no other. */
  dispose(): Promise<void>
}

interface Job {
  readonly projectId: string
  readonly signal: AbortSignal
  readonly onProgress: (done: number, total: number) => void
}

const usualDelay = 1500
const usualMost = 200_000

/**
 * Keeps the findings across rows up to date: behind every change of a project's data or model, one project at a
 * time, a few milliseconds at a stretch; and for a caller who wants to wait for them.
 */
export function createChecks(deps: ChecksDeps): Checks {
  const { store, changes, windowOf, delay = usualDelay, most = usualMost } = deps
  /** Of which state of the data and model the stored findings are. */
  const checked = new Map<string, string>()
  const waiting = new Map<string, NodeJS.Timeout>()
  let background: { readonly projectId: string; readonly controller: AbortController } | null = null
  let last: Promise<unknown> = Promise.resolve()
  let isDisposed = false

  const inTurn = <R>(work: () => Promise<R>): Promise<R> => {
    const mine = last.then(work)
    last = mine.catch(() => undefined)
    return mine
  }

  const stateOf = async (projectId: string) => {
    const version = await store.get<{ version: number }>(
      'SELECT data_version AS version FROM project WHERE id = ?',
      projectId,
    )
    const window = version ? await windowOf(projectId) : null
    return version && { key: `${version.version}/${window}`, window }
  }

  const check = async ({ projectId, signal, onProgress }: Job): Promise<void> => {
    const state = await stateOf(projectId)
    if (!state || checked.get(projectId) === state.key) return
    const total = await countContexts(store, projectId)
    const pace = createPace({ signal, onProgress: (done) => onProgress(Math.min(done, total), total) })
    const found = await findSetProblems(store, projectId, { window: state.window, pace })
    // What changed meanwhile is looked at by the check that follows the change.
    if ((await stateOf(projectId))?.key !== state.key) return
    const isChanged = await writeSetProblems(store, projectId, { found, pace })
    checked.set(projectId, state.key)
    onProgress(total, total)
    if (isChanged) changes.publish('data', projectId)
  }

  const checkBehind = (projectId: string): Promise<void> =>
    inTurn(async () => {
      if (isDisposed || (await countExamples(store, projectId)) > most) return
      const controller = new AbortController()
      background = { projectId, controller }
      try {
        await check({ projectId, signal: controller.signal, onProgress: () => undefined })
      } finally {
        background = null
      }
    })

  const later = (projectId: string): void => {
    if (isDisposed) return
    clearTimeout(waiting.get(projectId))
    const timer = setTimeout(() => {
      waiting.delete(projectId)
      // Stopped by a change, a full disk, a store that is being closed: the next change begins anew.
      checkBehind(projectId).catch(() => undefined)
    }, delay)
    timer.unref()
    waiting.set(projectId, timer)
  }

  const stopListening = changes.subscribe(({ topic, projectId }) => {
    if (projectId === null || (topic !== 'data' && topic !== 'projects')) return
    // What is being found is of data that are no more.
    if (topic === 'data' && background?.projectId === projectId) background.controller.abort()
    later(projectId)
  })

  return {
    'data.check': async ({ projectId }, { emit, signal }) => {
      await requireProject(store, projectId)
      const onProgress = (done: number, total: number) => emit({ done, total })
      // A change while it is at work makes it begin anew, so that the result is of the data as they are.
      for (let isNewest = false; !isNewest;) {
        if (signal.aborted) throw new AppError('cancelled', 'The check of the data was stopped.')
        await inTurn(() => check({ projectId, signal, onProgress }))
        const state = await stateOf(projectId)
        isNewest = !state || checked.get(projectId) === state.key
      }
      return { found: await countSetProblems(store, projectId) }
    },
    dispose: async () => {
      isDisposed = true
      stopListening()
      for (const timer of waiting.values()) clearTimeout(timer)
      background?.controller.abort()
      await last
    },
  }
}

async function countExamples(store: Store, projectId: string): Promise<number> {
  const row = await store.get<{ count: number }>(
    `SELECT count(*) AS count FROM example WHERE project_id = ?1 AND ${isReady}`,
    projectId,
  )
  return row?.count ?? 0
}

async function countContexts(store: Store, projectId: string): Promise<number> {
  const row = await store.get<{ count: number }>(
    `SELECT count(DISTINCT passage_id) AS count FROM example WHERE project_id = ?1 AND ${isReady}`,
    projectId,
  )
  return row?.count ?? 0
}
