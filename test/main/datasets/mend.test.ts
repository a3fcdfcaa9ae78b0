import { describe, expect, test } from 'vitest'
import { exampleHandlers } from '../../../main/datasets/examples/examples.ts'
import { mendHandlers } from '../../../main/datasets/mending/mend.ts'
import { problemHandlers } from '../../../main/datasets/mending/problems.ts'
import { call, openRecords } from './stored-records.ts'

async function open(records: readonly unknown[]) {
  const project = await openRecords()
  const { projectId } = project
  await project.add(records)
  const handlers = { ...mendHandlers(project), ...problemHandlers(project), ...exampleHandlers(project) }
  const mend = async (kind: string | null, undo = false, ids: readonly number[] | null = null) =>
    (await handlers['data.mend']({ projectId, kind, ids, undo }, call)).changed
  const rowsOf = async (kind: string) =>
    (await handlers['data.problemRows']({ projectId, kind, offset: 0, limit: 100 }, call)).rows
  const groups = async () =>
    (await handlers['data.problems']({ projectId }, call)).map(
      ({ kind, rejected, flagged, mended, mendable, undoable }) =>
        `${kind}: ${rejected} out, ${flagged} flagged, ${mended} mended; ${mendable} mendable, ${undoable} undoable`,
    )
  const everything = { offset: 0, limit: 100, search: null, split: null, sourceId: null, range: null }
  const examples = async () => (await handlers['data.examples']({ projectId, ...everything }, call)).rows
  const texts = async () =>
    (await examples()).map(
      ({ context, question, answers }) =>
        `${context} | ${question} | ${answers.map(({ text, start }) => `${text}@${start}`).join(', ')}`,
    )
  return { ...project, handlers, mend, rowsOf, groups, examples, texts }
}

const context = 'Ada wrote the notes in 1843. The notes are famous.'
const ask = (question: string, answers: readonly unknown[], more = {}) => ({
  context,
  question,
  answers,
  ...more,
})

describe('mends', () => {
  test('of rows that were left out: the nearest answer with its distance, no answer', async () => {
    const { mend, rowsOf, groups, texts } = await open([
      ask('What?', ['the Notas']),
      ask('Where?', []),
      ask('Why?', ['something else entirely']),
    ])
    expect(await rowsOf('answer_not_in_context')).toMatchObject([
      {
        given: 'the Notas',
        status: 'rejected',
        undoable: false,
        proposal: { action: 'answer', answer: 'the notes', start: 10, distance: 1, before: null },
      },
      { given: 'something else entirely', proposal: null },
    ])
    const before = await groups()
    expect(await mend(null)).toBe(2)
    expect(await texts()).toEqual([`${context} | What? | the notes@10`, `${context} | Where? | `])
    expect(await groups()).toEqual([
      'answer_not_in_context: 1 out, 0 flagged, 1 mended; 0 mendable, 1 undoable',
      'answer_missing: 0 out, 0 flagged, 1 mended; 0 mendable, 1 undoable',
    ])
    expect(await mend(null, true)).toBe(2)
    expect(await texts()).toEqual([])
    expect(await groups()).toEqual(before)
  })

  test('that were made on the way in are taken back: the row is left out, and comes in again as it was', async () => {
    const { mend, groups, texts, examples, rowsOf } = await open([
      ask('When?', [{ text: '1843', answer_start: 20 }], { id: 'a' }),
      ask('What?', ['notes'], { id: 'b', plausible_answers: [{ text: 'x', answer_start: 1 }] }),
    ])
    const before = [await texts(), await groups(), await examples()]
    expect(before[1]).toEqual([
      'answer_offset_off: 0 out, 0 flagged, 1 mended; 0 mendable, 1 undoable',
      'answer_ambiguous: 0 out, 0 flagged, 1 mended; 0 mendable, 1 undoable',
    ])
    expect(await mend(null, true)).toBe(0)
    expect(await mend('answer_ambiguous', true)).toBe(1)
    expect(await texts()).toEqual([`${context} | When? | 1843@23`])
    expect(await groups()).toContain('answer_ambiguous: 1 out, 0 flagged, 0 mended; 1 mendable, 0 undoable')
    expect((await rowsOf('answer_ambiguous'))[0]).toMatchObject({ question: 'What?', given: 'notes' })
    expect(await mend('answer_ambiguous')).toBe(1)
    expect([await texts(), await groups()]).toEqual(before.slice(0, 2))
    expect((await examples()).map(({ key }) => key)).toEqual(['a', 'b'])
  })

  test('of rows that stand there twice: taken in all the same, and left out again', async () => {
    const row = ask('When?', [{ text: '1843', answer_start: 23 }])
    const { mend, groups, texts } = await open([
      { ...row, id: 'a' },
      { ...row, id: 'a' },
    ])
    expect(await groups()).toEqual(['record_duplicate: 0 out, 0 flagged, 1 mended; 0 mendable, 1 undoable'])
    expect(await mend('record_duplicate', true)).toBe(1)
    expect(await groups()).toEqual(['record_duplicate: 0 out, 1 flagged, 0 mended; 1 mendable, 0 undoable'])
    expect(await texts()).toHaveLength(2)
    expect(await mend('record_duplicate')).toBe(1)
    expect(await texts()).toHaveLength(1)
    expect(await mend('record_duplicate', true)).toBe(1)
    expect(await texts()).toHaveLength(2)
  })

  const damaged = {
    context: 'ZoÃ«â€™s cafÃ© in KÃ¶ln. ðŸ˜€ It opened in 1843.',
    question: 'Where is the cafÃ©?',
    answers: [{ text: 'KÃ¶ln', answer_start: 18 }],
  }
  const right = 'Zoë’s café in Köln. 😀 It opened in 1843. | Where is the café? | Köln@14'

  test('of letters that were decoded wrongly: texts and offsets, in place, and back', async () => {
    const { mend, rowsOf, texts, store } = await open([{ ...damaged, answers: ['KÃ¶ln'] }])
    const before = await texts()
    const [row] = await rowsOf('text_mojibake')
    expect(row).toMatchObject({ status: 'flagged', proposal: { action: 'text' } })
    expect(row?.proposal?.before).toContain('cafÃ©')
    expect(row?.proposal?.after).toContain('café')
    expect(await mend('text_mojibake')).toBe(1)
    expect(await texts()).toEqual([right])
    const searchable = () => store.all('SELECT text FROM passage WHERE searchable = 1')
    expect(await searchable()).toHaveLength(1)
    expect(await mend('text_mojibake', true)).toBe(1)
    expect(await texts()).toEqual(before)
    expect(await searchable()).toHaveLength(1)
  })

  test('of one row do not fight', async () => {
    const { mend, groups, texts } = await open([
      { ...damaged, id: '' },
      { ...damaged, question: 'Und wÃ¶?', answers: [] },
      { ...damaged, question: 'CafÃ©?', answers: [{ text: 'KÃ¶ln', answer_start: 1 }], id: 'c' },
    ])
    const before = [await texts(), await groups()]
    expect(await mend('text_mojibake')).toBe(2)
    expect(await mend('answer_offset_off', true)).toBeGreaterThan(0)
    // The row is out: what else was done to it waits.
    expect(await mend('text_mojibake', true)).toBeLessThan(2)
    expect(await mend('answer_offset_off')).toBeGreaterThan(0)
    await mend('text_mojibake', true)
    expect([(await texts()).sort(), await groups()]).toEqual([[...(before[0] ?? [])].sort(), before[1]])
  })

  test('are kept apart from what the person changes', async () => {
    const { mend, rowsOf, texts, examples, handlers, projectId, groups } = await open([
      { ...damaged, answers: ['KÃ¶ln'] },
      ask('What?', ['the Notas']),
    ])
    await mend('text_mojibake')
    const [row] = await examples()
    const change = (question: string, answers: readonly string[]) =>
      handlers['data.updateExample']({ projectId, id: row?.id ?? -1, question, answers }, call)
    await change('When?', ['1843'])
    expect(await rowsOf('text_mojibake')).toMatchObject([{ undoable: false, proposal: null }])
    expect(await mend('text_mojibake', true)).toBe(0)
    expect((await texts())[0]).toContain('When? | 1843@35')

    await mend('answer_not_in_context')
    const mended = (await examples()).at(-1)
    await handlers['data.removeExample']({ projectId, id: mended?.id ?? -1 }, call)
    expect(await groups()).toContain(
      'answer_not_in_context: 1 out, 0 flagged, 0 mended; 1 mendable, 0 undoable',
    )
    expect(await mend('answer_not_in_context')).toBe(1)
  })

  test('of tasks: targets are free, instructions are not', async () => {
    const { examples, handlers, projectId } = await open([
      { instruction: 'Translate.', input: 'Guten Tag', target: 'Good day' },
      { instruction: 'What is H2O?', target: 'Water' },
    ])
    const [first] = await examples()
    expect(first).toMatchObject({
      form: 'task',
      context: 'Guten Tag',
      answers: [{ text: 'Good day', start: null }],
    })
    const change = (question: string, answers: readonly string[]) =>
      handlers['data.updateExample']({ projectId, id: first?.id ?? -1, question, answers }, call)
    expect(await change('Translate it.', ['Hello', 'Hi'])).toMatchObject({
      question: 'Translate it.',
      answers: [
        { text: 'Hello', start: null },
        { text: 'Hi', start: null },
      ],
      isImpossible: false,
    })
    await expect(change('Translate it.', [' '])).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(change('', ['x'])).rejects.toMatchObject({ code: 'data_invalid' })
  })

  test('on one row that a later one has left out are all taken back at once', async () => {
    const { mend, texts, store } = await open([{ ...damaged, answers: ['KÃ¶ln'] }])
    const before = await texts()
    expect(await mend('text_mojibake')).toBe(1)
    await store.run(
      `INSERT INTO problem (project_id, source_id, kind, place, message, status, proposal, example_id)
       SELECT project_id, source_id, 'near_duplicate', place, '', 'flagged', '{"action":"leave-out"}', id FROM example`,
    )
    expect(await mend('near_duplicate')).toBe(1)
    expect(await texts()).toEqual([])
    expect(await mend(null, true)).toBe(2)
    expect(await texts()).toEqual(before)
  })

  test('of questions leave the inputs of tasks out of the search when they are taken back', async () => {
    const { add, mend, store } = await open([{ instruction: 'Summarise.', input: context, target: 'Notes.' }])
    await add([ask('What?', ['the Notas'])])
    const searchable = () => store.all('SELECT id FROM passage WHERE searchable = 1')
    expect(await mend('answer_not_in_context')).toBe(1)
    expect(await searchable()).toHaveLength(1)
    expect(await mend('answer_not_in_context', true)).toBe(1)
    expect(await searchable()).toEqual([])
  })

  test('of many rows take little time', async () => {
    const rows = Array.from({ length: 3000 }, (_, i) => ({
      ...damaged,
      context: `${damaged.context} ${i}`,
      answers: ['KÃ¶ln'],
    }))
    const { mend } = await open(rows)
    const start = performance.now()
    expect(await mend(null)).toBe(3000)
    expect(await mend(null, true)).toBe(3000)
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})
