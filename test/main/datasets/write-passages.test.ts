import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import { writeRunData } from '../../../main/runs/run-data.ts'
import { parseSettings } from '../../../trainer/settings.ts'
import { csv, goodRows, openProject } from './open-project.ts'

const paragraph = (name: string): string =>
  `The ${name} stands at the harbour and is open from nine to five on all days but Monday. `.repeat(3)

test('texts go where their questions go; what a test asks about is not among them', async () => {
  const { data, projectId, folder, importText, everyExample } = await openProject()
  await importText('good.csv', csv(goodRows(300)))
  await importText('notes.txt', `${paragraph('museum')}\n\n${paragraph('library')}\n`)
  const written = await data.writeSplits(projectId, join(folder, 'run'))
  const before = await readFile(written.validation ?? '', 'utf8')
  const passages = await data.writePassages(projectId, {
    folder: join(folder, 'run'),
    validation: written.validation,
  })
  expect(passages.validation).toBe(written.validation)

  const { examples, problems } = await readDataset(passages.train ?? '')
  expect(problems).toEqual([])
  expect(examples.every(({ form }) => form === 'passage')).toBe(true)
  const learnt = examples.map(({ context }) => context).join('\n\n')
  expect(learnt).toContain(paragraph('museum').trim())
  const rows = await everyExample()
  for (const { context, split } of rows) expect(learnt.includes(context), context).toBe(split === 'train')

  // A document is one text, its passages in their order.
  const notes = examples.filter(({ context }) => context.includes('museum'))
  expect(notes).toHaveLength(1)
  expect(notes[0]?.context.indexOf('museum')).toBeLessThan(notes[0]?.context.indexOf('library') ?? 0)

  const after = await readFile(written.validation ?? '', 'utf8')
  expect(after.startsWith(before)).toBe(true)
  const held = (await readDataset(written.validation ?? '')).examples.filter(({ form }) => form === 'passage')
  expect(held.length).toBeGreaterThan(0)
  const heldText = held.map(({ context }) => context).join('\n\n')
  for (const { context, split } of rows) expect(heldText.includes(context)).toBe(split === 'validation')
})

test('a run is given texts only where its settings say so, and examples only where there are any', async () => {
  const { data, projectId, folder, importText } = await openProject()
  await importText('notes.txt', `${paragraph('museum')}\n`)
  const { writeSplits, writePassages } = data
  const write = (name: string, trainOnPassages: boolean) =>
    writeRunData(projectId, join(folder, name), {
      writeSplits,
      writePassages,
      model: { kind: 'causal' },
      settings: parseSettings({ trainOnPassages }),
    })
  expect((await write('without', false)).datasets.map(({ name }) => name)).toEqual(['data'])
  const texts = await write('with', true)
  expect(texts).toMatchObject({ validation: null, tests: [], counts: { train: 0 } })
  expect(texts.datasets).toEqual([
    { name: 'passages', data: join(folder, 'with', 'passages.jsonl'), weight: 1 },
  ])
  await importText('good.csv', csv(goodRows(100)))
  expect((await write('both', true)).datasets.map(({ name }) => name)).toEqual(['data', 'passages'])
})
