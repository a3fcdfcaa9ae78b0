import { hash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { taskOf } from '../../../trainer/data/tasks.ts'
import type { TrainingDataset } from '../../../trainer/protocol.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Reader, SqlValue } from '../../store/connection.ts'
import type { Store } from '../../store/open.ts'
import { answersOf } from '../examples/example-rows.ts'
import type { StoredExample } from '../examples/example-rows.ts'
import { requireProject } from '../project-data.ts'

export interface WrittenSet {
  readonly name: string
  readonly path: string
  readonly count: number
}

/** The files of a run's data: flat JSONL, as `readDataset` reads it. */
export interface WrittenSplits {
  /** What is trained on: one file, or one for each source where they do not all count once an epoch. */
  readonly datasets: readonly TrainingDataset[]
  /** Null where nothing is held out for validation; so is the list of tests empty. */
  readonly validation: string | null
  /**
   * One for each source that serves as a test, and one for what was held out of the others; of a few datasets one for
   * each, so that each has its scores.
   */
  readonly tests: readonly WrittenSet[]
  readonly counts: Readonly<Record<SplitName, number>>
}

const rowsPerRead = 2000
/** The name of the test set that was held out of the sources without a split of their own. */
const heldOutName = 'Held out'
const mostDividedSets = 8

/**
 * Writes a project's examples, split by split, into a folder. Nothing of the data can change meanwhile; an example
 * that stands in two sources is written once to each file.
 */
export async function writeSplits(
  store: Store,
  projectId: string,
  folder: string,
  { questionsOnly = false }: SplitsOptions = {},
): Promise<WrittenSplits> {
  await mkdir(folder, { recursive: true })
  return store.transaction(async (reader) => {
    await requireProject(reader, projectId)
    const parts: SplitParts = { reader, projectId, folder, only: questionsOnly ? " AND e.form = 'qa'" : '' }
    const train = await writeTraining(parts)
    const validation = await writeSplit(parts, 'validation')
    const tests = await writeTests(parts)
    return {
      datasets: train.datasets,
      validation: validation.count > 0 ? validation.path : null,
      tests,
      counts: {
        train: train.count,
        validation: validation.count,
        test: tests.reduce((sum, { count }) => sum + count, 0),
      },
    }
  })
}

export interface SplitsOptions {
  /** Leaves tasks out, for a model that marks answers in a text. */
  readonly questionsOnly?: boolean
}

interface SplitParts {
  readonly reader: Reader
  readonly projectId: string
  readonly folder: string
  /** A condition on the examples, begun with AND, or empty. */
  readonly only: string
}

const inSplit = "e.project_id = ? AND s.ready = 1 AND e.split = ? AND (s.use = ?2 OR s.use = 'auto')"

function writeSplit({ reader, projectId, folder, only }: SplitParts, split: SplitName) {
  return writeSet(reader, join(folder, `${split}.jsonl`), {
    condition: inSplit + only,
    values: [projectId, split],
  })
}

async function writeTraining(
  parts: SplitParts,
): Promise<{ readonly datasets: readonly TrainingDataset[]; readonly count: number }> {
  const { reader, projectId, folder, only } = parts
  const sources = await reader.all<{ id: string; name: string; weight: number }>(
    `SELECT s.id, s.name, s.weight FROM source s WHERE s.project_id = ?1 AND s.ready = 1 AND s.use IN ('auto', 'train')
       AND EXISTS (SELECT 1 FROM example e WHERE e.source_id = s.id AND e.split = 'train'${only})
     ORDER BY s.imported_at, s.rowid`,
    projectId,
  )
  if (sources.every(({ weight }) => weight === 1)) {
    const { path, count } = await writeSplit(parts, 'train')
    return { datasets: [{ name: 'data', data: path, weight: 1 }], count }
  }
  const unique = uniqueNames()
  const datasets: TrainingDataset[] = []
  const seen = new Set<string>()
  let total = 0
  for (const { id, name, weight } of sources) {
    const { path, count } = await writeSet(reader, join(folder, `train-${datasets.length + 1}.jsonl`), {
      condition: `e.source_id = ? AND e.split = 'train'${only}`,
      values: [id],
      seen,
    })
    datasets.push({ name: unique(name), data: path, weight })
    total += count
  }
  return { datasets, count: total }
}

function uniqueNames(): (wanted: string) => string {
  const names = new Set<string>()
  return (wanted) => {
    let name = wanted
    for (let number = 2; names.has(name); number++) name = `${wanted} (${number})`
    names.add(name)
    return name
  }
}

async function writeTests({ reader, projectId, folder, only }: SplitParts): Promise<WrittenSet[]> {
  const sources = await reader.all<{ id: string; name: string; use: string }>(
    `SELECT s.id, s.name, s.use FROM source s WHERE s.project_id = ?1 AND s.ready = 1
       AND (s.use = 'test' OR s.use = 'auto' AND s.kind = 'dataset' AND EXISTS
         (SELECT 1 FROM example e WHERE e.source_id = s.id AND e.split = 'test'${only}))
     ORDER BY s.imported_at, s.rowid`,
    projectId,
  )
  const divided = sources.filter(({ use }) => use === 'auto')
  // Scores over a handful of questions each would say nothing.
  const each = divided.length > 1 && divided.length <= mostDividedSets ? divided : []
  const unique = uniqueNames()
  const tests: WrittenSet[] = []
  const heldOut = new Set<string>()
  const write = async (
    name: string,
    condition: string,
    value: SqlValue,
    seen = new Set<string>(),
  ): Promise<void> => {
    const path = join(folder, `test-${tests.length + 1}.jsonl`)
    const { count } = await writeSet(reader, path, { condition: condition + only, values: [value], seen })
    if (count > 0) tests.push({ name: unique(name), path, count })
  }
  for (const { id, name, use } of sources)
    if (use === 'test') await write(name, 'e.source_id = ?', id)
    else if (each.some((source) => source.id === id))
      await write(name, "e.source_id = ? AND e.split = 'test'", id, heldOut)
  await write(
    heldOutName,
    `e.project_id = ? AND e.split = 'test' AND s.ready = 1 AND s.use = 'auto'${each.length > 0 ? " AND s.kind <> 'dataset'" : ''}`,
    projectId,
    heldOut,
  )
  return tests
}

interface Selected {
  readonly condition: string
  readonly values: readonly SqlValue[]
  /** Digests of what stands in a file already and is not to be written again. */
  readonly seen?: Set<string>
}

type WrittenRow = Pick<
  StoredExample,
  'id' | 'key' | 'form' | 'task' | 'grp' | 'context' | 'question' | 'answers' | 'isImpossible'
>

async function writeSet(
  reader: Reader,
  path: string,
  { condition, values, seen = new Set() }: Selected,
): Promise<{ readonly path: string; readonly count: number }> {
  const file = await open(path, 'w')
  let count = 0
  try {
    for (let after = -1; ;) {
      const rows = await reader.all<WrittenRow>(
        `SELECT e.id, e.key, e.form, e.task, e.grp, p.text AS context, e.question, e.answers, e.is_impossible AS isImpossible
         FROM example e JOIN passage p ON p.id = e.passage_id JOIN source s ON s.id = e.source_id
         WHERE ${condition} AND e.id > ?${values.length + 1} ORDER BY e.id LIMIT ${rowsPerRead}`,
        ...values,
        after,
      )
      const fresh = rows.filter((row) => {
        const digest = hash('sha1', JSON.stringify([row.context, row.question, row.answers]), 'base64')
        return !seen.has(digest) && seen.add(digest)
      })
      await file.appendFile(fresh.map((row) => `${JSON.stringify(flatRecord(row))}\n`).join(''))
      count += fresh.length
      const last = rows.at(-1)
      if (!last) break
      after = last.id
    }
    await file.sync()
  } finally {
    await file.close()
  }
  return { path, count }
}

function flatRecord(row: WrittenRow) {
  const answers = answersOf(row)
  if (row.form === 'task')
    return {
      id: row.key,
      title: row.grp,
      task: taskOf(row),
      instruction: row.question,
      input: row.context,
      targets: answers.map(({ text }) => text),
    }
  return {
    id: row.key,
    title: row.grp,
    context: row.context,
    question: row.question,
    answers: { text: answers.map(({ text }) => text), answer_start: answers.map(({ start }) => start) },
    is_impossible: row.isImpossible === 1,
  }
}
