import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { CallContext } from '../../../main/contract/methods.ts'
import type { Source } from '../../../main/contract/datasets.ts'
import type { ImportRequest } from '../../../main/contract/imports.ts'
import { createDatasets } from '../../../main/datasets/service.ts'
import type { DatasetsDeps } from '../../../main/datasets/service.ts'
import { createProjects } from '../../../main/projects/service.ts'
import { createChanges } from '../../../main/store/changes.ts'
import type { Changes } from '../../../main/store/changes.ts'
import { openStore } from '../../../main/store/open.ts'
import type { Store } from '../../../main/store/open.ts'
import { readTrainedRun } from '../../../main/store/trained-run.ts'
import { resolveUpload } from '../../../main/store/uploads.ts'
import { createAnswering } from '../../../main/trainers/answering.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import { repository } from '../spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

export const call: CallContext<never> = { emit: () => undefined, signal: new AbortController().signal }

/** What the service needs, over a store: the starter as its only model, a real answering process where it is asked. */
export function datasetsDeps(store: Store, changes: Changes): DatasetsDeps {
  const starter = join(repository, 'assets', 'starter')
  const answering = createAnswering({
    startTrainer: () => forkTrainer(join(repository, 'trainer', 'worker.ts')),
  })
  onTestFinished(() => answering.dispose())
  return {
    store,
    changes,
    version: '0.0.0',
    answering,
    resolveUpload: (id) => resolveUpload(store.home, id),
    modelFolderOf: () => Promise.resolve(null),
    windowOf: () => Promise.resolve(null),
    modelOf: (modelId) =>
      Promise.resolve(
        modelId === 'starter' ? { folder: starter, name: 'Starter', architecture: 't5' } : null,
      ),
    runOf: (runId) => readTrainedRun(store, runId),
  }
}

/** A real store in a temporary folder, the services over it, a project, and a folder for files. */
export async function openProject() {
  const folder = await temporaryFolder()
  const store = await openStore(join(folder, 'home'))
  const changes = createChanges()
  const projects = createProjects({
    store,
    changes,
    stopWork: () => Promise.resolve(),
    hasActiveRun: () => false,
  })
  const deps = datasetsDeps(store, changes)
  const data = createDatasets(deps)
  onTestFinished(async () => {
    await data.dispose()
    await store.close()
  })
  const { id: projectId } = await projects['projects.create']({ name: 'Questions' }, call)

  const write = async (name: string, content: string): Promise<string> => {
    const path = join(folder, 'files', name)
    await mkdir(join(path, '..'), { recursive: true })
    await writeFile(path, content)
    return path
  }
  const importPath = (path: string, more: Partial<ImportRequest> = {}): Promise<Source> =>
    data['data.import']({ projectId, file: { path }, name: null, mapping: null, use: 'auto', ...more }, call)
  const importText = async (
    name: string,
    content: string,
    more: Partial<ImportRequest> = {},
  ): Promise<Source> => importPath(await write(name, content), more)
  const everyExample = async () =>
    (
      await data['data.examples'](
        { projectId, offset: 0, limit: 500, search: null, split: null, sourceId: null, range: null },
        call,
      )
    ).rows
  /** Rows of every table that data are kept in. */
  const rowCounts = async () => {
    // A search waits for the index.
    await data.searchPassages(projectId, 'nothing', 1)
    return store.get<Record<string, number>>(
      `SELECT (SELECT count(*) FROM source) AS sources, (SELECT count(*) FROM passage) AS passages,
         (SELECT count(*) FROM example) AS examples, (SELECT count(*) FROM problem) AS problems,
         (SELECT count(*) FROM passage_text_docsize) AS indexed`,
    )
  }
  return {
    folder,
    store,
    changes,
    projects,
    deps,
    data,
    projectId,
    write,
    importPath,
    importText,
    everyExample,
    rowCounts,
  }
}

export const nothing = { sources: 0, passages: 0, examples: 0, problems: 0, indexed: 0 }

export const mapping = {
  form: 'qa',
  roles: { id: 'id', title: 'title', context: 'context', question: 'question', answer: 'answer' },
} as const

export interface CsvRow {
  readonly title?: string
  readonly context: string
  readonly question: string
  readonly answer: string
}

/** A CSV file with the columns of `mapping`. */
export function csv(rows: readonly CsvRow[]): string {
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`
  const lines = rows.map((row, i) =>
    [`q${i}`, row.title ?? '', row.context, row.question, row.answer].map(cell).join(','),
  )
  return ['id,title,context,question,answer', ...lines].join('\n')
}

/** `count` good rows: five questions a context, five contexts an article. */
export function goodRows(count: number): CsvRow[] {
  return Array.from({ length: count }, (_, i) => {
    const context = Math.floor(i / 5)
    return {
      title: `Article ${Math.floor(context / 5)}`,
      context: `Context ${context} says that the answer to everything asked here is item number ${context}.`,
      question: `Which item is it, asked for the time ${i}?`,
      answer: `item number ${context}`,
    }
  })
}
