import { expect, test } from 'vitest'
import { lower, topologicalOrder } from '../../trainer/graph/lower.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { add, dimension, mul, neg, range, reshape } from '../../trainer/graph/ops.ts'
import { constant, input, region, weight } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { floats, openGraph, runGraph } from '../support/run-graph.ts'

const x = input('x', 'float32', ['n', 2])

test('only what the outputs need is written, each value once', () => {
  const unneeded = input('unneeded', 'float32', ['n', 2])
  const shared = neg(x)
  mul(unneeded, shared)
  const stored = weight('w', 'float32', [2], { file: 'f', offset: 0, length: 8 })
  const twin = weight('w', 'float32', [2], { file: 'f', offset: 0, length: 8 })
  const sum = add(add(shared, stored), mul(shared, twin))
  const graph = lower({ sum, again: shared }, onnxOperators)
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x'])
  expect(graph.weights).toEqual([stored])
  expect(graph.nodes.map(({ opType }) => opType).sort()).toEqual(['Add', 'Add', 'Mul', 'Neg'].sort())
  expect(graph.outputs.map(({ name, shape }) => [name, shape])).toEqual([
    ['sum', ['n', 2]],
    ['again', ['n', 2]],
  ])
})

test('every value is written before it is used', () => {
  const graph = lower({ y: add(neg(x), mul(x, neg(x))) }, onnxOperators)
  const known = new Set([...graph.inputs, ...graph.constants].map(({ name }) => name))
  for (const node of graph.nodes) {
    expect(node.inputs.filter((name) => !known.has(name))).toEqual([])
    for (const name of node.outputs) known.add(name)
  }
  expect(known).toContain('y')
})

test('an output has the name of the value itself; what is fed, or is an output twice, is copied', () => {
  const y = neg(x)
  const { nodes } = lower({ y, z: add(y, y), again: y, fed: x }, onnxOperators)
  expect(nodes.map(({ opType, inputs, outputs }) => [opType, ...inputs, ...outputs])).toEqual([
    ['Neg', 'x', 'y'],
    ['Add', 'y', 'y', 'z'],
    ['Identity', 'y', 'again'],
    ['Identity', 'x', 'fed'],
  ])
})

test('equal constants are written once, unlike ones are kept apart', () => {
  const twice = add(add(x, constant(1)), constant(1))
  expect(lower({ twice }, onnxOperators).constants).toHaveLength(1)
  const apart = add(add(x, constant(1)), constant([1]))
  expect(lower({ apart }, onnxOperators).constants).toHaveLength(2)
})

test('two inputs of one name are refused, one used twice is not', () => {
  const other = input('x', 'float32', ['n', 2])
  expect(() => lower({ y: add(x, other) }, onnxOperators)).toThrow('Two inputs are named x.')
  expect(lower({ y: add(x, x) }, onnxOperators).inputs).toHaveLength(1)
})

test('a symbol that no input carries is refused', () => {
  expect(() => lower({ y: range('m') }, onnxOperators)).toThrow('No input has the dimension m.')
  expect(() => lower({ y: dimension('2*m') }, onnxOperators)).toThrow('No input has the dimension m.')
  // The graph needs x, so its symbols are known; without it they are not.
  expect(() => lower({ y: dimension('n') }, onnxOperators)).toThrow('No input has the dimension n.')
  expect(() => lower({ y: dimension('n'), x }, onnxOperators)).not.toThrow()
})

test('an operator that the table lacks is named', () => {
  expect(() => lower({ y: neg(x) }, {})).toThrow('There is no ONNX form of the operator neg.')
})

test('an input, a constant and one value under two names can be outputs', async () => {
  const session = await openGraph({ same: x, one: constant([1, 2]), a: neg(x), b: neg(x) })
  const { same, one, a, b } = await session.run({ x: floats([1, 2], [1, 2]) })
  await session.dispose()
  expect([same, one, a, b].map((value) => [...(value?.data ?? [])])).toEqual([
    [1, 2],
    [1, 2],
    [-1, -2],
    [-1, -2],
  ])
})

test('a region without differentiation is its value', async () => {
  const value = neg(x)
  const doubled = add(region('anything', value, [x]), value)
  expect((await runGraph(doubled, { x: floats([1, 2], [1, 2]) })).data).toEqual([-2, -4])
})

test('graphs of 20,000 nodes neither overflow the stack nor take quadratic time', () => {
  let y: Tensor = x
  for (let i = 0; i < 20_000; i++) y = i % 2 ? neg(y) : add(y, y)
  const graph = lower({ y }, onnxOperators)
  expect(graph.nodes).toHaveLength(20_000)
  expect(topologicalOrder([y])).toHaveLength(20_001)
})

test('the order follows each use, also where a value is reached by ways of unlike length', () => {
  const near = neg(x)
  const far = neg(neg(neg(near)))
  const order = topologicalOrder([add(near, far), reshape(near, ['2*n'])])
  for (const [i, tensor] of order.entries())
    if (tensor.kind === 'result')
      for (const dependency of tensor.operation.inputs) expect(order.indexOf(dependency)).toBeLessThan(i)
  expect(new Set(order).size).toBe(order.length)
})
