import type { FoundPassage } from '../contract/comparisons.ts'
import type { SplitName } from '../contract/splits.ts'
import type { Handlers, MethodName } from '../contract/methods.ts'
import type { Answering } from '../trainers/answering.ts'
import { homeFolders } from '../store/files.ts'
import { sweepKeptFiles } from './archives/kept-files.ts'
import { expandHandlers } from './archives/expand.ts'
import { createChecks } from './checks/create-checks.ts'
import { createDrafting } from './drafting/drafting.ts'
import type { WhoDeps } from './drafting/who-drafts.ts'
import { exampleHandlers } from './examples/examples.ts'
import { exportDataHandlers } from './export/export-data.ts'
import { importFile } from './importing/import-file.ts'
import { createImportQueue } from './importing/import-queue.ts'
import { markHandlers } from './examples/mark-answer.ts'
import { mendHandlers } from './mending/mend.ts'
import { passageHandlers } from './search/passage-list.ts'
import { problemHandlers } from './mending/problems.ts'
import { isReady, projectMissing, resolveFile } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'
import { inspectFile, previewFile } from './reading/read-file.ts'
import { sweepUnfinished } from './remove-source.ts'
import { savedMappingHandlers } from './importing/saved-mappings.ts'
import { searchPassages } from './search/search-passages.ts'
import { sourceHandlers } from './sources.ts'
import { splitHandlers } from './splits/splits.ts'
import { summaryHandlers } from './examples/summary.ts'
import { createTextIndex } from './search/text-index.ts'
import { endIdleThreads } from './reading/reading-threads.ts'
import { webHandlers } from './web/handlers.ts'
import { writePassages } from './splits/write-passages.ts'
import type { WrittenPassages } from './splits/write-passages.ts'
import { writeSplits } from './splits/write-splits.ts'
import type { SplitsOptions, WrittenSplits } from './splits/write-splits.ts'

type DataMethods = Extract<MethodName, `data.${string}`>

export interface Datasets extends Handlers<DataMethods> {
  /** Writes a run's data into a folder, as files that the trainer reads back to the same examples. */
  writeSplits(projectId: string, folder: string, options?: SplitsOptions): Promise<WrittenSplits>
  /** Writes a project's texts beside its splits, to be learnt as they are; see `writePassages`. */
  writePassages(
    projectId: string,
    to: { readonly folder: string; readonly validation: string | null },
  ): Promise<WrittenPassages>
  /** How many examples each split has. */
  countSplits(projectId: string): Promise<Readonly<Record<SplitName, number>>>
  /** Changes whenever the project's data or their splits change. @throws AppError `project_missing` */
  digest(projectId: string): Promise<string>
  /** The passages that fit a question best, by BM25. */
  searchPassages(projectId: string, question: string, limit: number): Promise<readonly FoundPassage[]>
  /** Removes what an import left unfinished and what nobody imported when the app went, and goes on with the index; for the app's start. */
  recover(): Promise<void>
  /** Ends what goes on for a project that is to be deleted. */
  stopProject(projectId: string): Promise<void>
  dispose(): Promise<void>
}

/** What the service is given. */
export interface DatasetsDeps extends DatasetDeps, WhoDeps {
  /** Of Loracle, for the name that it gives to web sites. */
  readonly version: string
  readonly answering: Pick<Answering, 'ask' | 'write'>
  /** Tokens that the project's model reads at once; null where none is chosen, or it has no limit. */
  windowOf(projectId: string): Promise<number | null>
}

/** The data of projects: files, examples, passages, problems and splits. */
export function createDatasets(given: DatasetsDeps): Datasets {
  const { store } = given
  const { uploads } = homeFolders(store.home)
  const textIndex = createTextIndex(store)
  const deps = { ...given, uploads, textIndex }
  const inTurn = createImportQueue()
  const closing = new AbortController()
  const imports = new Set<Promise<unknown>>()
  const checks = createChecks(deps)
  const drafting = createDrafting(deps)
  return {
    ...expandHandlers(deps),
    ...webHandlers(deps),
    'data.inspect': async ({ file, table = null }, { signal }) => {
      const { path, name } = await resolveFile(file, deps)
      const inspection = await inspectFile({ path, table }, signal)
      return name === null ? inspection : { ...inspection, name }
    },
    'data.preview': async ({ file, table = null, mapping }, { signal }) => {
      const { path } = await resolveFile(file, deps)
      return previewFile({ path, table, mapping }, signal)
    },
    ...savedMappingHandlers(deps),
    'data.import': async (request, { emit, signal }) => {
      const context = { emit, signal: AbortSignal.any([signal, closing.signal]) }
      const importing = inTurn(request.projectId, context.signal, () => importFile(deps, request, context))
      imports.add(importing)
      return importing.finally(() => imports.delete(importing))
    },
    ...sourceHandlers(deps),
    ...summaryHandlers(deps),
    ...exampleHandlers(deps),
    ...problemHandlers(deps),
    ...mendHandlers(deps),
    ...passageHandlers(deps),
    ...markHandlers(deps),
    ...splitHandlers(deps),
    ...exportDataHandlers(deps),
    'data.check': checks['data.check'],
    ...drafting,

    writeSplits: (projectId, folder, options) => writeSplits(store, projectId, folder, options),
    writePassages: (projectId, to) => writePassages(store, projectId, to),
    countSplits: async (projectId) => {
      const rows = await store.all<{ split: SplitName; count: number }>(
        `SELECT split, count(*) AS count FROM example WHERE project_id = ?1 AND ${isReady} GROUP BY split`,
        projectId,
      )
      return {
        train: 0,
        validation: 0,
        test: 0,
        ...Object.fromEntries(rows.map((row) => [row.split, row.count])),
      }
    },
    digest: async (projectId) => {
      const row = await store.get<{ version: number }>(
        'SELECT data_version AS version FROM project WHERE id = ?',
        projectId,
      )
      if (!row) throw projectMissing(projectId)
      return `${projectId}/${row.version}`
    },
    searchPassages: async (projectId, question, limit) => {
      await textIndex.settled()
      return searchPassages(store, projectId, { question, limit })
    },
    recover: async () => {
      await sweepUnfinished(store)
      await sweepKeptFiles(uploads)
      textIndex.catchUp()
    },
    stopProject: drafting.stopProject,
    dispose: async () => {
      closing.abort()
      await Promise.allSettled(imports)
      await Promise.all([checks.dispose(), textIndex.dispose(), endIdleThreads()])
    },
  }
}
