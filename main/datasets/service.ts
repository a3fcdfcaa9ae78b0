import type { FoundPassage } from '../contract/comparisons.ts'
import type { SplitName } from '../contract/datasets.ts'
import type { Handlers, MethodName } from '../contract/methods.ts'
import { exampleHandlers } from './examples.ts'
import { importFile } from './import-file.ts'
import { createImportQueue } from './import-queue.ts'
import { markHandlers } from './mark-answer.ts'
import { mendHandlers } from './mend.ts'
import { passageHandlers } from './passage-list.ts'
import { problemHandlers } from './problems.ts'
import { isReady, projectMissing, resolveFile } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'
import { inspect } from './readers/inspect.ts'
import { sweepUnfinished } from './remove-source.ts'
import { searchPassages } from './search-passages.ts'
import { sourceHandlers } from './sources.ts'
import { splitHandlers } from './splits.ts'
import { summaryHandlers } from './summary.ts'
import { writeSplits } from './write-splits.ts'
import type { WrittenSplits } from './write-splits.ts'

type DataMethods = Extract<MethodName, `data.${string}`>

export interface Datasets extends Handlers<DataMethods> {
  /** Writes a run's data into a folder, as files that the trainer reads back to the same examples. */
  writeSplits(projectId: string, folder: string): Promise<WrittenSplits>
  /** How many examples each split has. */
  countSplits(projectId: string): Promise<Readonly<Record<SplitName, number>>>
  /** Changes whenever the project's data or their splits change. @throws AppError `project_missing` */
  digest(projectId: string): Promise<string>
  /** The passages that fit a question best, by BM25. */
  searchPassages(projectId: string, question: string, limit: number): Promise<readonly FoundPassage[]>
  /** Removes what an import left unfinished when the app went; for the start of the app. */
  sweepUnfinished(): Promise<void>
}

/** The data of projects: files, examples, passages, problems and splits. */
export function createDatasets(deps: DatasetDeps): Datasets {
  const { store } = deps
  const inTurn = createImportQueue()
  return {
    'data.inspect': async ({ file }, { signal }) => {
      const { path, name } = await resolveFile(file, deps)
      const inspection = await inspect(path, { signal })
      return name === null ? inspection : { ...inspection, name }
    },
    'data.import': (request, context) =>
      inTurn(request.projectId, context.signal, () => importFile(deps, request, context)),
    ...sourceHandlers(deps),
    ...summaryHandlers(deps),
    ...exampleHandlers(deps),
    ...problemHandlers(deps),
    ...mendHandlers(deps),
    ...passageHandlers(deps),
    ...markHandlers(deps),
    ...splitHandlers(deps),

    writeSplits: (projectId, folder) => writeSplits(store, projectId, folder),
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
    searchPassages: (projectId, question, limit) => searchPassages(store, projectId, { question, limit }),
    sweepUnfinished: () => sweepUnfinished(store),
  }
}
