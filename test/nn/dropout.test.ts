import { expect, test } from 'vitest'
import { add } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import { drop, dropoutBank } from '../../trainer/nn/dropout.ts'
import { floats, integerValues, openGraph, runGraph } from '../support/run-graph.ts'

test('each place takes its own window of the bank', async () => {
  const bank = dropoutBank('d', 0.5)
  const x = input('x', 'float32', ['n', 2])
  const y = input('y', 'float32', [3])
  const [droppedX, droppedY] = [drop(x, bank), drop(y, bank)]
  expect(bank.windows({ n: 4 })).toEqual([8, 3])
  expect(() => bank.windows({})).toThrow('The batch gives no size for n.')
  const offsets = integerValues([1, 4], [2])
  const session = await openGraph({ droppedX, droppedY })
  const result = await session.run({
    x: floats([1, 1, 1, 1], [2, 2]),
    y: floats([1, 1, 1], [3]),
    'd.bank': floats([0, 1, 2, 3, 4, 5, 6, 7], [8]),
    'd.offsets': offsets,
  })
  await session.dispose()
  expect([...(result['droppedX']?.data ?? [])]).toEqual([1, 2, 3, 4])
  expect([...(result['droppedY']?.data ?? [])]).toEqual([4, 5, 6])
})

test('the mask of the backward pass is cut at the second feed of offsets', async () => {
  const bank = dropoutBank('d', 0.5)
  const { forward, backward } = bank.mask([2])
  const feeds = {
    'd.bank': floats([0, 1, 2, 3], [4]),
    'd.offsets': integerValues([0], [1]),
    'd.offsetsAgain': integerValues([2], [1]),
  }
  expect((await runGraph(add(forward, backward), feeds)).data).toEqual([2, 4])
})

test('without a bank nothing is dropped and nothing is added', () => {
  const x = input('x', 'float32', [2])
  expect(drop(x, null)).toBe(x)
})
