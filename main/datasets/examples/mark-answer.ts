import { randomUUID } from 'node:crypto'
import { codePointIndex } from '../../../trainer/data/code-points.ts'
import { createRecordChecker } from '../../../trainer/data/record-checker.ts'
import { AppError } from '../../contract/errors.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Writer } from '../../store/connection.ts'
import { assignSplits } from '../splits/assign-splits.ts'
import { exampleRow, findExample } from './example-rows.ts'
import { insertBatch } from '../importing/insert-batch.ts'
import { spanAt } from '../mapping/span-at.ts'
import { newExample } from '../importing/new-example.ts'
import { markChanged, publishData } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'

/** The passage that an answer is marked in, as it stands in the store. */
export interface MarkedPassage {
  readonly hash: string
  readonly title: string
  readonly text: string
  readonly words: number
  readonly place: string
  readonly sourceName: string
  readonly kind: string
}

export function markHandlers({
  store,
  changes,
}: Pick<DatasetDeps, 'store' | 'changes'>): Handlers<'data.mark'> {
  return {
    'data.mark': async ({ projectId, passageId, question, start, end }) => {
      const key = randomUUID()
      await store.transaction(async (writer) => {
        const passage = await writer.get<MarkedPassage>(
          `SELECT p.hash, p.title, p.text, p.words, p.place, s.name AS sourceName, s.kind
           FROM passage p JOIN source s ON s.id = p.source_id
           WHERE p.id = ? AND p.project_id = ? AND s.ready = 1`,
          passageId,
          projectId,
        )
        if (!passage)
          throw new AppError('passage_missing', 'This passage is not in the project any more.', { passageId })
        const example = markedExample(passage, { key, question, start, end })
        const sourceId = await markedSource(writer, projectId)
        const place = `${passage.sourceName} ${passage.place}`.trim()
        const row = newExample(example, passage, { place, split: 'train' })
        await insertBatch(writer, { projectId, sourceId }, { passages: [], examples: [row], problems: [] })
        await writer.run('UPDATE source SET rows = rows + 1 WHERE id = ?', sourceId)
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      const stored = await findExample(store, 'e.project_id = ? AND e.key = ?', projectId, key)
      if (!stored)
        throw new AppError('example_missing', 'The question was removed again at once.', { passageId })
      return exampleRow(stored)
    },
  }
}

/** @throws AppError `data_invalid` for an empty question, or a stretch outside the passage or of white space. */
export function markedExample(
  { text, title }: MarkedPassage,
  mark: { key: string; question: string; start: number; end: number },
) {
  if (mark.question.trim() === '')
    throw new AppError('data_invalid', 'The question is empty. Type what the marked words answer.')
  const index = codePointIndex(text)
  if (mark.start >= mark.end || mark.end > index.length)
    throw new AppError(
      'data_invalid',
      'The marked stretch does not lie in the passage. Mark the words of the answer again.',
      { start: mark.start, end: mark.end, length: index.length },
    )
  const span = spanAt(text, index.toUtf16(mark.start), index.toUtf16(mark.end))
  if (!span)
    throw new AppError('data_invalid', 'Nothing but white space is marked. Mark the words of the answer.')
  const { example } = createRecordChecker('').add({
    where: '',
    fault: null,
    form: 'qa',
    id: mark.key,
    context: text,
    question: mark.question.trim(),
    answers: [span],
    answersEmptyByForm: false,
    isImpossible: false,
    // Without a title the context is a group of its own, as it is for the rows of a file.
    title: title || null,
    extra: null,
  })
  if (!example) throw new AppError('internal', 'A marked answer was not accepted by the check of examples.')
  return example
}

/** The project's source of what was marked by hand, made with the first mark. */
async function markedSource(writer: Writer, projectId: string): Promise<string> {
  const found = await writer.get<{ id: string }>(
    "SELECT id FROM source WHERE project_id = ? AND kind = 'marked' AND format = 'marked' AND ready = 1",
    projectId,
  )
  if (found) return found.id
  const id = randomUUID()
  await writer.run(
    `INSERT INTO source (id, project_id, name, kind, format, bytes, use, imported_at)
     VALUES (?, ?, 'Marked by hand', 'marked', 'marked', 0, 'auto', ?)`,
    id,
    projectId,
    Date.now(),
  )
  return id
}
