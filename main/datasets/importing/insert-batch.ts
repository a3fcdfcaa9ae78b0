import type { TaskKind } from '../../../trainer/data/tasks.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Writer } from '../../store/connection.ts'

export interface NewPassage {
  readonly hash: string
  readonly title: string
  readonly heading: readonly string[]
  readonly page: number | null
  readonly place: string
  readonly text: string
  readonly words: number
  /** False for the inputs of tasks, which no one looks up; true where left out. */
  readonly searchable?: boolean
}

export interface NewExample {
  /** SHA-256 of the context, which stands among the passages. */
  readonly hash: string
  readonly key: string
  readonly question: string
  /** `ExampleAnswer[]` as JSON. */
  readonly answers: string
  readonly isImpossible: boolean
  readonly group: string
  readonly place: string
  readonly split: SplitName
  readonly contextWords: number
  readonly questionWords: number
  readonly answerWords: number
  /** `qa` where left out. */
  readonly form?: 'qa' | 'task'
  /** Null, as where left out, for questions about a passage. */
  readonly task?: TaskKind | null
  /** JSON of what an export gives back. */
  readonly extra?: string | null
}

export interface NewProblem {
  readonly kind: string
  readonly place: string
  readonly message: string
  readonly status: 'rejected' | 'flagged' | 'mended'
  /** What the file had, as JSON; null where it was kept as an example. */
  readonly record: string | null
  readonly proposal: string | null
  /** The key of the example that was mended. */
  readonly key: string | null
}

export interface Batch {
  readonly passages: readonly NewPassage[]
  readonly examples: readonly NewExample[]
  readonly problems: readonly NewProblem[]
}

export interface Owner {
  readonly projectId: string
  readonly sourceId: string
  /** True where no other source of the project has examples. */
  readonly isAlone?: boolean
}

// One statement a table and batch, the rows as one JSON text: a call for each row would cost more than its work.
// A passage that exists is used as it is; one whose source is being removed goes over to this source.
const insertPassages = `
  INSERT INTO passage (project_id, source_id, hash, title, heading, page, place, text, words, searchable)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7
  FROM json_each(?3) WHERE true
  ON CONFLICT (project_id, hash) DO UPDATE SET
      source_id = CASE WHEN (SELECT ready FROM source WHERE id = passage.source_id) = 0
        THEN excluded.source_id ELSE source_id END,
      searchable = max(searchable, excluded.searchable)
    WHERE excluded.searchable > searchable
      OR (SELECT ready FROM source WHERE id = passage.source_id) = 0`

// What another source has brought already is noted as being in this one, too.
const sharePassages = `
  INSERT INTO shared_passage (passage_id, source_id, title, heading, page, place)
  SELECT p.id, ?2, j.value ->> 1, j.value ->> 2, j.value ->> 3, j.value ->> 4
  FROM json_each(?3) j CROSS JOIN passage p ON p.project_id = ?1 AND p.hash = j.value ->> 0
  WHERE p.source_id <> ?2 ON CONFLICT DO NOTHING`

const insertExamples = (key: string): string => `
  INSERT INTO example (project_id, source_id, passage_id, key, question, answers, is_impossible, grp, place, split,
    context_words, question_words, answer_words, form, extra, task)
  SELECT ?1, ?2, p.id, ${key},
    j.value ->> 2, j.value ->> 3, j.value ->> 4, j.value ->> 5, j.value ->> 6, j.value ->> 7,
    j.value ->> 8, j.value ->> 9, j.value ->> 10, j.value ->> 11, j.value ->> 12, j.value ->> 13
  FROM json_each(?3) j CROSS JOIN passage p ON p.project_id = ?1 AND p.hash = j.value ->> 0`

// A key that another source of the project uses gets the source's id behind it. To look for it SQLite must first put
// all rows aside: a source that is alone goes without (an eighth of the time).
const insertFreeKeys = insertExamples('j.value ->> 1')
const insertAnyKeys = insertExamples(
  `CASE WHEN EXISTS (SELECT 1 FROM example e WHERE e.project_id = ?1 AND e.key = j.value ->> 1)
    THEN (j.value ->> 1) || '@' || ?2 ELSE j.value ->> 1 END`,
)

// The plus keeps SQLite to the index by key: all examples of the source would be looked at for every problem.
const insertProblems = `
  INSERT INTO problem (project_id, source_id, kind, place, message, status, record, proposal, example_id)
  SELECT ?1, ?2, value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
    CASE WHEN value ->> 6 IS NULL THEN NULL ELSE (SELECT id FROM example WHERE project_id = ?1
      AND key IN (value ->> 6, (value ->> 6) || '@' || ?2) AND +source_id = ?2 LIMIT 1) END
  FROM json_each(?3)`

/** A batch as the store takes it: the rows of each table as one JSON text. */
export interface PackedBatch {
  readonly passages: string | null
  readonly passageCount: number
  readonly examples: string | null
  readonly problems: string | null
}

/** Packs a batch; a reading thread does it, so that the app's own need not. */
export function packBatch({ passages, examples, problems }: Batch): PackedBatch {
  const pack = <Row>(rows: readonly Row[], cells: (row: Row) => readonly unknown[]): string | null =>
    rows.length === 0 ? null : JSON.stringify(rows.map(cells))
  return {
    passageCount: passages.length,
    passages: pack(passages, (one) => [
      one.hash,
      one.title,
      JSON.stringify(one.heading),
      one.page,
      one.place,
      one.text,
      one.words,
      Number(one.searchable ?? true),
    ]),
    examples: pack(examples, (one) => [
      one.hash,
      one.key,
      one.question,
      one.answers,
      Number(one.isImpossible),
      one.group,
      one.place,
      one.split,
      one.contextWords,
      one.questionWords,
      one.answerWords,
      one.form ?? 'qa',
      one.extra ?? null,
      one.task ?? null,
    ]),
    problems: pack(problems, (one) => [
      one.kind,
      one.place,
      one.message,
      one.status,
      one.record,
      one.proposal,
      one.key,
    ]),
  }
}

/** Writes rows of one source; a context must be among the passages of this batch or of the project. */
export async function insertBatch(
  writer: Writer,
  { projectId, sourceId, isAlone = false }: Owner,
  batch: Batch | PackedBatch,
): Promise<{ readonly passages: number; readonly examples: number }> {
  const packed = isPacked(batch) ? batch : packBatch(batch)
  const insert = async (sql: string, rows: string | null): Promise<number> =>
    rows === null ? 0 : (await writer.run(sql, projectId, sourceId, rows)).changes
  const passages = await insert(insertPassages, packed.passages)
  if (passages < packed.passageCount) await insert(sharePassages, packed.passages)
  const examples = await insert(isAlone ? insertFreeKeys : insertAnyKeys, packed.examples)
  await insert(insertProblems, packed.problems)
  return { passages, examples }
}

function isPacked(batch: Batch | PackedBatch): batch is PackedBatch {
  return !Array.isArray(batch.examples)
}
