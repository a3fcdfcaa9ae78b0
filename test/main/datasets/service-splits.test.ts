import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import type { ExampleRow } from '../../../main/contract/examples.ts'
import type { SplitSize } from '../../../main/contract/splits.ts'
import { call, csv, goodRows, mapping, openProject } from './open-project.ts'

const heldOut = (rows: readonly ExampleRow[]) =>
  Object.fromEntries(rows.map(({ question, split }) => [question, split]))

describe('splits', () => {
  test('whole articles are held out, by the seed and the fractions', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    await importText('good.csv', csv(goodRows(500)))
    const before = await everyExample()
    const splits = await data['data.splits']({ projectId }, call)
    expect(splits).toEqual({
      seed: 42,
      validation: { fraction: 0.1 },
      test: { fraction: 0.1 },
      note: null,
      counts: { train: 400, validation: 50, test: 50 },
      groups: { train: 16, validation: 2, test: 2 },
      level: 'group',
    })
    const byGroup = Map.groupBy(before, ({ group }) => group)
    for (const rows of byGroup.values()) expect(new Set(rows.map(({ split }) => split)).size).toBe(1)

    const set = (seed: number, validationFraction: number, testFraction: number) =>
      data['data.setSplits'](
        { projectId, seed, validation: { fraction: validationFraction }, test: { fraction: testFraction } },
        call,
      )
    await set(7, 0.1, 0.1)
    expect(heldOut(await everyExample())).not.toEqual(heldOut(before))
    expect((await set(7, 0, 0)).counts).toEqual({ train: 500, validation: 0, test: 0 })
    expect((await set(7, 0.5, 0.5)).counts.train).toBeGreaterThan(0)
    await set(42, 0.1, 0.1)
    expect(heldOut(await everyExample())).toEqual(heldOut(before))
  })

  test('a part can have so many questions instead of a share', async () => {
    const { data, projectId, importText } = await openProject()
    await importText('good.csv', csv(goodRows(500)))
    const set = (validation: SplitSize, test: SplitSize) =>
      data['data.setSplits']({ projectId, seed: 3, validation, test }, call)
    const exact = await set({ count: 100 }, { count: 75 })
    expect(exact).toMatchObject({
      validation: { count: 100 },
      test: { count: 75 },
      counts: { train: 325, validation: 100, test: 75 },
      note: null,
    })
    expect(await data['data.splits']({ projectId }, call)).toEqual(exact)
    // Articles of 25 questions stay whole.
    const near = await set({ count: 10 }, { fraction: 0 })
    expect(near.counts).toEqual({ train: 475, validation: 25, test: 0 })
    expect(near.note).toMatch(/Whole documents stay together.*25 instead of 10/)
    const tooMany = await set({ count: 5000 }, { count: 5000 })
    expect(tooMany.counts).toEqual({ train: 50, validation: 225, test: 225 })
    expect(tooMany.note).toMatch(/Of 500 questions some must be left/)
    // The share that was set before is there again.
    expect((await set({ fraction: 0.1 }, { fraction: 0.1 })).counts.validation).toBe(50)
  })

  test('a source can be made to serve as one split, and be divided again', async () => {
    const { data, projectId, importText } = await openProject()
    await importText('good.csv', csv(goodRows(100)))
    const own = csv(goodRows(30).map((row) => ({ ...row, title: 'Exam', context: `Exam: ${row.context}` })))
    const { id: sourceId } = await importText('exam.csv', own)
    const before = (await data['data.splits']({ projectId }, call)).counts
    expect((await data['data.setUse']({ projectId, sourceId, use: 'validation' }, call)).use).toBe(
      'validation',
    )
    expect((await data['data.splits']({ projectId }, call)).counts).toEqual({
      train: 50,
      validation: 55,
      test: 25,
    })
    await data['data.setUse']({ projectId, sourceId, use: 'auto' }, call)
    expect((await data['data.splits']({ projectId }, call)).counts).toEqual(before)
    await expect(
      data['data.setUse']({ projectId, sourceId: 'none', use: 'test' }, call),
    ).rejects.toMatchObject({ code: 'source_missing' })
  })

  test('the same data give the same splits, in whatever order they came', async () => {
    const rows = goodRows(300)
    const parts = [rows.slice(0, 100), rows.slice(100)]
    const inOrder = async (order: readonly number[]) => {
      const { importText, everyExample } = await openProject()
      for (const i of order) await importText(`part-${i}.csv`, csv(parts[i] ?? []), { mapping })
      return heldOut(await everyExample())
    }
    expect(await inOrder([1, 0])).toEqual(await inOrder([0, 1]))
  })

  test('a context that two articles share stands on one side', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    const rows = goodRows(200)
    const shared = rows.map((row, i) => ({ ...row, title: `Copy ${i}`, question: `Again: ${row.question}` }))
    await importText('one.csv', csv(rows), { mapping })
    await importText('two.csv', csv(shared), { mapping })
    const byContext = Map.groupBy(await everyExample(), ({ context }) => context)
    for (const one of byContext.values()) expect(new Set(one.map(({ split }) => split)).size).toBe(1)
    expect((await data['data.summary']({ projectId }, call)).splits.test).toBeGreaterThan(0)
  })

  test('a source with a split of its own keeps it; the others are divided', async () => {
    const { data, projectId, importText } = await openProject()
    await importText('good.csv', csv(goodRows(100)))
    const own = csv(goodRows(30).map((row) => ({ ...row, title: 'Exam', context: `Exam: ${row.context}` })))
    const source = await importText('exam.csv', own, { use: 'test' })
    const { counts } = await data['data.splits']({ projectId }, call)
    expect(counts).toEqual({ train: 50, validation: 25, test: 55 })
    await data['data.removeSource']({ projectId, sourceId: source.id }, call)
    expect((await data['data.splits']({ projectId }, call)).counts.test).toBe(25)
  })

  test('without titles, contexts are kept together; one context is never divided', async () => {
    const { data, projectId, importText } = await openProject()
    const bare = goodRows(5).map((row) => ({ ...row, title: '' }))
    await importText('one.csv', csv(bare), { mapping })
    expect(await data['data.splits']({ projectId }, call)).toMatchObject({
      level: 'none',
      counts: { train: 5 },
    })
    await importText(
      'more.csv',
      csv(
        goodRows(100)
          .slice(5)
          .map((row) => ({ ...row, title: '' })),
      ),
      { mapping },
    )
    expect(await data['data.splits']({ projectId }, call)).toMatchObject({
      level: 'context',
      counts: { train: 80, validation: 10, test: 10 },
    })
  })

  test('the files of a run hold the same examples', async () => {
    const { data, projectId, importText, everyExample, folder } = await openProject()
    const odd = {
      title: 'A "title"\n2',
      context: 'Pay 🙂 100 % in\nfull.',
      question: '¿How "much"?',
      answer: '100 %',
    }
    const none = {
      title: 'Exam',
      context: 'Nothing is said here.',
      question: 'What is said?',
      answers: [],
      is_impossible: true,
    }
    await importText('good.csv', csv([...goodRows(150), odd]), { mapping })
    await importText('copy.csv', csv(goodRows(150)), { mapping })
    const exam = { use: 'test', name: 'Exam' } as const
    const record = (more: object) => JSON.stringify({ ...none, ...more })
    await importText('exam.jsonl', [record({ id: 1 }), record({ id: 2, question: 'And now?' })].join('\n'), {
      ...exam,
      mapping: {
        form: 'qa',
        roles: {
          id: 'id',
          title: 'title',
          context: 'context',
          question: 'question',
          answer: 'answers',
          isImpossible: 'is_impossible',
        },
      },
    })
    await importText('exam2.csv', csv([{ ...odd, context: `${odd.context}!` }]), { ...exam, mapping })

    const digest = await data.digest(projectId)
    const written = await data.writeSplits(projectId, join(folder, 'run', 'data'))
    // Of the copy nothing is left: each question is scored once.
    expect(written.tests.map(({ name, count }) => [name, count])).toEqual([
      ['good.csv', written.counts.test - 3],
      ['Exam', 2],
      ['Exam (2)', 1],
    ])
    const rows = await everyExample()
    const byKey = new Map(rows.map((row) => [row.key, row]))
    // The second copy of the 150 examples is left out of the files.
    expect(written.counts.train + written.counts.validation + written.counts.test).toBe(rows.length - 150)
    for (const [split, paths] of [
      ['train', written.datasets.map((dataset) => dataset.data)],
      ['validation', [written.validation ?? '']],
      ['test', written.tests.map(({ path }) => path)],
    ] as const)
      for (const path of paths) {
        const { examples, problems } = await readDataset(path)
        expect(problems).toEqual([])
        for (const { id, context, question, answers, isImpossible, group } of examples)
          expect(byKey.get(id)).toMatchObject({ context, question, answers, isImpossible, group, split })
      }
    expect(await data.digest(projectId)).toBe(digest)
    await data['data.removeExample']({ projectId, id: rows[0]?.id ?? -1 }, call)
    expect(await data.digest(projectId)).not.toBe(digest)
  })
})

test('tasks are written as such, each with its kind', async () => {
  const { data, projectId, folder, importText } = await openProject()
  const rows = Array.from({ length: 30 }, (_, i) => `The pump no. ${i} leaks.,${i % 2 ? 'bad' : 'worse'}`)
  await importText('labels.csv', ['text,label', ...rows].join('\n'))
  const { datasets } = await data.writeSplits(projectId, join(folder, 'run', 'data'))
  const { examples, problems } = await readDataset(datasets[0]?.data ?? '')
  expect(problems).toEqual([])
  expect(examples.length).toBeGreaterThan(10)
  for (const example of examples)
    expect(example).toMatchObject({
      form: 'task',
      task: 'classification',
      question: 'Classify the text.',
      context: expect.stringContaining('leaks') as string,
      answers: [{ text: expect.stringMatching(/^(bad|worse)$/) as string, start: null }],
    })
})

describe('summary', () => {
  test('counts, histograms and advice', async () => {
    const { data, projectId, importText } = await openProject()
    const summary = () => data['data.summary']({ projectId }, call)
    expect(await summary()).toMatchObject({ examples: 0, advice: [] })
    await importText('notes.txt', 'Some notes about nothing in particular, long enough to be read.\n')
    expect((await summary()).advice).toEqual([expect.stringContaining('no questions') as string])
    await importText('good.csv', csv(goodRows(30)))
    const few = await summary()
    expect(few).toMatchObject({
      examples: 30,
      answerable: 30,
      groups: 2,
      contexts: 6,
      passages: 7,
      sources: 2,
    })
    expect(few.advice.join(' ')).toContain('30 questions are very few')
    for (const bins of Object.values(few.histograms))
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(30)
    await importText('more.csv', csv(goodRows(400).slice(30)), { mapping })
    expect((await summary()).advice).toEqual([])
    const train = await data['data.examples'](
      { projectId, offset: 0, limit: 3, search: null, split: 'train', sourceId: null, range: null },
      call,
    )
    const repeated = train.rows.map((row) => ({
      title: row.group,
      context: row.context,
      question: row.question.toUpperCase(),
      answer: row.answers[0]?.text ?? '',
    }))
    await importText('again.csv', csv(repeated), { mapping, use: 'test' })
    expect((await summary()).advice).toEqual([
      expect.stringContaining('3 held-out questions are asked in training') as string,
    ])
  })

  test('a file that was imported twice is noticed', async () => {
    const { data, projectId, importText } = await openProject()
    for (const name of ['once.csv', 'twice.csv'])
      await importText(name, csv(goodRows(60)), { mapping, use: 'train' })
    const { advice } = await data['data.summary']({ projectId }, call)
    expect(advice.join(' ')).toContain('60 questions stand in the data more than once')
  })
})

test('a source that counts more than once an epoch is a dataset of its own, and each has its scores', async () => {
  const { data, projectId, folder, importText } = await openProject()
  const labels = Array.from({ length: 60 }, (_, i) => `The pump no. ${i} leaks.,${i % 2 ? 'bad' : 'worse'}`)
  await importText('labels.csv', ['text,label', ...labels].join('\n'))
  await importText('good.csv', csv(goodRows(300)))
  const sources = await data['data.sources']({ projectId }, call)
  const sourceId = sources.find(({ name }) => name === 'labels.csv')?.id ?? ''
  const digest = await data.digest(projectId)
  const weighed = await data['data.setWeight']({ projectId, sourceId, weight: 2.5 }, call)
  expect(weighed).toMatchObject({ name: 'labels.csv', weight: 2.5 })
  expect(await data.digest(projectId)).not.toBe(digest)
  await expect(
    data['data.setWeight']({ projectId, sourceId: 'none', weight: 2 }, call),
  ).rejects.toMatchObject({ code: 'source_missing' })

  const written = await data.writeSplits(projectId, join(folder, 'run'))
  expect(written.datasets.map(({ name, weight }) => [name, weight])).toEqual([
    ['labels.csv', 2.5],
    ['good.csv', 1],
  ])
  const counts = await Promise.all(
    written.datasets.map(async (set) => (await readDataset(set.data)).examples),
  )
  expect(counts.map((examples) => examples.length).reduce((a, b) => a + b)).toBe(written.counts.train)
  expect(counts[0]?.every(({ form }) => form === 'task')).toBe(true)
  expect(written.tests.map(({ name }) => name)).toEqual(['labels.csv', 'good.csv'])

  const questions = await data.writeSplits(projectId, join(folder, 'questions'), { questionsOnly: true })
  expect(questions.datasets.map(({ name }) => name)).toEqual(['data'])
  expect(questions.counts.train).toBe(counts[1]?.length)
  expect(questions.tests.map(({ name }) => name)).toEqual(['Held out'])
})
