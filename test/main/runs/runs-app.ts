import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { ModelInfo } from '../../../main/contract/models.ts'
import type { RunDetail, RunUpdate } from '../../../main/contract/runs.ts'
import { createRuns } from '../../../main/runs/runs.ts'
import type { Runs, RunsOptions } from '../../../main/runs/runs.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { homeFolders } from '../../../main/store/files.ts'
import { openStore } from '../../../main/store/open.ts'
import type { Store } from '../../../main/store/open.ts'
import { createProviders, providersFile } from '../../../main/trainers/providers.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import type { TrainerProcess } from '../../../main/trainers/trainer-process.ts'
import { tinySettings, writeTinyRun } from '../../support/tiny-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const worker = fileURLToPath(new URL('../../../trainer/worker.ts', import.meta.url))

/** Settings of a run of fifteen steps over the tiny model. */
export const tiny: Readonly<Record<string, unknown>> = { ...tinySettings, validationFraction: 0 }
/** One that goes on until it is stopped. */
export const endless: Readonly<Record<string, unknown>> = { ...tiny, epochs: 100_000, evaluateEvery: 1_000 }

export interface RunsApp {
  readonly home: string
  readonly store: Store
  readonly runs: Runs
  /** Trainer processes that were started, in order. */
  readonly trainers: readonly TrainerProcess[]
  readonly projectId: string
  readonly start: (settings?: Readonly<Record<string, unknown>>, name?: string) => Promise<RunDetail>
  /** Waits until a run is as wanted. */
  readonly until: (runId: string, wanted: (run: RunDetail) => boolean) => Promise<RunDetail>
  /** Collects what a watcher is told; `stop` ends it. */
  readonly watch: (
    runId: string,
    maxPoints?: number,
  ) => { updates: RunUpdate[]; ended: Promise<unknown>; stop: () => Promise<unknown> }
  /** Ends the app as its host does. */
  readonly close: () => Promise<void>
}

/** The runs service over a real store, real trainer processes and a tiny random model. */
export async function openRunsApp(
  home?: string,
  options: Partial<
    Pick<RunsOptions, 'providers' | 'quitGraceMs' | 'writeSplits' | 'startTrainer' | 'now'>
  > = {},
): Promise<RunsApp> {
  const folder = home ?? (await temporaryFolder())
  const source = join(folder, 'tiny')
  if (home === undefined) await writeTinyRun(source)
  const store = await openStore(folder)
  const trainers: TrainerProcess[] = []
  const model = tinyModel(join(source, 'model'))
  const startTrainer = () => {
    const trainer = (options.startTrainer ?? (() => forkTrainer(worker)))()
    trainers.push(trainer)
    return trainer
  }
  const runs = createRuns({
    store,
    changes: createChanges(),
    providers: createProviders({ startTrainer, file: providersFile(folder) }),
    writeSplits: (_project, out) => copySplits(source, out),
    writePassages: (_project, { validation }) => Promise.resolve({ train: null, validation }),
    dataDigest: () => Promise.resolve('the same'),
    modelOf: (id) => Promise.resolve(id === model.id ? model : null),
    ...options,
    startTrainer,
  })
  let isClosed = false
  const close = async () => {
    if (isClosed) return
    isClosed = true
    await runs.dispose()
    await store.close()
  }
  onTestFinished(async () => {
    for (const trainer of trainers) trainer.kill('SIGKILL')
    await close()
  })
  if (home === undefined) await addProject(store, model)
  return {
    home: folder,
    store,
    runs,
    trainers,
    projectId: 'p1',
    close,
    start: (settings = tiny, name) =>
      runs['runs.start'](
        { projectId: 'p1', modelId: model.id, name: name ?? null, settings },
        { emit: () => undefined, signal: new AbortController().signal },
      ),
    until: async (runId, wanted) => {
      for (;;) {
        const run = await runs['runs.get']({ runId }, quiet())
        if (wanted(run)) return run
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    },
    watch: (runId, maxPoints = 1_000) => {
      const updates: RunUpdate[] = []
      const stopping = new AbortController()
      const ended = runs['runs.watch'](
        { runId, maxPoints },
        { emit: (update) => updates.push(update), signal: stopping.signal },
      ).catch((thrown: unknown) => thrown)
      return {
        updates,
        ended,
        stop: () => {
          stopping.abort()
          return ended
        },
      }
    },
  }
}

/** A call that nobody listens to. */
export function quiet() {
  return { emit: () => undefined, signal: new AbortController().signal }
}

function tinyModel(folder: string): ModelInfo {
  return {
    id: 'tiny',
    name: 'Tiny',
    folder,
    origin: 'folder',
    architecture: 't5',
    kind: 'seq2seq',
    parameters: 12_000,
    bytes: 48_000,
    licence: null,
    maxLength: 512,
    trainingMemoryMb: 200,
    usable: true,
    reason: null,
  }
}

/** Writes the tiny files as a project's splits. */
export async function copySplits(source: string, out: string) {
  await mkdir(out, { recursive: true })
  await copyFile(join(source, 'train.json'), join(out, 'train.jsonl'))
  await copyFile(join(source, 'validation.json'), join(out, 'validation.jsonl'))
  await copyFile(join(source, 'validation.json'), join(out, 'test.jsonl'))
  return {
    datasets: [{ name: 'data', data: join(out, 'train.jsonl'), weight: 1 }],
    validation: join(out, 'validation.jsonl'),
    tests: [{ name: 'test', path: join(out, 'test.jsonl'), count: 5 }],
    counts: { train: 19, validation: 5, test: 5 },
  }
}

/** A project whose example rows have the counts of the tiny files. */
async function addProject(store: Store, model: ModelInfo): Promise<void> {
  await mkdir(homeFolders(store.home).project('p1'), { recursive: true })
  await store.transaction(async (writer) => {
    await writer.run(
      `INSERT INTO model (id, name, folder, origin, architecture, parameters, bytes, training_memory_mb, added_at)
        VALUES (?, ?, ?, 'folder', 't5', 1, 1, 1, 0)`,
      model.id,
      model.name,
      model.folder,
    )
    await writer.run(
      `INSERT INTO project (id, name, created_at, updated_at, model_id) VALUES ('p1', 'One', 0, 0, ?)`,
      model.id,
    )
    await writer.run(
      `INSERT INTO source (id, project_id, name, kind, format, bytes, imported_at)
        VALUES ('s', 'p1', 'file', 'dataset', 'json', 1, 0)`,
    )
    await writer.run(
      `INSERT INTO passage (id, project_id, source_id, hash, title, place, text, words)
        VALUES (1, 'p1', 's', 'h', '', '', 'text', 1)`,
    )
    for (const [split, count] of [
      ['train', 19],
      ['validation', 5],
      ['test', 5],
    ] as const)
      for (let i = 0; i < count; i++)
        await writer.run(
          `INSERT INTO example (project_id, source_id, passage_id, key, question, answers, is_impossible, grp, place,
              split, context_words, question_words, answer_words)
            VALUES ('p1', 's', 1, ?, 'Q', '[]', 0, 'g', '', ?, 12, 5, 4)`,
          `${split}${i}`,
          split,
        )
  })
}
