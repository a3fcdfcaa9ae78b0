import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { readFlatRecord } from '../../../trainer/data/flat-form.ts'
import type { RawRecord } from '../../../trainer/data/raw-record.ts'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'
import type { CallContext } from '../../../main/contract/methods.ts'
import type { SplitName } from '../../../main/contract/splits.ts'
import { insertBatch } from '../../../main/datasets/importing/insert-batch.ts'
import type { Batch } from '../../../main/datasets/importing/insert-batch.ts'
import { contextPassage, newExample } from '../../../main/datasets/importing/new-example.ts'
import { markChanged } from '../../../main/datasets/project-data.ts'
import { foundProblem } from '../../../main/datasets/mending/row-problems.ts'
import { factsOf } from '../../../main/datasets/importing/text-facts.ts'
import { createTextIndex } from '../../../main/datasets/search/text-index.ts'
import { createProjects } from '../../../main/projects/service.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { openStore } from '../../../main/store/open.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

export const call: CallContext<never> = { emit: () => undefined, signal: new AbortController().signal }

/** A real store with a project, and a way to put flat records into it as an import does, without a file. */
export async function openRecords() {
  const folder = await temporaryFolder()
  const store = await openStore(join(folder, 'home'))
  const textIndex = createTextIndex(store)
  onTestFinished(async () => {
    await textIndex.dispose()
    await store.close()
  })
  const changes = createChanges()
  const projects = createProjects({
    store,
    changes,
    stopWork: () => Promise.resolve(),
    hasActiveRun: () => false,
  })
  const { id: projectId } = await projects['projects.create']({ name: 'Questions' }, call)

  const add = (records: readonly unknown[], more: { name?: string; use?: 'auto' | SplitName } = {}) =>
    addRaw(
      records.map((record, i) => readFlatRecord(record, `line ${i + 1}`)),
      more,
    )
  const addRaw = async (
    records: readonly RawRecord[],
    { name = 'file.jsonl', use = 'auto' }: { name?: string; use?: 'auto' | SplitName } = {},
  ): Promise<string> => {
    const sourceId = randomUUID()
    const checker = createRecordChecker(name)
    const batch = { passages: [], examples: [], problems: [] } as {
      -readonly [K in keyof Batch]: Batch[K][number][]
    }
    for (const record of records) {
      const { example, problems } = checker.add(record)
      if (example) {
        const facts = factsOf(example.context)
        batch.passages.push(contextPassage(example, facts, record.where))
        const at = {
          place: record.where,
          split: use === 'auto' ? 'train' : use,
          extra: record.extra,
        } as const
        batch.examples.push(newExample(example, facts, at))
      }
      batch.problems.push(...problems.map((problem) => foundProblem(problem, record, example)))
    }
    await store.transaction(async (writer) => {
      await writer.run(
        `INSERT INTO source (id, project_id, name, kind, format, bytes, rows, use, imported_at)
         VALUES (?, ?, ?, 'dataset', 'jsonl', 0, ?, ?, ?)`,
        sourceId,
        projectId,
        name,
        records.length,
        use,
        Date.now(),
      )
      await insertBatch(writer, { projectId, sourceId }, batch)
      await markChanged(writer, projectId)
    })
    changes.publish('data', projectId)
    return sourceId
  }
  return { folder, store, changes, textIndex, projects, projectId, add, addRaw }
}
