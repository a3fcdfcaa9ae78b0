import type { Reader } from '../../store/connection.ts'

/** A passage with what is asked about it already. */
export interface DraftablePassage {
  readonly id: number
  readonly text: string
  /** Answers of its examples and of its drafts, whatever was decided on those. */
  readonly answers: readonly string[]
  readonly questions: readonly string[]
}

/** The passages of documents, in their order, those about which nothing is asked yet first. */
export async function draftablePassages(
  store: Reader,
  projectId: string,
  sourceId: string | null,
): Promise<readonly number[]> {
  const rows = await store.all<{ id: number }>(
    `SELECT p.id FROM passage p JOIN source s ON s.id = p.source_id
     WHERE p.project_id = ?1 AND p.searchable = 1 AND s.kind = 'documents' AND s.ready = 1
       AND (?2 IS NULL OR s.id = ?2)
     ORDER BY EXISTS (SELECT 1 FROM example e WHERE e.passage_id = p.id)
       OR EXISTS (SELECT 1 FROM draft d WHERE d.passage_id = p.id), p.id`,
    projectId,
    sourceId,
  )
  return rows.map(({ id }) => id)
}

/** Reads a passage; null where it went meanwhile. */
export async function readDraftable(store: Reader, passageId: number): Promise<DraftablePassage | null> {
  const passage = await store.get<{ id: number; text: string }>(
    `SELECT p.id, p.text FROM passage p JOIN source s ON s.id = p.source_id WHERE p.id = ? AND s.ready = 1`,
    passageId,
  )
  if (!passage) return null
  const known = await store.all<{ question: string; answer: string | null }>(
    `SELECT question, answer FROM draft WHERE passage_id = ?1
     UNION ALL
     SELECT e.question, a.value ->> 'text' FROM example e LEFT JOIN json_each(e.answers) a WHERE e.passage_id = ?1`,
    passageId,
  )
  return {
    ...passage,
    answers: known.flatMap(({ answer }) => (answer === null ? [] : [answer])),
    questions: known.map(({ question }) => question),
  }
}
