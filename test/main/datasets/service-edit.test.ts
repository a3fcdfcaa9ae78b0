import { describe, expect, test } from 'vitest'
import type { ExampleQuery } from '../../../main/contract/examples.ts'
import { call, csv, goodRows, mapping, openProject } from './open-project.ts'

const context = 'Ada Lovelace wrote the “Notes” in 1843. The Notes were 🙂 praised; the notes are famous.'

/** Rows that a mend can take up, one that nothing can, and a good one. */
const mendable = csv([
  { context, question: 'Who wrote them?', answer: 'Ada Lovelace' },
  { context, question: 'What did she write?', answer: 'The "Notes"' },
  { context: 'Bees make honey in summer.', question: 'What do bees make?', answer: 'HONEY' },
  { context, question: 'When was it?', answer: 'completely unrelated words' },
  { context, question: 'What is not said?', answer: '' },
])

describe('mending', () => {
  test('proposals are applied and taken back, one or all', async () => {
    const { data, projectId, importText, everyExample, rowCounts } = await openProject()
    const source = await importText('mend.csv', mendable, { mapping })
    expect(source).toMatchObject({ examples: 1, rejected: 4 })
    const before = await rowCounts()
    const groups = await data['data.problems']({ projectId }, call)
    expect(groups.map(({ kind, rejected, mendable: can }) => [kind, rejected, can])).toEqual([
      ['answer_not_in_context', 3, 2],
      ['answer_missing', 1, 1],
    ])
    for (const { title, explanation } of groups) expect(`${title}: ${explanation}`).toMatch(/^[A-Z].+: .+\.$/)

    const kind = 'answer_not_in_context'
    const { rows } = await data['data.problemRows']({ projectId, kind, offset: 0, limit: 10 }, call)
    expect(rows.map(({ proposal }) => proposal?.answer ?? null)).toEqual([
      expect.stringContaining('Notes') as string,
      'honey',
      null,
    ])
    expect(rows.map(({ given }) => given)).toEqual(['The "Notes"', 'HONEY', 'completely unrelated words'])
    const mend = (ids: readonly number[] | null, undo: boolean, of = kind) =>
      data['data.mend']({ projectId, kind: of, ids, undo }, call)
    expect(await mend([rows[1]?.id ?? -1], false)).toEqual({ changed: 1 })
    expect((await everyExample()).at(-1)).toMatchObject({ answers: [{ text: 'honey', start: 10 }] })
    expect(await mend(null, false)).toEqual({ changed: 1 })
    expect(await mend(null, false)).toEqual({ changed: 0 })
    expect(await data['data.sources']({ projectId }, call)).toMatchObject([
      { examples: 3, rejected: 2, mended: 2 },
    ])
    for (const { context: text, answers } of await everyExample())
      for (const answer of answers)
        expect(
          [...text]
            .slice(answer.start ?? -1)
            .join('')
            .startsWith(answer.text),
        ).toBe(true)

    expect(await mend(null, true)).toEqual({ changed: 2 })
    expect(await mend(null, true)).toEqual({ changed: 0 })
    expect(await rowCounts()).toEqual(before)
    expect(await data['data.problems']({ projectId }, call)).toEqual(groups)

    expect(await mend(null, false, 'answer_missing')).toEqual({ changed: 1 })
    expect((await everyExample()).at(-1)).toMatchObject({ question: 'What is not said?', isImpossible: true })
  })

  test('texts that were mended are found by their right words at once', async () => {
    const { data, projectId, importText } = await openProject()
    await importText(
      'damaged.csv',
      csv([
        { context: 'The SchloÃŸ stands in KÃ¶ln by the river.', question: 'Where is it?', answer: 'KÃ¶ln' },
      ]),
      { mapping },
    )
    expect(await data.searchPassages(projectId, 'Köln', 1)).toEqual([])
    await data['data.mend']({ projectId, kind: 'text_mojibake', ids: null, undo: false }, call)
    expect(await data.searchPassages(projectId, 'Köln', 1)).toMatchObject([
      { text: 'The Schloß stands in Köln by the river.' },
    ])
  })

  test('a mend of one project does not touch another', async () => {
    const { data, projects, projectId, importText } = await openProject()
    await importText('mend.csv', mendable, { mapping })
    const other = await projects['projects.create']({ name: 'Other' }, call)
    const kind = 'answer_not_in_context'
    const { rows } = await data['data.problemRows']({ projectId, kind, offset: 0, limit: 10 }, call)
    const ids = rows.map(({ id }) => id)
    expect(await data['data.mend']({ projectId: other.id, kind, ids, undo: false }, call)).toEqual({
      changed: 0,
    })
  })
})

describe('changing', () => {
  test('answers are found at the place nearest to the old one, in code points', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    await importText('one.csv', csv([{ context, question: 'What are famous?', answer: 'notes' }]), {
      mapping,
    })
    const [row] = await everyExample()
    const id = row?.id ?? -1
    const change = (question: string, answers: readonly string[]) =>
      data['data.updateExample']({ projectId, id, question, answers }, call)
    expect(row?.answers).toEqual([{ text: 'notes', start: 70 }])
    expect((await change(' Which? ', [' Notes '])).answers).toEqual([{ text: 'Notes', start: 44 }])
    expect(await change('Which?', ['famous', 'Ada'])).toMatchObject({
      question: 'Which?',
      answers: [
        { text: 'famous', start: 80 },
        { text: 'Ada', start: 0 },
      ],
    })
    await expect(change('Which?', ['famous', 'Babbage'])).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(change('  ', ['famous'])).rejects.toMatchObject({ code: 'data_invalid' })
    expect(await change('Which?', [])).toMatchObject({ answers: [], isImpossible: true })
    await data['data.removeExample']({ projectId, id }, call)
    await expect(change('Which?', [])).rejects.toMatchObject({ code: 'example_missing' })
    await expect(data['data.removeExample']({ projectId, id }, call)).rejects.toMatchObject({
      code: 'example_missing',
    })
  })

  test('an answer is marked in a passage, trimmed, in code points', async () => {
    const { data, projectId, importText } = await openProject()
    await importText('ada.txt', `${context}\n`)
    const passagesOf = async () =>
      (await data['data.passages']({ projectId, offset: 0, limit: 10, search: null, sourceId: null }, call))
        .rows
    const [passage] = await passagesOf()
    const passageId = passage?.id ?? -1
    const start = [...(passage?.text ?? '')].indexOf('🙂')
    const mark = (question: string, from: number, to: number, id = passageId) =>
      data['data.mark']({ projectId, passageId: id, question, start: from, end: to }, call)
    const row = await mark('How were they received?', start + 1, start + 9)
    expect(row).toMatchObject({
      sourceName: 'Marked by hand',
      answers: [{ text: 'praised', start: start + 2 }],
    })
    await mark('Who?', 0, 3)
    expect((await passagesOf())[0]?.questions.map(({ question }) => question)).toEqual([
      'How were they received?',
      'Who?',
    ])
    expect(await data['data.sources']({ projectId }, call)).toMatchObject([
      { kind: 'documents', passages: 1 },
      { kind: 'marked', rows: 2, examples: 2, passages: 0 },
    ])
    await expect(mark('', 0, 3)).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(mark('Who?', 3, 4)).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(mark('Who?', 0, 5000)).rejects.toMatchObject({ code: 'data_invalid' })
    await expect(mark('Who?', 0, 3, 999)).rejects.toMatchObject({ code: 'passage_missing' })
  })

  test('what was marked by hand outlives its document', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    const document = await importText('ada.txt', `${context}\n`)
    const { rows } = await data['data.passages'](
      { projectId, offset: 0, limit: 1, search: null, sourceId: null },
      call,
    )
    await data['data.mark'](
      { projectId, passageId: rows[0]?.id ?? -1, question: 'Who?', start: 0, end: 3 },
      call,
    )
    await data['data.removeSource']({ projectId, sourceId: document.id }, call)
    expect(await everyExample()).toMatchObject([{ question: 'Who?', context: context }])
    await expect(data['data.removeSource']({ projectId, sourceId: document.id }, call)).rejects.toMatchObject(
      {
        code: 'source_missing',
      },
    )
  })
})

describe('looking', () => {
  const everything = {
    offset: 0,
    limit: 100,
    search: null,
    split: null,
    sourceId: null,
    range: null,
  } as const

  test('examples are paged, filtered and searched', async () => {
    const { data, projectId, importText } = await openProject()
    const { id: sourceId } = await importText('good.csv', csv(goodRows(120)))
    await importText(
      'odd.csv',
      csv([{ context: 'Pay 100% of "it" now\\later.', question: 'How much_is it?', answer: '100% of "it"' }]),
      { mapping },
    )
    const find = (more: Partial<ExampleQuery>) =>
      data['data.examples']({ projectId, ...everything, ...more }, call)
    expect((await find({ offset: 100, limit: 50 })).rows).toHaveLength(21)
    expect((await find({ sourceId })).total).toBe(120)
    const { splits } = await data['data.summary']({ projectId }, call)
    expect((await find({ split: 'test' })).total).toBe(splits.test)
    expect((await find({ search: 'asked for the time 11' })).total).toBe(11)
    expect((await find({ search: 'ITEM NUMBER 23' })).total).toBe(5)
    for (const search of ['100%', 'much_is', 'of "it"', 'now\\later', '%', '_', '\\'])
      expect((await find({ search })).total, search).toBe(1)
    expect((await find({ search: 'start' })).total).toBe(0)
    expect((await find({ range: { measure: 'answerWords', from: 3, to: 4 } })).total).toBe(121)
    expect((await find({ range: { measure: 'contextWords', from: 0, to: 10 } })).total).toBe(1)
  })

  test('hostile search texts are data, wherever they are typed', async () => {
    const { data, projectId, importText, rowCounts } = await openProject()
    await importText('good.csv', csv(goodRows(30)))
    const before = await rowCounts()
    const hostile = [
      `'; DROP TABLE example; --`,
      '"',
      '""" OR *',
      'text: NEAR(a b, 2) AND NOT ^x*',
      '* ( ) : ^ - +',
      'a"b\'c',
      '\u0000\ud800',
      'item" OR "number',
      '{text title} : item',
      'x'.repeat(500),
    ]
    for (const search of hostile) {
      const examples = await data['data.examples']({ projectId, ...everything, search }, call)
      const passages = await data['data.passages'](
        { projectId, offset: 0, limit: 10, search, sourceId: null },
        call,
      )
      expect(examples.total + passages.total, search).toBeLessThan(37)
      expect((await data.searchPassages(projectId, search, 5)).length).toBeLessThan(6)
    }
    expect(await rowCounts()).toEqual(before)
    const found = await data['data.passages'](
      { projectId, offset: 0, limit: 10, search: 'item number 3', sourceId: null },
      call,
    )
    expect(found.rows[0]?.questions).toHaveLength(5)
  })

  test('a question in everyday words finds its passage, in its own project alone', async () => {
    const { data, projects, projectId, importText } = await openProject()
    const text =
      '# Manual\n\n## Power\n\nThe battery lasts nine hours when the lamp burns low.\n\n## Care\n\nClean the lens with water. Never use solvents.\n'
    await importText('manual.md', text)
    const found = await data.searchPassages(projectId, 'What should I clean the lenses with?', 3)
    expect(found[0]).toMatchObject({
      sourceName: 'manual.md',
      text: expect.stringContaining('Clean the lens') as string,
    })
    expect(found[0]?.score).toBeGreaterThan(0)
    expect(await data.searchPassages(projectId, 'zebras?', 3)).toEqual([])
    expect(await data.searchPassages(projectId, '?', 3)).toEqual([])
    const other = await projects['projects.create']({ name: 'Other' }, call)
    expect(await data.searchPassages(other.id, 'clean the lens', 3)).toEqual([])
  })
})
