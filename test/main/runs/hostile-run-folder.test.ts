import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createMetricsReader, readCourse } from '../../../main/runs/metrics-reader.ts'
import { readRunFolder } from '../../../main/runs/run-folder.ts'
import { readResultFile } from '../../../main/runs/saved-state.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const result = {
  ...{
    type: 'result',
    kind: 'train',
    runDir: '/somewhere',
    stopped: 'finished',
    step: 1,
    steps: 1,
    bestStep: 1,
  },
  ...{ seconds: 1, tokensPerSecond: 1, peakRssMb: 1, before: null, after: null, tests: [], comparisons: [] },
}

test('what a run made lies in its folder, whatever its result.json says', async () => {
  const folder = await temporaryFolder()
  for (const [adapter, expected] of [
    ['/etc', 'adapter'],
    ['../../../home', 'adapter'],
    ['/elsewhere/model', 'model'],
  ] as const) {
    await writeFile(join(folder, 'result.json'), JSON.stringify({ ...result, adapter }))
    expect(await readResultFile(folder)).toMatchObject({ runDir: folder, adapter: join(folder, expected) })
  }
})

test('files that are devices without an end are none', async () => {
  const folder = join(await temporaryFolder(), 'run')
  await mkdir(folder)
  for (const name of ['result.json', 'settings.json', 'metrics.jsonl'])
    await symlink('/dev/zero', join(folder, name))
  expect(await readResultFile(folder)).toBeNull()
  await expect(readRunFolder(folder)).rejects.toMatchObject({ code: 'file_invalid' })
  expect((await readCourse(folder)).series(10).recorded).toBe(0)
  expect((await createMetricsReader().read(folder)).series(10).recorded).toBe(0)
})

test('a course with zeros at its end, as a loss of power leaves them: six hundred megabytes without a line', async () => {
  const folder = await temporaryFolder()
  const step = {
    ...{
      type: 'step',
      step: 1,
      steps: 2,
      epoch: 0,
      loss: 1,
      learningRate: 1,
      gradNorm: 1,
      tokensPerSecond: 1,
    },
    ...{ elapsedSeconds: 1, secondsLeft: null, rssMb: 1 },
  }
  const path = join(folder, 'metrics.jsonl')
  await writeFile(path, `${JSON.stringify(step)}\n`)
  await truncate(path, 600e6)
  expect((await readCourse(folder)).series(10).recorded).toBe(1)
})
