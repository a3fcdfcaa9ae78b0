import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Mapping } from '../../../main/contract/imports.ts'
import { previewMapping } from '../../../main/datasets/importing/preview.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function preview(name: string, content: string, mapping: Mapping | null = null) {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, content)
  return previewMapping(path, { mapping })
}

const lines = (records: readonly unknown[]) => records.map((one) => JSON.stringify(one)).join('\n')
const context = 'The harbour was built in 1882.'

test('questions with the places of their answers, and why rows are left out', async () => {
  const { rows, looked, kept, found } = await preview(
    'a.jsonl',
    lines([
      { id: 'a', context, question: 'When?', answer: '1882', answer_start: 3 },
      { id: 'b', context, question: 'Who?', answer: 'the harbor', answer_start: 0 },
      { id: 'c', context, question: '', answer: '1882', answer_start: 25 },
    ]),
  )
  expect([looked, kept, rows.length]).toEqual([3, 1, 3])
  expect(rows[0]).toMatchObject({
    where: 'line 1',
    texts: { id: 'a', context, question: 'When?' },
    answers: [{ text: '1882', start: 25 }],
    isImpossible: false,
    kept: true,
    problems: [{ kind: 'answer_offset_off', where: 'line 1' }],
  })
  expect(rows[1]).toMatchObject({
    kept: false,
    answers: [{ text: 'the harbor', start: null }],
    problems: [
      {
        kind: 'answer_not_in_context',
        message: expect.stringContaining('A mend takes “The harbour” from the context.') as string,
      },
    ],
  })
  expect(rows[2]).toMatchObject({ kept: false, texts: { context }, problems: [{ kind: 'question_missing' }] })
  expect(found.map(({ kind, count }) => [kind, count])).toEqual(
    expect.arrayContaining([
      ['answer_not_in_context', 1],
      ['question_missing', 1],
      ['answer_offset_off', 1],
    ]),
  )
  expect(found.every(({ title }) => title !== '')).toBe(true)
})

test('tasks, of another form than the guess', async () => {
  const mapping: Mapping = {
    form: 'task',
    roles: { instruction: { template: 'Answer: {question}' }, input: 'context', target: 'answer' },
  }
  const { rows } = await preview(
    'a.jsonl',
    lines([{ context, question: 'When?', answer: 'Long ago' }]),
    mapping,
  )
  expect(rows).toEqual([
    {
      where: 'line 1',
      texts: { instruction: 'Answer: When?', input: context },
      answers: [{ text: 'Long ago', start: null }],
      isImpossible: false,
      kept: true,
      problems: [],
    },
  ])
})

test('passages, and rows without a text', async () => {
  const mapping: Mapping = { form: 'passages', roles: { text: 'body', title: 'name', heading: 'part' } }
  const { rows, looked, kept, found } = await preview(
    'a.csv',
    `name,part,body\nHarbour,History,${context}\nLight,,\n`,
    mapping,
  )
  expect([looked, kept]).toEqual([2, 1])
  expect(rows).toMatchObject([
    { where: 'row 2', texts: { title: 'Harbour', heading: 'History', text: context }, kept: true },
    { where: 'row 3', texts: {}, kept: false, problems: [{ message: 'The row has no text.' }] },
  ])
  expect(found).toMatchObject([{ count: 1 }])
})

test('a hundred rows are shown and a thousand counted, records of one row too', async () => {
  const rows = Array.from({ length: 2000 }, (_, i) => ({ context, question: `When, ${i}?`, answer: '1882' }))
  expect(await preview('a.jsonl', lines(rows))).toMatchObject({ looked: 1000, kept: 1000 })
  const { looked, rows: shown } = await preview('b.jsonl', lines([{ context, qas: rows }]), {
    form: 'qa',
    roles: { context: 'context', question: 'qas[].question', answer: 'qas[].answer' },
  })
  expect([looked, shown.length, shown[99]?.where]).toEqual([1000, 100, 'line 1[99]'])
})

test('nested SQuAD needs no mapping', async () => {
  const qas = [{ id: 'a', question: 'When?', answers: [{ text: '1882', answer_start: 25 }] }]
  const squad = { data: [{ title: 'Harbour', paragraphs: [{ context, qas }] }] }
  expect(await preview('a.json', JSON.stringify(squad))).toMatchObject({
    kept: 1,
    rows: [{ texts: { id: 'a', title: 'Harbour' }, answers: [{ text: '1882', start: 25 }] }],
  })
})

test.each([
  ['nothing can be guessed', null, 'question'],
  ['a column is not there', { form: 'passages', roles: { text: 'body' } }, 'no column named body'],
] as const)('where %s, it says so', async (_name, mapping, message) => {
  await expect(preview('a.csv', 'a,b\n1,2\n', mapping)).rejects.toMatchObject({
    code: 'mapping_incomplete',
    message: expect.stringContaining(message) as string,
  })
})
