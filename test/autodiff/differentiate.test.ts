import { expect, test } from 'vitest'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { unbroadcast } from '../../trainer/autodiff/unbroadcast.ts'
import { add, cast, fusedRmsNorm, mul, neg, reduceMax, reduceSum, sub } from '../../trainer/graph/ops.ts'
import { constant, input, region } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { floats, runGraph } from '../support/run-graph.ts'

const x = input('x', 'float32', [3])
const y = input('y', 'float32', [3])
const total = (tensor: Tensor) => reduceSum(tensor, [0], false)
const feeds = { x: floats([1, 2, 3], [3]), y: floats([4, 5, 6], [3]) }

test('gradients come in the order of the leaves, one for each use added up', async () => {
  const loss = total(add(mul(x, y), mul(x, x)))
  const [dy, dx] = differentiate(loss, [y, x])
  expect((await runGraph(dy ?? x, feeds)).data).toEqual([1, 2, 3])
  expect((await runGraph(dx ?? x, feeds)).data).toEqual([6, 9, 12])
})

test('a value between can be a leaf, and what lies behind it is not differentiated', async () => {
  const between = mul(x, x)
  const [gradient] = differentiate(total(mul(between, y)), [between])
  expect((await runGraph(gradient ?? x, feeds)).data).toEqual([4, 5, 6])
  // Behind this leaf stands an operator without a rule.
  const maximum = reduceMax(x, [0])
  expect(() => differentiate(total(mul(maximum, y)), [maximum])).not.toThrow()
})

test('the loss itself as a leaf has the gradient 1', async () => {
  const loss = total(x)
  const [gradient] = differentiate(loss, [loss])
  expect((await runGraph(gradient ?? x)).data).toEqual([1])
})

test('a leaf out of reach is an error that names it', () => {
  expect(() => differentiate(total(x), [x, y])).toThrow('The loss does not depend on the input y.')
  const dead = neg(y)
  expect(() => differentiate(total(x), [dead])).toThrow('The loss does not depend on output 0 of neg.')
  expect(() => differentiate(total(region('attention', x, [x])), [y])).toThrow(
    'does not depend on the input y',
  )
})

test('an operator without a rule is an error, on the way alone', () => {
  expect(() => differentiate(total(reduceMax(x, [0])), [x])).toThrow(
    'There is no gradient rule for output 0 of reduceMax.',
  )
  expect(() => differentiate(total(mul(reduceMax(x, [0]), y)), [y])).not.toThrow()
  expect(() => differentiate(total(region('none', x, [x])), [x])).toThrow(
    'There is no gradient rule for the region none.',
  )
  const [, statistics] = fusedRmsNorm(x, y, 1e-6)
  expect(() => differentiate(total(statistics), [x])).toThrow(
    'There is no gradient rule for output 1 of fusedRmsNorm.',
  )
})

test('a loss that is not a scalar is an error', () => {
  expect(() => differentiate(x, [x])).toThrow('The loss must be a scalar, not [3].')
  expect(() => differentiate(reduceSum(x, [0]), [x])).toThrow('The loss must be a scalar, not [1].')
})

test('a rule that gives a gradient of another shape is an error', () => {
  const wrong = region('mergedLora', x, [constant([[1]].flat(), [1, 1]), x, constant([1], [1, 1]), y], {
    saved: { merged: constant([1], [1, 1]) },
    attributes: { scale: 1 },
  })
  expect(() => differentiate(total(wrong), [y])).toThrow()
})

test('long chains are differentiated without recursion', async () => {
  let value: Tensor = x
  for (let i = 0; i < 5_000; i++) value = sub(value, neg(constant(1e-3)))
  const [gradient] = differentiate(total(value), [x])
  expect((await runGraph(gradient ?? x, feeds)).data).toEqual([1, 1, 1])
})

test('unbroadcast sums over new and stretched axes, also over symbols', async () => {
  const gradient = input('g', 'float32', ['n', 3, 2])
  const fed = { g: floats([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], [2, 3, 2]) }
  expect(unbroadcast(gradient, ['n', 3, 2])).toBe(gradient)
  expect(await runGraph(unbroadcast(gradient, [3, 1]), fed)).toEqual({ data: [18, 26, 34], shape: [3, 1] })
  expect(await runGraph(unbroadcast(gradient, []), fed)).toEqual({ data: [78], shape: [] })
  expect((await runGraph(cast(unbroadcast(gradient, ['n', 1, 1]), 'float32'), fed)).shape).toEqual([2, 1, 1])
})
