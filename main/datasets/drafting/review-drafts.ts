import { randomUUID } from 'node:crypto'
import { codePointLength } from '../../../trainer/data/code-points.ts'
import { AppError } from '../../contract/errors.ts'
import type { DraftVerdict } from '../../contract/drafts.ts'
import type { Writer } from '../../store/connection.ts'
import { insertBatch } from '../importing/insert-batch.ts'
import { markedExample } from '../examples/mark-answer.ts'
import type { MarkedPassage } from '../examples/mark-answer.ts'
import { newExample } from '../importing/new-example.ts'
import type { StoredDraft } from './draft-rows.ts'

/** What the person made of a draft; null where it is kept as it is. */
export interface DraftChange {
  readonly question: string | null
  /** Code points of the passage. */
  readonly span: { readonly start: number; readonly end: number } | null
}

export const unchanged: DraftChange = { question: null, span: null }

/**
 * Puts a draft into the state that a verdict asks for, whatever state it is in: a kept one becomes an example, and
 * the example that an earlier verdict made is removed again. Returns whether examples changed.
 *
 * @throws AppError `data_invalid` for a changed question or answer that cannot be an example.
 */
export async function applyVerdict(
  writer: Writer,
  projectId: string,
  { draft, verdict, change }: { draft: StoredDraft; verdict: DraftVerdict; change: DraftChange },
): Promise<boolean> {
  const had = draft.exampleId !== null
  if (draft.exampleId !== null) await removeExample(writer, draft.exampleId)
  if (verdict === 'keep') {
    await keep(writer, projectId, draft, change)
    return true
  }
  const state = verdict === 'drop' ? 'dropped' : 'waiting'
  await writer.run('UPDATE draft SET state = ?, example_id = NULL WHERE id = ?', state, draft.id)
  return had
}

async function keep(
  writer: Writer,
  projectId: string,
  draft: StoredDraft,
  change: DraftChange,
): Promise<void> {
  const passage = await writer.get<MarkedPassage>(
    `SELECT p.hash, p.title, p.text, p.words, p.place, s.name AS sourceName, s.kind
     FROM passage p JOIN source s ON s.id = p.source_id WHERE p.id = ? AND p.project_id = ? AND s.ready = 1`,
    draft.passageId,
    projectId,
  )
  if (!passage)
    throw new AppError('passage_missing', 'The passage of this draft is not in the project any more.', {
      id: draft.id,
    })
  const key = randomUUID()
  const example = markedExample(passage, {
    key,
    question: change.question ?? draft.question,
    start: change.span?.start ?? draft.start,
    end: change.span?.end ?? draft.start + codePointLength(draft.answer),
  })
  const [answer] = example.answers
  if (!answer || answer.start === null)
    throw new AppError('internal', 'A draft became an example without an answer.')
  const taken = await writer.get(
    'SELECT id FROM draft WHERE project_id = ? AND passage_id = ? AND question = ? AND id <> ?',
    projectId,
    draft.passageId,
    example.question,
    draft.id,
  )
  if (taken)
    throw new AppError(
      'data_invalid',
      'Another draft asks the same question about this passage. Word it otherwise, or drop one of them.',
      { id: draft.id },
    )
  const sourceId = await draftedSource(writer, projectId, draft.modelName)
  const place = `${passage.sourceName} ${passage.place}`.trim()
  const row = newExample(example, passage, { place, split: 'train' })
  await insertBatch(writer, { projectId, sourceId }, { passages: [], examples: [row], problems: [] })
  await writer.run('UPDATE source SET rows = rows + 1 WHERE id = ?', sourceId)
  const isEdited =
    example.question !== draft.question || answer.text !== draft.answer || answer.start !== draft.start
  await writer.run(
    `UPDATE draft SET state = 'kept', question = ?, answer = ?, start = ?, edited = max(edited, ?),
       example_id = (SELECT id FROM example WHERE project_id = ? AND key = ?)
     WHERE id = ?`,
    example.question,
    answer.text,
    answer.start,
    Number(isEdited),
    projectId,
    key,
    draft.id,
  )
}

/** The project's source of what a model drafted and a person kept, made with the first one. */
async function draftedSource(writer: Writer, projectId: string, modelName: string): Promise<string> {
  const name = `Drafted by ${modelName}`
  const found = await writer.get<{ id: string }>(
    `SELECT id FROM source WHERE project_id = ? AND kind = 'marked' AND format = 'drafted' AND name = ? AND ready = 1`,
    projectId,
    name,
  )
  if (found) return found.id
  const id = randomUUID()
  await writer.run(
    `INSERT INTO source (id, project_id, name, kind, format, bytes, use, imported_at)
     VALUES (?, ?, ?, 'marked', 'drafted', 0, 'auto', ?)`,
    id,
    projectId,
    name,
    Date.now(),
  )
  return id
}

/** Removes the example of a draft, and its source where nothing else is in that. */
async function removeExample(writer: Writer, exampleId: number): Promise<void> {
  const example = await writer.get<{ sourceId: string }>(
    'SELECT source_id AS sourceId FROM example WHERE id = ?',
    exampleId,
  )
  if (!example) return
  await writer.run('DELETE FROM example WHERE id = ?', exampleId)
  await writer.run('UPDATE source SET rows = rows - 1 WHERE id = ?', example.sourceId)
  await writer.run(
    `DELETE FROM source WHERE id = ?1 AND kind = 'marked' AND format = 'drafted'
       AND NOT EXISTS (SELECT 1 FROM example WHERE source_id = ?1)
       AND NOT EXISTS (SELECT 1 FROM passage WHERE source_id = ?1)`,
    example.sourceId,
  )
}
