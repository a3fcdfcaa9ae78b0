import type { Draft, DraftCounts, DraftState } from '../../contract/drafts.ts'
import { AppError } from '../../contract/errors.ts'
import type { Page } from '../../contract/datasets.ts'
import type { Reader } from '../../store/connection.ts'

export interface StoredDraft extends Omit<Draft, 'heading' | 'answer' | 'edited'> {
  readonly heading: string
  readonly answer: string
  readonly start: number
  readonly edited: number
  readonly exampleId: number | null
}

const columns = `d.id, d.passage_id AS passageId, p.text AS passage, p.title, p.heading, p.place, s.name AS sourceName,
  d.question, d.answer, d.start, d.score, d.model_name AS modelName, d.state, d.edited, d.example_id AS exampleId`

const joins = 'draft d JOIN passage p ON p.id = d.passage_id JOIN source s ON s.id = p.source_id'

/** What waits counts only while its document is there: a passage may outlive it for the sake of other questions. */
const isShown = "s.ready = 1 AND (d.state <> 'waiting' OR s.kind = 'documents')"

/** Some of a project's drafts of one state, in the order in which they were made, and how many there are of each. */
export async function listDrafts(
  store: Reader,
  projectId: string,
  { state, offset, limit }: { readonly state: DraftState; readonly offset: number; readonly limit: number },
): Promise<Page<Draft> & { readonly counts: DraftCounts }> {
  const found = await store.all<{ state: DraftState; count: number }>(
    `SELECT d.state, count(*) AS count FROM ${joins} WHERE d.project_id = ? AND ${isShown} GROUP BY d.state`,
    projectId,
  )
  const counts = {
    waiting: 0,
    kept: 0,
    dropped: 0,
    ...Object.fromEntries(found.map((row) => [row.state, row.count])),
  }
  const rows = await store.all<StoredDraft>(
    `SELECT ${columns} FROM ${joins} WHERE d.project_id = ? AND d.state = ? AND ${isShown}
     ORDER BY d.id LIMIT ? OFFSET ?`,
    projectId,
    state,
    limit,
    offset,
  )
  return { total: counts[state], rows: rows.map(draftOf), counts }
}

/** The next drafts that wait, by id. */
export function waitingDrafts(
  store: Reader,
  projectId: string,
  limit: number,
): Promise<readonly StoredDraft[]> {
  return store.all<StoredDraft>(
    `SELECT ${columns} FROM ${joins} WHERE d.project_id = ? AND d.state = 'waiting' AND ${isShown}
     ORDER BY d.id LIMIT ?`,
    projectId,
    limit,
  )
}

/** @throws AppError `draft_missing`. */
export async function readDraft(store: Reader, projectId: string, id: number): Promise<StoredDraft> {
  const row = await store.get<StoredDraft>(
    `SELECT ${columns} FROM ${joins} WHERE d.project_id = ? AND d.id = ? AND s.ready = 1`,
    projectId,
    id,
  )
  if (row) return row
  throw new AppError('draft_missing', 'This draft is not in the project any more. Go on with the next one.', {
    id,
  })
}

export function draftOf(stored: StoredDraft): Draft {
  const { id, passageId, passage, title, place, sourceName, question, score, modelName, state } = stored
  return {
    ...{ id, passageId, passage, title, place, sourceName, question, score, modelName, state },
    heading: JSON.parse(stored.heading) as string[],
    answer: { text: stored.answer, start: stored.start },
    edited: stored.edited === 1,
  }
}
