import { readFile, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { DatasetFormat } from '../../../main/contract/datasets.ts'
import { exportDataHandlers } from '../../../main/datasets/export/export-data.ts'
import { writeNewFile } from '../../../main/datasets/export/new-file.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { mappedRows } from './mapped-rows.ts'
import { readRecords } from '../../../trainer/data/read-records.ts'
import { call, openRecords } from './stored-records.ts'

async function open() {
  const project = await openRecords()
  const handlers = exportDataHandlers(project)
  const write = (format: DatasetFormat, more = {}) =>
    handlers['data.export'](
      { projectId: project.projectId, format, split: null, folder: join(project.folder, 'out'), ...more },
      call,
    )
  return { ...project, write, handlers }
}

const slice = join(import.meta.dirname, '../../samples/import/squad-2.0-slice/input.json')
const json = async (path: string) => JSON.parse(await readFile(path, 'utf8')) as unknown

describe('SQuAD', () => {
  test('2.0 comes back as it was: articles, order, repeated and plausible answers', async () => {
    const { addRaw, write } = await open()
    await addRaw((await readRecords(slice)).records)
    const written = await write('squad')
    expect(written).toMatchObject({ examples: 44, leftOut: 0, note: null })
    expect(written.path).toMatch(/Questions\.json$/)
    expect(await json(written.path)).toEqual(await json(slice))
    expect(written.bytes).toBe((await readFile(written.path)).length)
  })

  test('1.1 is written where nothing is unanswerable, and scattered rows are brought together', async () => {
    const { add, write } = await open()
    const row = (title: string, context: string, question: string) => ({
      id: `${title} ${question}`,
      title,
      context,
      question,
      answers: { text: ['x'], answer_start: [0] },
    })
    await add([
      row('A', 'x one', 'q1'),
      row('B', 'x two', 'q2'),
      row('A', 'x three', 'q3'),
      row('A', 'x one', 'q4'),
      row('', 'x four', 'q5'),
    ])
    const { path } = await write('squad')
    const written = (await json(path)) as {
      version: string
      data: { title: string; paragraphs: { context: string; qas: Record<string, unknown>[] }[] }[]
    }
    expect(written.version).toBe('1.1')
    expect(
      written.data.map(({ title, paragraphs }) => [title, paragraphs.map(({ qas }) => qas.length)]),
    ).toEqual([
      ['A', [2, 1]],
      ['B', [1]],
      ['', [1]],
    ])
    expect(Object.keys(written.data[0]?.paragraphs[0]?.qas[0] ?? {})).not.toContain('is_impossible')
  })

  test('has no room for tasks', async () => {
    const { add, write } = await open()
    await add([{ instruction: 'Say it.', target: 'It.' }])
    await expect(write('squad')).rejects.toMatchObject({ code: 'export_failed' })
    await add([{ context: 'x', question: 'q', answer: 'x' }])
    expect(await write('squad')).toMatchObject({ examples: 1, leftOut: 1 })
    expect((await write('squad')).note).toContain('1 example is a task')
  })
})

const odd = [
  {
    id: '1',
    title: '=T',
    context: '=1+1 is "two", she\r\nsaid',
    question: '+why?',
    answers: { text: ['two'], answer_start: [9] },
  },
  {
    id: '2',
    title: '',
    context: 'It is -5 °C, @home',
    question: '@how cold?',
    answers: { text: ['-5 °C', '-5'], answer_start: [6, 6] },
  },
  {
    id: '3',
    title: '',
    context: 'It is -5 °C, @home',
    question: 'Where?',
    answers: { text: ['@home'], answer_start: [13] },
  },
  {
    id: '4',
    title: '',
    context: 'See [1] there',
    question: 'Which?',
    answers: { text: ['[1]'], answer_start: [4] },
  },
  {
    id: '5',
    title: '',
    context: 'Nothing',
    question: 'What?',
    answers: { text: [], answer_start: [] },
    is_impossible: true,
  },
  {
    id: '-6',
    title: '',
    context: '＝x\ty',
    question: '\tWhich?',
    answers: { text: ['x'], answer_start: [1] },
  },
]

describe('JSONL', () => {
  test('comes back as it was, tasks too', async () => {
    const tasks = [
      { id: 't1', title: 'T', instruction: '=Do', input: '', target: '-1' },
      { id: 't2', title: 'T', instruction: 'Do', input: 'in', target: ['a', 'b'] },
      { id: 't3', title: 'T', task: 'summarisation', instruction: 'Do', input: 'in', target: 'i' },
    ]
    const { add, write } = await open()
    await add([...odd, ...tasks])
    const { path, examples } = await write('jsonl')
    expect(examples).toBe(9)
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n')
    const wanted = [...odd.map((row) => ({ is_impossible: false, ...row })), ...tasks]
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(wanted)
    const again = await open()
    await again.addRaw((await readRecords(path)).records)
    const second = await again.write('jsonl')
    expect(await readFile(second.path, 'utf8')).toBe(await readFile(path, 'utf8'))
  })
})

describe('CSV', () => {
  test('holds no formula, and its answers are found when it is imported again', async () => {
    const { add, write } = await open()
    await add(odd)
    const { path, note } = await write('csv')
    const text = await readFile(path, 'utf8')
    expect(text.startsWith('\ufeffid,title,context,question,answer,answer_start,is_impossible\r\n')).toBe(
      true,
    )
    expect(text.endsWith('\r\n')).toBe(true)
    expect(note).toContain('7 cells begin with an apostrophe')
    const again = await mappedRows(path)
    expect(again.columns).toHaveLength(7)
    for (const cells of again.cells)
      for (const cell of cells) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/)
    expect(again.problems).toEqual([])
    expect(again.examples.map(({ answers }) => answers.map(({ text: answer }) => answer))).toEqual(
      odd.map(({ answers }) => answers.text),
    )
    expect(again.examples[0]?.context).toBe(`'${odd[0]?.context}`)
    expect(again.examples[0]?.answers[0]?.start).toBe(10)
  })
})

test('CSV keeps the places of several answers: the file that was written says which column they stand in', async () => {
  const { add, write } = await open()
  const context = 'The golden gate is of gold, and gold is heavy.'
  const answers = { text: ['gold', 'gold'], answer_start: [4, 32] }
  await add(
    ['What is it?', 'What is heavy?', 'Of what is it?'].map((question) => ({ context, question, answers })),
  )
  const { path } = await write('csv')
  const { mapping } = await inspect(path)
  expect(mapping?.roles.answerStart).toBe('answer_start')
  const { examples } = await mappedRows(path)
  expect(examples.map((example) => example.answers.map(({ start }) => start))).toEqual([
    [4, 32],
    [4, 32],
    [4, 32],
  ])
})

test('CSV tells of targets that it has no room for', async () => {
  const { add, write } = await open()
  await add([{ instruction: 'Do', input: '', targets: ['=a', 'b'] }])
  const { path, note } = await write('csv')
  expect(await readFile(path, 'utf8')).toBe("\ufeffid,title,instruction,input,target\r\nline 1,,Do,,'=a\r\n")
  expect(note).toContain('1 cell begins')
  expect(note).toContain('Of 1 task with several targets only the first was written.')
})

describe('files', () => {
  test('are never written over, and nothing half written is left', async () => {
    const { add, write, folder, handlers, projectId } = await open()
    await expect(write('jsonl')).rejects.toMatchObject({ code: 'export_failed' })
    await add(odd)
    const paths = [await write('jsonl'), await write('jsonl'), await write('jsonl')].map(({ path }) => path)
    expect(await readdir(join(folder, 'out'))).toEqual([
      'Questions-2.jsonl',
      'Questions-3.jsonl',
      'Questions.jsonl',
    ])
    expect(new Set(paths).size).toBe(3)
    await expect(write('jsonl', { split: 'test' })).rejects.toMatchObject({ code: 'export_failed' })
    expect((await write('jsonl', { split: 'train' })).path).toMatch(/Questions-train\.jsonl$/)

    await writeFile(join(folder, 'file'), '')
    await expect(write('jsonl', { folder: join(folder, 'file') })).rejects.toMatchObject({
      code: 'export_failed',
    })
    const stopped = { emit: () => undefined, signal: AbortSignal.abort() }
    await expect(
      handlers['data.export'](
        { projectId, format: 'csv', split: null, folder: join(folder, 'stop') },
        stopped,
      ),
    ).rejects.toMatchObject({ code: 'cancelled' })
    expect(await readdir(join(folder, 'stop')).catch(() => [])).toEqual([])
    const { path } = await write('csv', { folder: null })
    expect(path).toContain(join('home', 'exports', 'Questions'))
  })

  test('on a disk that fills up say so, and leave nothing', async () => {
    const { folder } = await open()
    const target = { folder: join(folder, 'full'), stem: 'data', ending: '.csv' }
    async function* chunks() {
      yield 'some'
      await Promise.resolve()
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
    }
    await expect(writeNewFile(target, chunks(), new AbortController().signal)).rejects.toMatchObject({
      code: 'disk_full',
    })
    expect(await readdir(target.folder).catch(() => [])).toEqual([])
  })
})
