import { open } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Reader } from '../../store/connection.ts'
import type { Store } from '../../store/open.ts'
import { requireProject } from '../project-data.ts'

/** The files of a project's plain texts: JSONL, as `readDataset` reads them. Null where there is none. */
export interface WrittenPassages {
  readonly train: string | null
  /** The file of the validation examples with the plain texts that go with them, or of these alone. */
  readonly validation: string | null
}

const passagesPerRead = 500
/** No record of a file grows beyond this by much, however long a book is. */
const longestText = 200_000

interface PassageRow {
  readonly id: number
  readonly sourceId: string
  readonly title: string
  readonly text: string
  readonly split: 'train' | 'validation' | 'test'
}

/**
 * Writes a project's passages into a folder, to be learnt as plain text. A passage goes where its questions go, one
 * without questions is trained on, and what a test asks about is left out: the model must not have read it. The
 * passages of a document that follow one another make one text. Those for validation are added to the examples of the
 * file `validation`.
 */
export async function writePassages(
  store: Store,
  projectId: string,
  { folder, validation }: { readonly folder: string; readonly validation: string | null },
): Promise<WrittenPassages> {
  return store.transaction(async (reader) => {
    await requireProject(reader, projectId)
    const train = await textFile(join(folder, 'passages.jsonl'), 'w')
    const held = await textFile(validation ?? join(folder, 'validation.jsonl'), 'a')
    try {
      let last: PassageRow | null = null
      for await (const row of passages(reader, projectId)) {
        const goesOn = last?.split === row.split && last.sourceId === row.sourceId && last.title === row.title
        for (const [file, split] of [
          [train, 'train'],
          [held, 'validation'],
        ] as const)
          if (!goesOn || split !== row.split) await file.end()
        if (row.split === 'train') await train.add(row)
        if (row.split === 'validation') await held.add(row)
        last = row
      }
      await train.end()
      await held.end()
    } finally {
      await train.close()
      await held.close()
    }
    return {
      train: train.texts() > 0 ? train.path : null,
      validation: held.texts() > 0 ? held.path : validation,
    }
  })
}

/** The passages that can be learnt, in the order of their documents, with where they go. */
async function* passages(reader: Reader, projectId: string): AsyncGenerator<PassageRow> {
  for (let after = -1; ;) {
    const rows = await reader.all<PassageRow>(
      `SELECT p.id, p.source_id AS sourceId, p.title, p.text,
          CASE
            WHEN s.use = 'test' OR EXISTS (
              SELECT 1 FROM example e JOIN source o ON o.id = e.source_id
                WHERE e.passage_id = p.id AND (e.split = 'test' OR o.use = 'test')) THEN 'test'
            WHEN s.use = 'validation' OR EXISTS (
              SELECT 1 FROM example e JOIN source o ON o.id = e.source_id
                WHERE e.passage_id = p.id AND (e.split = 'validation' OR o.use = 'validation')) THEN 'validation'
            ELSE 'train'
          END AS split
        FROM passage p JOIN source s ON s.id = p.source_id
        WHERE p.project_id = ? AND s.ready = 1 AND p.searchable = 1 AND p.id > ?
        ORDER BY p.id LIMIT ${passagesPerRead}`,
      projectId,
      after,
    )
    yield* rows
    const last = rows.at(-1)
    if (!last) return
    after = last.id
  }
}

interface TextFile {
  readonly path: string
  /** Adds a passage to the text that is being collected. */
  add(row: PassageRow): Promise<void>
  /** Writes what was collected as one text. */
  end(): Promise<void>
  texts(): number
  close(): Promise<void>
}

async function textFile(path: string, flags: 'w' | 'a'): Promise<TextFile> {
  // A file without a text must not come into being.
  let file: FileHandle | null = null
  let written = 0
  let title = ''
  let parts: string[] = []
  let length = 0
  const end = async () => {
    if (parts.length === 0) return
    file ??= await open(path, flags)
    await file.appendFile(`${JSON.stringify({ title, text: parts.join('\n\n') })}\n`)
    written++
    parts = []
    length = 0
  }
  return {
    path,
    async add(row) {
      if (length + row.text.length > longestText) await end()
      title = row.title
      parts.push(row.text)
      length += row.text.length
    },
    end,
    texts: () => written,
    async close() {
      await file?.sync()
      await file?.close()
    },
  }
}
