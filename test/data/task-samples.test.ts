import { join } from 'node:path'
import { expect, test } from 'vitest'
import { labelsOf } from '../../trainer/data/labels.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { makeTaskData, writeTaskData } from '../samples/tasks/make-task-data.ts'

test('four tasks are made of the sample project, the same every time, and read without a problem', async () => {
  const data = await makeTaskData()
  expect(await makeTaskData()).toEqual(data)
  const folder = await temporaryFolder()
  await writeTaskData(folder)
  for (const [task, { train, test: tested }] of Object.entries(data)) {
    expect(train.length, task).toBeGreaterThan(150)
    expect(tested.length, task).toBeGreaterThan(40)
    const inputs = new Set(train.map(({ input }) => input))
    expect(tested.filter(({ input }) => inputs.has(input))).toEqual([])
    for (const part of ['train', 'test']) {
      const { examples, problems } = await readDataset(join(folder, `${task}-${part}.jsonl`))
      expect(examples.every((example) => example.form === 'task' && example.task === task)).toBe(true)
      expect(problems).toEqual([])
    }
  }
  const { examples } = await readDataset(join(folder, 'classification-train.jsonl'))
  expect(labelsOf(examples)).toEqual({ classification: ['authentication', 'federation', 'proofing', 'risk'] })
})
