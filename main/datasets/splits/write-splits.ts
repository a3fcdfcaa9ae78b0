import { hash } from 'node:crypto'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
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
  readonly train: string
  /** Null where nothing is held out for validation; so is the list of tests empty. */
  readonly validation: string | null
  /** One for each source that serves as a test, and one for what was held out of the others. */
  readonly tests: readonly WrittenSet[]
  readonly counts: Readonly<Record<SplitName, number>>
}

const rowsPerRead = 2000
/** The name of the test set that was held out of the sources without a split of their own. */
const heldOutName = 'Held out'

/**
 * Writes a project's examples, split by split, into a folder. Nothing of the data can change meanwhile; an example
 * that stands in two sources is written once to each file.
 */
export async function writeSplits(store: Store, projectId: string, folder: string): Promise<WrittenSplits> {
  await mkdir(folder, { recursive: true })
  return store.transaction(async (writer) => {
    await requireProject(writer, projectId)
    const bySplit = (split: SplitName) =>
      writeSet(writer, join(folder, `${split}.jsonl`), {
        condition: "e.project_id = ? AND s.ready = 1 AND e.split = ? AND (s.use = ?2 OR s.use = 'auto')",
        values: [projectId, split],
      })
    const train = await bySplit('train')
    const validation = await bySplit('validation')
    const tests = await writeTests(writer, projectId, folder)
    return {
      train: train.path,
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

async function writeTests(writer: Reader, projectId: string, folder: string): Promise<WrittenSet[]> {
  const sources = await writer.all<{ id: string; name: string }>(
    `SELECT id, name FROM source WHERE project_id = ? AND ready = 1 AND use = 'test' ORDER BY imported_at, rowid`,
    projectId,
  )
  const names = new Set<string>()
  const unique = (wanted: string): string => {
    let name = wanted
    for (let number = 2; names.has(name); number++) name = `${wanted} (${number})`
    names.add(name)
    return name
  }
  const tests: WrittenSet[] = []
  const write = async (name: string, condition: string, value: SqlValue): Promise<void> => {
    const path = join(folder, `test-${tests.length + 1}.jsonl`)
    const { count } = await writeSet(writer, path, { condition, values: [value] })
    if (count > 0) tests.push({ name: unique(name), path, count })
  }
  for (const { id, name } of sources) await write(name, 'e.source_id = ?', id)
  await write(
    heldOutName,
    "e.project_id = ? AND e.split = 'test' AND s.ready = 1 AND s.use = 'auto'",
    projectId,
  )
  return tests
}

interface Selected {
  readonly condition: string
  readonly values: readonly SqlValue[]
}

type WrittenRow = Pick<
  StoredExample,
  'id' | 'key' | 'grp' | 'context' | 'question' | 'answers' | 'isImpossible'
>

async function writeSet(reader: Reader, path: string, { condition, values }: Selected) {
  const file = await open(path, 'w')
  const seen = new Set<string>()
  let count = 0
  try {
    for (let after = -1; ;) {
      const rows = await reader.all<WrittenRow>(
        `SELECT e.id, e.key, e.grp, p.text AS context, e.question, e.answers, e.is_impossible AS isImpossible
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
  return {
    id: row.key,
    title: row.grp,
    context: row.context,
    question: row.question,
    answers: { text: answers.map(({ text }) => text), answer_start: answers.map(({ start }) => start) },
    is_impossible: row.isImpossible === 1,
  }
}
