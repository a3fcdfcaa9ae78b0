import { randomUUID } from 'node:crypto'
import { open, readFile, realpath, rm, rmdir, stat } from 'node:fs/promises'
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path'
import type { CompareSummary, ExportInfo, ExportKind } from '../contract/comparisons.ts'
import { AppError } from '../contract/errors.ts'
import type { CallContext, EventOf, Handlers } from '../contract/methods.ts'
import type { Changes } from '../store/changes.ts'
import { homeFolders } from '../store/files.ts'
import type { Store } from '../store/open.ts'
import { createProjectWork } from '../store/project-work.ts'
import type { TrainedRun } from '../store/trained-run.ts'
import type { TrainerProcess } from '../trainers/trainer-process.ts'
import { copyTree, filesOf } from './copy-tree.ts'
import { cancelledExport, exportFailure } from '../store/export-failure.ts'
import { modelCard } from './model-card.ts'
import { fileName, removeTemporaries, requireRoom, writeInPlace } from '../store/new-place.ts'
import { predictionsText } from './predictions.ts'
import { runReport } from './report/run-report.ts'
import { exportByTrainer, weightBytes } from './trainer-export.ts'
import { requireWholeWeights } from './whole-weights.ts'
import { readCourse, readQuestions, tellRun } from './run-story.ts'

export interface ExportsDeps {
  readonly store: Store
  readonly changes: Changes
  /** The home folder. */
  readonly home: string
  readonly startTrainer: () => TrainerProcess
  /** Null where there is no such run. */
  runOf(runId: string): Promise<TrainedRun | null>
  /** Null where there is no such project. */
  projectName(projectId: string): Promise<string | null>
  /** The scores of a run with intervals; null where it has no compared questions. */
  summaryOf(runId: string): Promise<CompareSummary | null>
}

/** A file that a host can hand to a browser. */
export interface ExportedFile {
  readonly path: string
  readonly name: string
  readonly bytes: number
  readonly type: string
}

export type Exports = Handlers<'exports.list' | 'exports.create' | 'exports.remove'> & {
  /** The file of an export. @throws AppError `export_missing` where it is a folder, or gone. */
  fileOf(exportId: string): Promise<ExportedFile>
  /** Ends the exports that are being written of a project's runs. */
  stopProject(projectId: string): Promise<void>
}

/** Endings and media types of what is a single file. */
const fileKinds: Readonly<Partial<Record<ExportKind, { readonly ending: string; readonly type: string }>>> = {
  predictions: { ending: '.json', type: 'application/json' },
  report: { ending: '.html', type: 'text/html; charset=utf-8' },
}

interface ExportRow {
  readonly id: string
  readonly project_id: string
  readonly run_id: string
  readonly run_name: string
  readonly kind: ExportKind
  readonly path: string
  readonly bytes: number
  readonly files: string
  readonly created_at: number
}

type Call = CallContext<EventOf<'exports.create'>>

/** Takes what a run has made out of the app: adapter, merged model, ONNX models, predictions, report. */
export function createExports(deps: ExportsDeps): Exports {
  const { store, changes, home, startTrainer, runOf, projectName, summaryOf } = deps
  const folders = homeFolders(home)
  const atWork = createProjectWork()
  let tidied: Promise<void> | null = null

  const rowOf = async (exportId: string): Promise<ExportRow> => {
    const row = await store.get<ExportRow>('SELECT * FROM export WHERE id = ?', exportId)
    if (row) return row
    throw new AppError('export_missing', 'This export is no longer in the list.', { exportId })
  }

  async function storyOf(run: TrainedRun) {
    const name = await projectName(run.projectId)
    return tellRun(store, { run, projectName: name ?? 'Project', summary: await summaryOf(run.id) })
  }

  /** Writes an export of a kind at a path that does not exist yet. */
  const writers: Readonly<Record<ExportKind, (run: TrainedRun, path: string, call: Call) => Promise<void>>> =
    {
      adapter: async (run, path, { emit, signal }) => {
        const adapter = outcomeOf(run)
        if (isWholeModel(run))
          throw new AppError(
            'run_state',
            `The run ${run.name} trained every weight and made no adapter. Export the merged model instead.`,
            { runId: run.id },
          )
        await requireWholeWeights(adapter)
        const onProgress = (done: number, total: number) => emit({ phase: 'copying', done, total })
        await copyTree(adapter, path, { signal, onProgress })
        await writeText(join(path, 'README.md'), modelCard(await storyOf(run), 'adapter'))
      },
      merged: async (run, path, { emit, signal }) => {
        const outcome = outcomeOf(run)
        const model = isWholeModel(run) ? outcome : run.modelFolder
        await requireRoom(dirname(path), await weightBytes(model))
        if (isWholeModel(run)) {
          const onProgress = (done: number, total: number) => emit({ phase: 'copying', done, total })
          await requireWholeWeights(model)
          await copyTree(model, path, { signal, onProgress })
        } else {
          const onProgress = (phase: string, done: number, total: number) => emit({ phase, done, total })
          const command = { kind: 'merge', model, adapter: outcome, out: path } as const
          await exportByTrainer(command, { startTrainer, signal, onProgress })
        }
        await writeText(join(path, 'README.md'), modelCard(await storyOf(run), 'model'))
      },
      onnx: async (run, path, { emit, signal }) => {
        const outcome = outcomeOf(run)
        const [model, adapter] = isWholeModel(run) ? [outcome, null] : [run.modelFolder, outcome]
        await requireWholeWeights(outcome)
        // With an adapter a merged copy lies beside what is written, as long as it is written.
        await requireRoom(dirname(path), (adapter === null ? 1 : 2) * (await weightBytes(model)))
        const onProgress = (phase: string, done: number, total: number) => emit({ phase, done, total })
        const command = { kind: 'export-onnx', model, adapter, out: path, dtype: 'F32' } as const
        await exportByTrainer(command, { startTrainer, signal, onProgress })
        const usage = await readFile(join(path, 'README.md'), 'utf8')
        await writeText(join(path, 'README.md'), modelCard(await storyOf(run), 'onnx', usage))
      },
      predictions: async (run, path) => {
        const questions = await readQuestions(store, run.id)
        if (questions.length === 0)
          throw new AppError(
            'run_state',
            `The run ${run.name} has answered no test questions, so there are no predictions. Let a run finish whose data has a test split.`,
            { runId: run.id },
          )
        await writeText(path, predictionsText(questions))
      },
      report: async (run, path) => {
        const [story, course, questions] = await Promise.all([
          storyOf(run),
          readCourse(run.folder),
          readQuestions(store, run.id),
        ])
        if (course.steps.length === 0 && questions.length === 0)
          throw new AppError(
            'run_state',
            `There is nothing to report of the run ${run.name} yet. Wait until it has trained some steps.`,
            { runId: run.id },
          )
        await writeText(path, runReport(story, course, questions))
      },
    }

  return {
    'exports.list': async ({ projectId }) => {
      if ((await projectName(projectId)) === null) throw projectMissing(projectId)
      const rows = await store.all<ExportRow>(
        'SELECT * FROM export WHERE project_id = ? ORDER BY created_at DESC, rowid DESC',
        projectId,
      )
      return Promise.all(rows.map(asExportInfo))
    },
    'exports.create': async ({ runId, kind, folder }, call) => {
      const run = await runOf(runId)
      if (!run)
        throw new AppError('run_missing', 'This run is no longer there. Choose another one.', { runId })
      return atWork.during(run.projectId, call.signal, (signal) =>
        writeExport(run, { kind, folder }, { emit: call.emit, signal }),
      )
    },
    'exports.remove': async ({ exportId }) => {
      const { path, project_id: projectId } = await rowOf(exportId)
      if (await liesWithin(path, folders.exports)) {
        await rm(path, { recursive: true, force: true, maxRetries: 3 })
        // The project's folder goes with its last export.
        await rmdir(dirname(path)).catch(() => undefined)
      }
      await store.run('DELETE FROM export WHERE id = ?', exportId)
      changes.publish('exports', projectId)
      return null
    },
    stopProject: (projectId) => atWork.stop(projectId),
    fileOf: async (exportId) => {
      const { kind, path } = await rowOf(exportId)
      const form = fileKinds[kind]
      if (!form)
        throw new AppError(
          'export_missing',
          `This export is a folder, not a file: it lies in ${path} on the machine that runs Loracle.`,
          { exportId },
        )
      const found = await stat(path).catch(() => null)
      if (found?.isFile()) return { path, name: basename(path), bytes: found.size, type: form.type }
      throw new AppError('export_missing', `${path} was moved or removed since. Export it again.`, {
        exportId,
      })
    },
  }

  async function writeExport(
    run: TrainedRun,
    { kind, folder }: { readonly kind: ExportKind; readonly folder: string | null },
    call: Call,
  ): Promise<ExportInfo> {
    await (tidied ??= removeTemporaries(folders.exports))
    const project = (await projectName(run.projectId)) ?? run.projectId
    const into = folder === null ? join(folders.exports, fileName(project, 'project')) : resolve(folder)
    call.emit({ phase: 'preparing', done: 0, total: 0 })
    const stem = `${fileName(run.name, 'run').replace(/[ -]+/g, '-')}-${kind}`
    let path: string
    try {
      path = await writeInPlace({ folder: into, stem, ending: fileKinds[kind]?.ending ?? '' }, async (at) => {
        await writers[kind](run, at, call)
        if (call.signal.aborted) throw cancelledExport()
      })
    } catch (thrown) {
      throw exportFailure(thrown, into)
    }
    const info = await listExport(run, kind, path).catch(async (thrown: unknown) => {
      await rm(path, { recursive: true, force: true })
      if (folder === null) await rmdir(into).catch(() => undefined)
      throw thrown
    })
    changes.publish('exports', run.projectId)
    return info
  }

  async function listExport(run: TrainedRun, kind: ExportKind, path: string): Promise<ExportInfo> {
    const files = fileKinds[kind]
      ? [{ name: basename(path), bytes: (await stat(path)).size }]
      : await filesOf(path)
    const row: ExportRow = {
      id: randomUUID(),
      project_id: run.projectId,
      run_id: run.id,
      run_name: run.name,
      kind,
      path,
      bytes: files.reduce((sum, file) => sum + file.bytes, 0),
      files: JSON.stringify(files.map(({ name }) => name.replaceAll(sep, '/'))),
      created_at: Date.now(),
    }
    const columns = Object.keys(row)
    const { changes: added } = await store.run(
      `INSERT INTO export (${columns.join(', ')}) SELECT ${columns.map(() => '?').join(', ')}
        WHERE EXISTS (SELECT 1 FROM project WHERE id = ?)`,
      ...Object.values(row),
      row.project_id,
    )
    if (added > 0) return asExportInfo(row)
    throw projectMissing(row.project_id)
  }
}

async function asExportInfo(row: ExportRow): Promise<ExportInfo> {
  return {
    id: row.id,
    projectId: row.project_id,
    runId: row.run_id,
    runName: row.run_name,
    kind: row.kind,
    path: row.path,
    bytes: row.bytes,
    files: JSON.parse(row.files) as string[],
    createdAt: row.created_at,
    there: (await stat(row.path).catch(() => null)) !== null,
    singleFile: fileKinds[row.kind] !== undefined,
  }
}

function projectMissing(projectId: string): AppError {
  return new AppError('project_missing', 'This project is no longer there. Choose another one.', {
    projectId,
  })
}

const isWholeModel = (run: TrainedRun): boolean => run.settings['method'] === 'full'

function outcomeOf(run: TrainedRun): string {
  if (run.outcome !== null) return run.outcome
  throw new AppError(
    'run_state',
    `The run ${run.name} has not made anything to export yet. Wait until it is finished, or stop it and keep what it has learnt.`,
    { runId: run.id },
  )
}

async function writeText(path: string, text: string): Promise<void> {
  const file = await open(path, 'w')
  try {
    await file.writeFile(text)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether a path truly lies below a folder, links followed; a path that is gone does not. */
async function liesWithin(path: string, folder: string): Promise<boolean> {
  const [real, within] = await Promise.all([realpath(dirname(path)), realpath(folder)]).catch(() => [
    null,
    null,
  ])
  if (real === null || within === null) return false
  const below = relative(within, join(real, basename(path)))
  return below !== '' && below !== '..' && !below.startsWith(`..${sep}`) && !isAbsolute(below)
}
