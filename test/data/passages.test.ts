import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askedExamples, passageItems, refusePassages } from '../../trainer/data/passages.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { readQuestions } from '../../trainer/data/read-questions.ts'
import { splitByGroup } from '../../trainer/data/split.ts'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { bytePairsFolder } from '../support/random-gpt-neo.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const lines = async (...records: readonly unknown[]): Promise<string> => {
  const path = join(await temporaryFolder(), 'texts.jsonl')
  await writeFile(path, records.map((record) => `${JSON.stringify(record)}\n`).join(''))
  return path
}

test('plain texts are read with their titles or sources, and questions among them', async () => {
  const path = await lines(
    { text: 'First.', title: 'One' },
    { text: 'Second.', source: 'two.txt' },
    { text: 'Third.', id: 'third' },
    { text: '  ', title: 'Empty' },
    { text: 'First.', title: 'One' },
    { question: 'Which?', context: 'The first.', answers: ['first'] },
  )
  const { examples, problems, format } = await readDataset(path)
  expect(format).toBe('flat-jsonl')
  expect(examples.map(({ form, context, question }) => [form, context, question])).toEqual([
    ['passage', 'First.', ''],
    ['passage', 'Second.', ''],
    ['passage', 'Third.', ''],
    ['qa', 'The first.', 'Which?'],
  ])
  expect(examples.map(({ group }) => group).slice(0, 2)).toEqual(['One', 'two.txt'])
  expect(examples[2]).toMatchObject({ id: 'third', answers: [], isImpossible: false })
  expect(problems.filter(({ outcome }) => outcome === 'dropped').map(({ kind }) => kind)).toEqual([
    'context_missing',
    'record_duplicate',
  ])
  expect(askedExamples(examples)).toEqual(examples.slice(3))
  expect((await readQuestions(path)).map(({ question }) => question)).toEqual(['Which?'])
})

test('a record with a text and more is none of these', async () => {
  const path = await lines({ text: 'Good.', label: 'positive' })
  await expect(readDataset(path)).rejects.toMatchObject({ code: 'data_invalid' })
})

test('texts of a title stay on one side of a split', async () => {
  const records = Array.from({ length: 12 }, (_, i) => ({ text: `Text ${i}.`, title: `T${i % 4}` }))
  const { examples } = await readDataset(await lines(...records))
  const { train, validation } = splitByGroup(examples, { validationFraction: 0.25, seed: 1 })
  expect(validation).toHaveLength(3)
  expect(new Set(validation.map(({ group }) => group)).size).toBe(1)
  expect(train.some(({ group }) => group === validation[0]?.group)).toBe(false)
})

test('every token of a text is the target of one chunk, behind the token before it', async () => {
  const tokenizer = await loadTokenizer(bytePairsFolder)
  const context = 'Alice was beginning to get very tired of sitting by her sister on the bank.'
  const ids = tokenizer.encode(context)
  for (const length of [1, 4, 7, ids.length, ids.length + 1, 500]) {
    const items = passageItems({ context }, 6, { tokenizer, eosTokenId: 511, length })
    expect(items.flatMap(({ targetIds }) => targetIds)).toEqual([...ids, 511])
    expect(items.map(({ sourceIds }) => sourceIds)).toEqual(
      items.map((_, chunk) => [chunk === 0 ? 511 : ids[chunk * length - 1]]),
    )
    expect(
      items.every(({ targetIds, exampleIndex }) => targetIds.length <= length && exampleIndex === 6),
    ).toBe(true)
    expect(items.slice(0, -1).every(({ targetIds }) => targetIds.length === length)).toBe(true)
  }
})

test('models that do not continue a text refuse plain ones, naming where they stand', async () => {
  const { examples } = await readDataset(await lines({ text: 'First.' }))
  expect(() => {
    refusePassages(examples)
  }).toThrow(expect.objectContaining({ code: 'usage', details: { source: 'texts.jsonl line 1' } }))
})
