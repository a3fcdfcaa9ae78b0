import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createSampleProject } from '../../../main/sample-project.ts'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import { call, openProject } from '../datasets/open-project.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const sampleFile = (name: string) => join(root, 'assets', 'sample', `${name}.json`)

async function openSample() {
  const opened = await openProject()
  const { store, projects, data } = opened
  await store.run(
    `INSERT INTO model (id, name, folder, origin, architecture, parameters, bytes, training_memory_mb, added_at)
     VALUES ('starter', 'Starter', '/starter', 'starter', 't5', 1, 1, 1, 1)`,
  )
  const sample = createSampleProject({
    root,
    projects,
    datasets: data,
    starterId: () => Promise.resolve('starter'),
  })
  return { ...opened, create: () => sample['projects.createSample']({}, call) }
}

test('the sample project is whole, and made once', async () => {
  const { projects, data, create } = await openSample()
  const [first, second] = await Promise.all([create(), create()])
  expect(first).toMatchObject({
    name: 'Sample: digital identity guidelines',
    sample: true,
    examples: 814,
    modelId: 'starter',
    settings: { epochs: 8, batchSize: 16 },
  })
  expect(second.id).toBe(first.id)
  expect(first.steps.filter(({ ready }) => ready).map(({ step }) => step)).toEqual([
    'data',
    'model',
    'train',
    'chat',
  ])

  // What the person changed in it stays changed.
  const projectId = first.id
  const [source] = await data['data.sources']({ projectId }, call)
  await data['data.removeSource']({ projectId, sourceId: source?.id ?? '' }, call)
  await projects['projects.rename']({ projectId, name: 'Mine' }, call)
  expect(await create()).toMatchObject({ id: projectId, name: 'Mine', examples: 277 })
})

test('one whose making was interrupted is made whole', async () => {
  const { projects, data, create } = await openSample()
  await projects['projects.create']({ name: 'Sample: digital identity guidelines' }, call)
  const { projectId } = await projects.findOrCreateSample('Sample: digital identity guidelines')
  await data['data.import'](
    {
      projectId,
      file: { path: sampleFile('train') },
      name: 'Training questions',
      mapping: null,
      use: 'train',
    },
    call,
  )
  const made = await create()
  expect(made).toMatchObject({ id: projectId, name: 'Sample: digital identity guidelines 2', examples: 814 })
})

test('its splits are the files that it came from', async () => {
  const { data, create, folder } = await openSample()
  const { id } = await create()
  const written = await data.writeSplits(id, join(folder, 'data'))
  expect(written.validation).toBeNull()
  expect(written.counts).toEqual({ train: 537, validation: 0, test: 277 })
  expect(written.tests.map(({ name, count }) => [name, count])).toEqual([
    ['held-out-wordings', 179],
    ['held-out-sections', 98],
  ])
  const pairs = [
    [written.datasets[0]?.data ?? '', sampleFile('train')],
    ...written.tests.map(({ name, path }) => [path, sampleFile(name)] as const),
  ] as const
  for (const [path, original] of pairs) {
    const [ours, theirs] = await Promise.all([readDataset(path), readDataset(original)])
    const plain = ({ examples }: typeof ours) => examples.map((example) => ({ ...example, source: null }))
    expect(plain(ours)).toEqual(plain(theirs))
  }
})

test('its questions find the passage that they were asked about', async () => {
  const { data, create } = await openSample()
  const { id } = await create()
  const { examples } = await readDataset(sampleFile('held-out-sections'))
  let found = 0
  for (const { question, context } of examples) {
    const passages = await data.searchPassages(id, question, 10)
    if (passages.some(({ text }) => text === context)) found++
  }
  // The documents' own passages, which hold the same text in other pieces, are among those that are found.
  expect(found / examples.length).toBeGreaterThan(0.75)
})
