import { appendFile, rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { ImportProgress } from '../../../main/contract/imports.ts'
import { createDatasets } from '../../../main/datasets/service.ts'
import { openStore } from '../../../main/store/open.ts'
import { call, csv, goodRows, mapping, nothing, openProject } from './open-project.ts'

describe('import', () => {
  test('a CSV becomes examples, and each context one passage', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    const source = await importText('good.csv', csv(goodRows(60)))
    expect(source).toMatchObject({
      kind: 'dataset',
      rows: 60,
      examples: 60,
      passages: 12,
      rejected: 0,
      mended: 0,
    })
    expect(source.mapping?.roles).toMatchObject({
      context: 'context',
      question: 'question',
      answer: 'answer',
    })
    const [first] = await everyExample()
    expect(first).toMatchObject({
      key: 'q0',
      where: 'row 2',
      group: 'Article 0',
      answers: [{ text: 'item number 0', start: 59 }],
    })
    expect(first?.context.slice(59)).toBe('item number 0.')
    expect(await data['data.sources']({ projectId }, call)).toEqual([source])
  })

  test('of a file with half bad rows the good half is kept, the bad half listed', async () => {
    const { data, projectId, importText } = await openProject()
    const rows = goodRows(40).map((row, i) => (i % 2 === 0 ? row : { ...row, answer: 'entirely elsewhere' }))
    const source = await importText('half.csv', csv(rows), { mapping })
    expect(source).toMatchObject({ rows: 40, examples: 20, rejected: 20 })
    const [group] = await data['data.problems']({ projectId }, call)
    expect(group).toMatchObject({ kind: 'answer_not_in_context', rejected: 20, mendable: 0 })
    const page = await data['data.problemRows'](
      { projectId, kind: 'answer_not_in_context', offset: 19, limit: 5 },
      call,
    )
    expect(page).toMatchObject({ total: 20, rows: [{ where: 'row 41', question: rows[39]?.question }] })
  })

  test('a cancel in the middle leaves nothing, and comes at once', async () => {
    const { data, projectId, write, rowCounts } = await openProject()
    const path = await write('long.csv', csv(goodRows(30_000)))
    const controller = new AbortController()
    const seen: ImportProgress[] = []
    let abortedAt = 0
    const emit = (progress: ImportProgress) => {
      seen.push(progress)
      if (progress.examples === 0 || abortedAt > 0) return
      abortedAt = performance.now()
      controller.abort()
    }
    await expect(
      data['data.import'](
        { projectId, file: { path }, name: null, mapping, use: 'auto' },
        { emit, signal: controller.signal },
      ),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect(performance.now() - abortedAt).toBeLessThan(10_000)
    expect(seen.at(-1)?.rows).toBeLessThan(30_000)
    expect(await rowCounts()).toEqual(nothing)
  })

  test('while it is imported, nothing of a file counts', async () => {
    const { data, projects, projectId, write } = await openProject()
    const path = await write('long.csv', csv(goodRows(40_000)))
    const views: Promise<unknown>[] = []
    const look = async () => ({
      sources: (await data['data.sources']({ projectId }, call)).length,
      examples: (await data['data.summary']({ projectId }, call)).examples,
      passages: (
        await data['data.passages']({ projectId, offset: 0, limit: 1, search: null, sourceId: null }, call)
      ).total,
      found: (await data.searchPassages(projectId, 'item number', 3)).length,
      project: (await projects['projects.get']({ projectId }, call)).examples,
    })
    const emit = ({ examples, rows }: ImportProgress) => {
      if (examples > 0 && rows < 40_000 && views.length === 0) views.push(look())
    }
    await data['data.import'](
      { projectId, file: { path }, name: null, mapping, use: 'auto' },
      { emit, signal: call.signal },
    )
    expect(await Promise.all(views)).toEqual([{ sources: 0, examples: 0, passages: 0, found: 0, project: 0 }])
    expect(await look()).toMatchObject({ sources: 1, examples: 40_000, found: 3 })
  })

  test.each([
    ['is removed', (path: string) => rm(path), 'file_missing'],
    ['grows', (path: string) => appendFile(path, '\n"x","y"'), 'file_invalid'],
  ] as const)('a file that %s while it is read is refused as a whole', async (_what, disturb, code) => {
    const { data, projectId, write, rowCounts } = await openProject()
    const path = await write('moving.csv', csv(goodRows(20_000)))
    let disturbing: Promise<void> | null = null
    const emit = () => {
      disturbing ??= disturb(path)
    }
    await expect(
      data['data.import'](
        { projectId, file: { path }, name: null, mapping, use: 'auto' },
        { emit, signal: call.signal },
      ),
    ).rejects.toMatchObject({ code })
    await disturbing
    expect(await rowCounts()).toEqual(nothing)
  })

  test('two imports at once of files that share their contexts both come through', async () => {
    const { data, projectId, write, importPath, everyExample } = await openProject()
    const [first, second] = await Promise.all([
      write('one.csv', csv(goodRows(100))),
      write('two.csv', csv(goodRows(100).map((row) => ({ ...row, question: `Again: ${row.question}` })))),
    ])
    const sources = await Promise.all([importPath(first), importPath(second)])
    expect(sources.map(({ examples, passages }) => [examples, passages])).toEqual([
      [100, 20],
      // The same ones: each source holds them.
      [100, 20],
    ])
    const rows = await everyExample()
    expect(new Set(rows.map(({ key }) => key)).size).toBe(200)

    // The second file's questions outlive the file that brought their contexts.
    await data['data.removeSource']({ projectId, sourceId: sources[0].id }, call)
    const [left] = await data['data.sources']({ projectId }, call)
    expect(left).toMatchObject({ id: sources[1].id, examples: 100, passages: 20 })
  })

  test('one that waits for another can be cancelled', async () => {
    const { data, projectId, write, importPath } = await openProject()
    const running = importPath(await write('long.csv', csv(goodRows(10_000))))
    const controller = new AbortController()
    const waiting = data['data.import'](
      {
        projectId,
        file: { path: await write('next.csv', csv(goodRows(5))) },
        name: null,
        mapping,
        use: 'auto',
      },
      { emit: () => undefined, signal: controller.signal },
    )
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    expect((await running).examples).toBe(10_000)
    expect(await data['data.sources']({ projectId }, call)).toHaveLength(1)
  })

  test('what a crash left unfinished is swept at the next start, and nothing else', async () => {
    const { store, data, projectId, importText, rowCounts } = await openProject()
    await importText('whole.csv', csv(goodRows(20)))
    const before = await rowCounts()
    await importText(
      'half.csv',
      csv(goodRows(50).map((row) => ({ ...row, context: `${row.context} More.` }))),
    )
    await store.run("UPDATE source SET ready = 0 WHERE name = 'half.csv'")
    await data.recover()
    expect(await rowCounts()).toEqual(before)
    expect((await data['data.summary']({ projectId }, call)).examples).toBe(20)
  })

  test('a project that is deleted meanwhile ends the import', async () => {
    const { data, projects, projectId, write, rowCounts } = await openProject()
    const path = await write('long.csv', csv(goodRows(20_000)))
    let deleting: Promise<null> | null = null
    const emit = ({ examples }: ImportProgress) => {
      if (examples > 0) deleting ??= projects['projects.delete']({ projectId, force: false }, call)
    }
    await expect(
      data['data.import'](
        { projectId, file: { path }, name: null, mapping, use: 'auto' },
        { emit, signal: call.signal },
      ),
    ).rejects.toMatchObject({ code: 'project_missing' })
    await deleting
    expect(await rowCounts()).toEqual(nothing)
  })

  test('other writes do not wait for it', async () => {
    const { projects, write, importPath } = await openProject()
    const path = await write('long.csv', csv(goodRows(30_000)))
    let isDone = false
    const importing = importPath(path, { mapping }).finally(() => {
      isDone = true
    })
    await setTimeout(50)
    await projects['projects.create']({ name: 'Another' }, call)
    expect(isDone).toBe(false)
    await importing
  })

  test('files that cannot be used are refused in a sentence', async () => {
    const { data, projectId, importText, importPath, rowCounts, folder } = await openProject()
    await expect(importText('odd.csv', 'a,b\n1,2\n3,4')).rejects.toMatchObject({ code: 'mapping_incomplete' })
    await expect(importText('none.json', '[]')).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringContaining('no list of records') as string,
    })
    await expect(importText('null.json', '{"data":[{"title":"t","paragraphs":null}]}')).rejects.toMatchObject(
      {
        code: 'data_empty',
        message: expect.stringContaining('(Row cannot be read: 1)') as string,
      },
    )
    await expect(
      importText('good.csv', csv(goodRows(5)), {
        mapping: { form: 'qa', roles: { ...mapping.roles, answer: 'nowhere' } },
      }),
    ).rejects.toMatchObject({
      code: 'mapping_incomplete',
      message: expect.stringContaining('nowhere') as string,
    })
    await expect(
      importText('bad.csv', csv(goodRows(5).map((row) => ({ ...row, answer: 'zzzz' }))), { mapping }),
    ).rejects.toMatchObject({ code: 'data_empty', message: expect.stringContaining('row 2') as string })
    await expect(importPath(`${folder}/absent.csv`)).rejects.toMatchObject({ code: 'file_missing' })
    await expect(importPath(folder)).rejects.toMatchObject({ code: 'file_invalid' })
    await expect(
      data['data.import'](
        { projectId, file: { upload: 'none' }, name: null, mapping: null, use: 'auto' },
        call,
      ),
    ).rejects.toMatchObject({ code: 'upload_missing' })
    await expect(importText('x.csv', csv(goodRows(5)), { projectId: 'none' })).rejects.toMatchObject({
      code: 'project_missing',
    })
    expect(await rowCounts()).toEqual(nothing)
  })

  test('documents become passages; the same document once more brings nothing new', async () => {
    const { data, projectId, importText, rowCounts } = await openProject()
    const text =
      '# Guide\n\n## Batteries\n\nThe battery lasts nine hours.\n\n## Screen\n\nThe screen is bright.\n'
    const source = await importText('guide.md', text)
    expect(source).toMatchObject({ kind: 'documents', examples: 0 })
    expect(source.passages).toBeGreaterThan(0)
    const before = await rowCounts()
    await expect(importText('copy.md', text)).rejects.toMatchObject({ code: 'data_empty' })
    expect(await rowCounts()).toEqual(before)
    // Once the first is gone, its passages can come from the second.
    await data['data.removeSource']({ projectId, sourceId: source.id }, call)
    expect(await rowCounts()).toEqual(nothing)
    expect((await importText('copy.md', text)).passages).toBe(source.passages)
  })

  test('two apps never share a store', async () => {
    const { store } = await openProject()
    await expect(openStore(store.home)).rejects.toMatchObject({ code: 'store_in_use' })
  })

  test('an uploaded file keeps the name that the person gave it', async () => {
    const { deps, projectId, write } = await openProject()
    const path = await write('3f2a.csv', csv(goodRows(5)))
    const data = createDatasets({
      ...deps,
      resolveUpload: () => Promise.resolve({ path, name: 'Help desk.csv' }),
    })
    const file = { upload: '3f2a' }
    expect((await data['data.inspect']({ file }, call)).name).toBe('Help desk.csv')
    const source = await data['data.import'](
      { projectId, file, name: null, mapping: null, use: 'auto' },
      call,
    )
    expect(source.name).toBe('Help desk.csv')
  })
})

describe('passages that several sources hold', () => {
  const common = 'The ferry leaves from the old harbour every morning.'
  const documents = (...texts: readonly string[]) => texts.join('\n\n# Next\n\n')

  test('stay with the other document when one goes, with its title and place', async () => {
    const { data, projectId, importText, rowCounts } = await openProject()
    const first = await importText('first.md', documents(common, 'Only the first document says this.'))
    const second = await importText(
      'second.md',
      `# Timetable\n\n${common}\n\n# Own\n\nOnly the second one says so.`,
    )
    expect(second.passages).toBe(2)
    await data['data.removeSource']({ projectId, sourceId: first.id }, call)
    const page = { projectId, offset: 0, limit: 10, search: null, sourceId: second.id }
    const { rows } = await data['data.passages'](page, call)
    expect(rows.find(({ text }) => text === common)).toMatchObject({
      sourceName: 'second.md',
      heading: ['Timetable'],
      place: 'line 3',
    })
    expect(rows).toHaveLength(2)
    await data['data.removeSource']({ projectId, sourceId: second.id }, call)
    expect(await rowCounts()).toEqual(nothing)
  })

  test('stay with the document when the questions about them go', async () => {
    const { data, projectId, importText } = await openProject()
    const questions = await importText(
      'ferry.csv',
      csv([{ context: common, question: 'Where does it leave from?', answer: 'the old harbour' }]),
      { mapping },
    )
    await importText('ferry.md', documents(common, 'And it comes back at night.'))
    const [example] = (
      await data['data.examples'](
        { projectId, offset: 0, limit: 10, search: null, split: null, sourceId: questions.id, range: null },
        call,
      )
    ).rows
    await data['data.removeExample']({ projectId, id: example?.id ?? 0 }, call)
    expect(await data.searchPassages(projectId, 'Where is the harbour of the ferry?', 5)).toHaveLength(1)
    await data['data.removeSource']({ projectId, sourceId: questions.id }, call)
    expect(await data.searchPassages(projectId, 'Where is the harbour of the ferry?', 5)).toMatchObject([
      { sourceName: 'ferry.md', text: common },
    ])
  })

  test('a context that nobody asks about any more is not found', async () => {
    const { data, projectId, importText, everyExample } = await openProject()
    await importText(
      'ferry.csv',
      csv([{ context: common, question: 'Where does it leave from?', answer: 'the old harbour' }]),
      { mapping },
    )
    const [example] = await everyExample()
    await data['data.removeExample']({ projectId, id: example?.id ?? 0 }, call)
    expect(await data.searchPassages(projectId, 'Where is the harbour of the ferry?', 5)).toEqual([])
  })
})

test('an import that is at work when the app closes ends as cancelled, and leaves nothing', async () => {
  const { data, store, write, projectId } = await openProject()
  const path = await write('long.csv', csv(goodRows(30_000)))
  const importing = data['data.import'](
    { projectId, file: { path }, name: null, mapping: null, use: 'auto' },
    call,
  )
  const ended = expect(importing).rejects.toMatchObject({ code: 'cancelled' })
  await setTimeout(300)
  await data.dispose()
  await ended
  expect(await store.get('SELECT count(*) AS count FROM source')).toEqual({ count: 0 })
})
