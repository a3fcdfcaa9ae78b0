import type { Writer } from '../../store/connection.ts'
import { insertBatch } from '../importing/insert-batch.ts'
import type { Owner } from '../importing/insert-batch.ts'
import { contextPassage, newExample } from '../importing/new-example.ts'
import { removePassages, retirePassages, revivePassages } from './passage-use.ts'
import type { MendRow, Step } from './plan-mend.ts'
import { countWords, factsOf } from '../importing/text-facts.ts'

type Insert = Step & { readonly does: 'insert' }
type Change = Step & { readonly does: 'change' }
type Remove = Step & { readonly does: 'remove' }

/** Carries out steps on different rows. @returns how many findings changed */
export async function writeSteps(writer: Writer, projectId: string, steps: readonly Step[]): Promise<number> {
  const removes = steps.filter((step) => step.does === 'remove')
  const changes = steps.filter((step) => step.does === 'change')
  const inserts = steps.filter((step) => step.does === 'insert')
  await removeRows(writer, projectId, removes)
  const reset = await changeRows(writer, projectId, changes)
  await insertRows(writer, projectId, inserts)
  return steps.length + reset
}

async function removeRows(writer: Writer, projectId: string, steps: readonly Remove[]): Promise<void> {
  if (steps.length === 0) return
  const whole = steps.filter((step) => step.whole)
  const partly = steps.filter((step) => !step.whole)
  // What was found later on a row that goes back to its file's state is found anew when it returns.
  await writer.run(
    'DELETE FROM problem WHERE id IN (SELECT o.value FROM json_each(?) l, json_each(l.value) o)',
    JSON.stringify(whole.map(({ row }) => JSON.parse(row.others) as unknown)),
  )
  const wholePassages = await passagesOf(writer, whole)
  const partlyPassages = await passagesOf(writer, partly)
  await writer.run('DELETE FROM example WHERE id IN (SELECT value FROM json_each(?))', exampleIds(steps))
  await writeFindings(writer, steps)
  await removePassages(writer, projectId, wholePassages)
  await retirePassages(writer, [...wholePassages, ...partlyPassages])
}

async function changeRows(writer: Writer, projectId: string, steps: readonly Change[]): Promise<number> {
  if (steps.length === 0) return 0
  const before = await passagesOf(writer, steps)
  const changed = steps.map((step) => ({ step, facts: factsOf(step.example.context) }))
  for (const [sourceId, ofSource] of Map.groupBy(changed, ({ step }) => step.row.sourceId))
    await insertBatch(
      writer,
      { projectId, sourceId },
      {
        passages: ofSource.map(({ step, facts }) => contextPassage(step.example, facts, step.row.place)),
        examples: [],
        problems: [],
      },
    )
  await writer.run(
    `UPDATE example SET passage_id = p.id, question = j.value ->> 2, answers = j.value ->> 3,
       is_impossible = j.value ->> 4, context_words = j.value ->> 5, question_words = j.value ->> 6,
       answer_words = j.value ->> 7
     FROM json_each(?2) j JOIN passage p ON p.project_id = ?1 AND p.hash = j.value ->> 1
     WHERE example.id = j.value ->> 0`,
    projectId,
    JSON.stringify(
      changed.map(({ step: { row, example }, facts }) => [
        row.exampleId,
        facts.hash,
        example.question,
        JSON.stringify(example.answers),
        Number(example.isImpossible),
        facts.words,
        countWords(example.question),
        example.answers[0] ? countWords(example.answers[0].text) : 0,
      ]),
    ),
  )
  await writeFindings(writer, steps)
  // Mends that were made on top of one that is taken back go with it.
  const { changes: reset } = await writer.run(
    `UPDATE problem SET status = 'flagged', record = NULL FROM json_each(?) j
     WHERE problem.example_id = j.value ->> 0 AND j.value ->> 1 IS NOT NULL AND problem.status = 'mended-by-person'
       AND problem.record ->> 'kept' = 1 AND problem.record ->> 'depth' > j.value ->> 1`,
    JSON.stringify(steps.map(({ row, above }) => [row.exampleId, above])),
  )
  await retirePassages(writer, before)
  await revivePassages(
    writer,
    projectId,
    changed.map(({ facts }) => facts.hash),
  )
  return reset
}

async function insertRows(writer: Writer, projectId: string, steps: readonly Insert[]): Promise<void> {
  for (const [sourceId, ofSource] of Map.groupBy(steps, ({ row }) => row.sourceId))
    await insertOfSource(writer, { projectId, sourceId }, ofSource)
}

async function insertOfSource(writer: Writer, owner: Owner, steps: readonly Insert[]): Promise<void> {
  const added = steps.map((step) => ({ step, facts: factsOf(step.example.context) }))
  await insertBatch(writer, owner, {
    passages: added.flatMap(({ step, facts }) =>
      step.hash === null ? [contextPassage(step.example, facts, step.place)] : [],
    ),
    examples: added.map(({ step: { row, example, extra, place }, facts }) =>
      newExample(example, facts, { place, split: row.use === 'auto' ? 'train' : row.use, extra }),
    ),
    problems: [],
  })
  await writeFindings(writer, steps)
  await writer.run(
    `UPDATE problem SET example_id = e.id
     FROM json_each(?3) j JOIN example e ON e.project_id = ?1 AND +e.source_id = ?2
       AND e.key IN (j.value ->> 1, (j.value ->> 1) || '@' || ?2)
     WHERE problem.id = j.value ->> 0`,
    owner.projectId,
    owner.sourceId,
    JSON.stringify(
      steps.flatMap(({ row, example, others }) => [row.id, ...others].map((id) => [id, example.id])),
    ),
  )
  await revivePassages(
    writer,
    owner.projectId,
    added.map(({ facts }) => facts.hash),
  )
}

/** Writes what became of the findings themselves. */
async function writeFindings(writer: Writer, steps: readonly Step[]): Promise<void> {
  await writer.run(
    `UPDATE problem SET status = j.value ->> 1,
       record = CASE j.value ->> 2 WHEN 'as it is' THEN record ELSE j.value ->> 2 END
     FROM json_each(?) j WHERE problem.id = j.value ->> 0`,
    JSON.stringify(
      steps.map(({ row, status, record }) => [
        row.id,
        status,
        typeof record === 'object' && record !== null ? JSON.stringify(record) : record,
      ]),
    ),
  )
}

async function passagesOf(
  writer: Writer,
  steps: readonly { readonly row: MendRow }[],
): Promise<readonly number[]> {
  const rows = await writer.all<{ id: number }>(
    'SELECT DISTINCT passage_id AS id FROM example WHERE id IN (SELECT value FROM json_each(?))',
    exampleIds(steps),
  )
  return rows.map(({ id }) => id)
}

function exampleIds(steps: readonly { readonly row: MendRow }[]): string {
  return JSON.stringify(steps.map(({ row }) => row.exampleId))
}
