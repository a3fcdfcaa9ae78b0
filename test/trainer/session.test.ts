import { cp, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { neg } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { runtimeVersion, supportedProviders } from '../../trainer/session.ts'
import { floats, openGraph } from '../support/run-graph.ts'
import { logitsOf, openT5Case } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

test('a weight file that became shorter after its header was read is named as damaged', async () => {
  const t5 = await openT5Case('t5-flan')
  const folder = await temporaryFolder()
  await cp(join(t5.folder, 'model'), folder, { recursive: true })
  const model = await openModel(folder)
  await truncate(join(folder, 'model.safetensors'), 50_000)
  await expect(
    logitsOf(model, t5.batch('main'), { adapter: null, fusedNorms: true, merged: false }),
  ).rejects.toMatchObject({ code: 'weights_invalid' })
})

test('the runtime says its version and carries the CPU', () => {
  expect(runtimeVersion()).toMatch(/^\d+\.\d+\.\d+/)
  expect(supportedProviders()).toContain('cpu')
})

test('empty tensors go in and come out', async () => {
  const session = await openGraph({ y: neg(input('x', 'float32', ['n', 3])) })
  const { y } = await session.run({ x: floats([], [0, 3]) })
  await session.dispose()
  expect(y).toEqual({ dtype: 'float32', data: new Float32Array(), shape: [0, 3] })
})

test('runs at once do not disturb each other', async () => {
  const session = await openGraph({ y: neg(input('x', 'float32', ['n'])) })
  const sizes = Array.from({ length: 20 }, (_, i) => i + 1)
  const results = await Promise.all(
    sizes.map((size) => session.run({ x: floats(new Float32Array(size).fill(size), [size]) })),
  )
  await session.dispose()
  for (const [i, size] of sizes.entries())
    expect([...(results[i]?.['y']?.data ?? [])]).toEqual(Array.from({ length: size }, () => -size))
})
