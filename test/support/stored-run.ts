import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Comparison, Settings } from '../../trainer/protocol.ts'
import { openStore } from '../../main/store/open.ts'
import type { Store } from '../../main/store/open.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A real store in a folder of its own, closed and removed when the test ends. */
export async function temporaryStore(): Promise<Store> {
  const home = await temporaryFolder()
  const store = await openStore(home)
  onTestFinished(() => store.close())
  return store
}

export interface RunSeed {
  readonly id?: string
  readonly name?: string
  readonly projectName?: string
  readonly modelFolder?: string
  readonly outcome?: string | null
  readonly settings?: Partial<Settings>
  readonly comparisons?: readonly Comparison[]
}

/** Writes a project with one finished run into a store; the run's folder exists and is empty. */
export async function seedRun(store: Store, seed: RunSeed = {}) {
  const { id: runId = 'run-1', name = 'First run', projectName = 'Leaflets', comparisons = [] } = seed
  const projectId = `project of ${runId}`
  const folder = join(store.home, 'projects', projectId, 'runs', runId)
  await mkdir(folder, { recursive: true })
  await store.run(
    'INSERT INTO project (id, name, created_at, updated_at) VALUES (?, ?, 1, 1)',
    projectId,
    projectName,
  )
  const row = {
    id: runId,
    project_id: projectId,
    name,
    status: 'finished',
    model_name: 'Tiny T5',
    model_folder: seed.modelFolder ?? join(store.home, 'no-model'),
    folder,
    settings: JSON.stringify(parseSettings(seed.settings ?? {})),
    changed: JSON.stringify(seed.settings ?? {}),
    splits: JSON.stringify({ train: 80, validation: 10, test: comparisons.length }),
    created_at: Date.UTC(2026, 10, 20, 9),
    queued_at: Date.UTC(2026, 10, 20, 9),
    started_at: Date.UTC(2026, 10, 20, 9, 1),
    ended_at: Date.UTC(2026, 10, 20, 9, 31, 30),
    outcome: seed.outcome ?? null,
  }
  const columns = Object.keys(row)
  await store.run(
    `INSERT INTO run (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`,
    ...Object.values(row),
  )
  await seedComparisons(store, runId, comparisons)
  return { projectId, runId, folder }
}

export async function seedComparisons(
  store: Store,
  runId: string,
  comparisons: readonly Comparison[],
): Promise<void> {
  await store.transaction(async (writer) => {
    const statement = await writer.prepare(
      'INSERT INTO comparison VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
    )
    for (const [number, one] of comparisons.entries())
      await statement.run(
        runId,
        number,
        one.id,
        one.set,
        one.question,
        one.base,
        one.tuned,
        JSON.stringify(one.gold),
        Number(one.baseRight),
        Number(one.tunedRight),
        one.baseF1,
        one.tunedF1,
        one.task ?? 'question-answering',
        one.input ?? null,
        one.statistics ? JSON.stringify(one.statistics) : null,
      )
    await statement.finalize()
  })
}

/** A compared question; both sides wrong unless said otherwise. */
export function comparison(change: Partial<Comparison> & { readonly id: string }): Comparison {
  const { baseRight = false, tunedRight = false } = change
  return {
    set: 'test',
    question: `What is ${change.id}?`,
    base: baseRight ? 'it' : 'other',
    tuned: tunedRight ? 'it' : 'other',
    gold: ['it'],
    baseRight,
    tunedRight,
    baseF1: baseRight ? 100 : 0,
    tunedF1: tunedRight ? 100 : 0,
    baseUnanswerable: false,
    tunedUnanswerable: false,
    ...change,
  }
}
