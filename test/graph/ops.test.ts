import { describe, expect, test } from 'vitest'
import * as ops from '../../trainer/graph/ops.ts'
import { forwardOperators } from '../../trainer/graph/forward-operators.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import { constant, input, integers } from '../../trainer/graph/tensor.ts'
import type { DataType, Tensor } from '../../trainer/graph/tensor.ts'
import { opError, opGoldens, opInputs } from '../support/op-goldens.ts'
import type { OpGolden } from '../support/op-goldens.ts'
import { floats, integerValues, runGraph } from '../support/run-graph.ts'

type Build = (inputs: readonly Tensor[], golden: OpGolden) => Tensor

const at = (inputs: readonly Tensor[], i: number): Tensor => {
  const tensor = inputs[i]
  if (!tensor) throw new Error(`The case has no input ${i}.`)
  return tensor
}
const list = (value: unknown): readonly number[] => value as readonly number[]
const unary =
  (op: (x: Tensor) => Tensor): Build =>
  (inputs) =>
    op(at(inputs, 0))
const binary =
  (op: (a: Tensor, b: Tensor) => Tensor): Build =>
  (inputs) =>
    op(at(inputs, 0), at(inputs, 1))
const reduction =
  (op: typeof ops.reduceSum): Build =>
  (inputs, { attributes }) =>
    op(at(inputs, 0), list(attributes['axes']), attributes['keepdims'] === true)

/** How each operator that ops.json knows is applied to its inputs. */
const fromGoldens: Readonly<Record<string, Build>> = {
  neg: unary(ops.neg),
  exp: unary(ops.exp),
  log: unary(ops.log),
  sqrt: unary(ops.sqrt),
  reciprocal: unary(ops.reciprocal),
  tanh: unary(ops.tanh),
  erf: unary(ops.erf),
  sigmoid: unary(ops.sigmoid),
  relu: unary(ops.relu),
  softmax: unary(ops.softmax),
  add: binary(ops.add),
  sub: binary(ops.sub),
  mul: binary(ops.mul),
  div: binary(ops.div),
  min: binary(ops.min),
  max: binary(ops.max),
  less: binary(ops.less),
  equal: binary(ops.equal),
  where: (inputs) => ops.where(at(inputs, 0), at(inputs, 1), at(inputs, 2)),
  cast: (inputs, { attributes }) => ops.cast(at(inputs, 0), attributes['to'] as DataType),
  matMul: binary(ops.matMul),
  gemm: (inputs, { attributes }) => ops.gemm(at(inputs, 0), at(inputs, 1), attributes),
  transpose: (inputs, { attributes }) => ops.transpose(at(inputs, 0), list(attributes['perm'])),
  reshape: (inputs, { attributes }) => ops.reshape(at(inputs, 0), list(attributes['shape'])),
  expand: (inputs, { attributes }) => ops.expand(at(inputs, 0), list(attributes['shape'])),
  gather: binary(ops.gather),
  concat: (inputs, { attributes }) => ops.concat(inputs, Number(attributes['axis'])),
  slice: (inputs, { attributes }) => {
    const [starts, ends, axes] = [
      list(attributes['starts']),
      list(attributes['ends']),
      list(attributes['axes']),
    ]
    return axes.reduce(
      (x, axis, i) => {
        const size = Number(x.shape[axis])
        const wrap = (index = 0) => (index < 0 ? index + size : index)
        return ops.slice(x, axis, wrap(starts[i]), wrap(ends[i]) - wrap(starts[i]))
      },
      at(inputs, 0),
    )
  },
  reduceSum: reduction(ops.reduceSum),
  reduceMean: reduction(ops.reduceMean),
  reduceMax: reduction(ops.reduceMax),
  scatterAddRows: (inputs) => {
    const [base, indices, values] = [at(inputs, 0), at(inputs, 1), at(inputs, 2)]
    return ops.add(base, ops.scatterAddRows(indices, values, base.shape[0] ?? 0))
  },
  fusedGelu: (inputs) => ops.fusedGelu(at(inputs, 0)),
  fusedGeluTanh: (inputs) => ops.fusedGeluTanh(at(inputs, 0)),
  fusedLayerNorm: (inputs, { attributes }) =>
    ops.fusedLayerNorm(
      at(inputs, 0),
      { scale: at(inputs, 1), bias: at(inputs, 2) },
      Number(attributes['eps']),
    )[0],
  fusedRmsNorm: (inputs, { attributes }) =>
    ops.fusedRmsNorm(at(inputs, 0), at(inputs, 1), Number(attributes['eps']))[0],
}
/** The operators whose cases stand under another name. */
const goldenNames: Readonly<Record<string, string>> = {
  scatterAddRows: 'scatterAdd',
  fusedGelu: 'gelu',
  fusedGeluTanh: 'geluTanh',
  fusedLayerNorm: 'layerNorm',
  fusedRmsNorm: 'rmsNorm',
}
/** Operators that are not a function of tensors alone, or that ops.json does not have: tested below by hand. */
const byHand = ['range', 'dimension', 'gatherElements']
/** What products and tables of weights in few bits become: tested with such weights, in test/models. */
const ofFewBits = ['dequantize', 'quantizedProduct', 'integerProduct', 'quantizedRows', 'halfProduct']
/** What decides when a value is computed, and not what it is: tested in test/nn/recomputed-blocks.test.ts. */
const ordering = ['after']
/** These name sizes in their attributes, so that their inputs cannot be made symbolic blindly. */
const fixedShapes = new Set(['reshape', 'expand', 'slice'])

test('every operator is tested and has an ONNX form, and there is no other', () => {
  const tested = [...Object.keys(fromGoldens), ...byHand].sort()
  expect(Object.keys(ops).sort()).toEqual(tested)
  // Those of forward-ops.ts are tested beside it.
  const own = Object.keys(onnxOperators).filter((op) => !(op in forwardOperators))
  expect(own.sort()).toEqual([...tested, ...ofFewBits, ...ordering].sort())
})

describe('every operator gives the golden values', () => {
  const cases = Object.entries(fromGoldens).flatMap(([op, build]) =>
    opGoldens(goldenNames[op] ?? op).flatMap((golden, i) =>
      (fixedShapes.has(op) ? [false] : [false, true]).map((symbolic) => ({ op, build, golden, i, symbolic })),
    ),
  )
  test.each(cases)('$op, case $i, symbolic shapes: $symbolic', async ({ build, golden, symbolic }) => {
    const { tensors, feeds } = opInputs(golden, symbolic)
    const [expected] = golden.outputs
    if (!expected) throw new Error('The case has no output.')
    const result = build(tensors, golden)
    expect(result.dtype).toBe(expected.dtype)
    if (!symbolic) expect(result.shape).toEqual(expected.shape)
    expect(await opError(result, feeds, expected)).toBeLessThan(2e-6)
  })
})

describe('shapes that come with the feeds', () => {
  const x = input('x', 'float32', ['batch', 'length', 6])
  const data = Float32Array.from({ length: 2 * 3 * 6 }, (_, i) => i)
  const feeds = { x: floats(data, [2, 3, 6]) }
  const flat = Array.from(data)

  test('reshape with one symbol, with several, and with a product', async () => {
    const rows = ops.reshape(x, ['batch*length', 6])
    expect(await runGraph(rows, feeds)).toEqual({ data: flat, shape: [6, 6] })
    const heads = ops.reshape(rows, ['batch', 'length', 2, 3])
    expect(await runGraph(heads, feeds)).toEqual({ data: flat, shape: [2, 3, 2, 3] })
    expect(await runGraph(ops.reshape(x, ['6*batch*length']), feeds)).toEqual({ data: flat, shape: [36] })
  })

  test('expand to symbols of another input', async () => {
    const row = input('row', 'float32', [1, 3])
    const shape = ['batch', 3]
    const wide = ops.mul(
      ops.expand(row, shape),
      ops.reshape(ops.slice(ops.slice(x, 1, 0, 1), 2, 0, 3), shape),
    )
    const result = await runGraph(wide, { ...feeds, row: floats([1, 10, 100], [1, 3]) })
    expect(result).toEqual({ data: [0, 10, 200, 18, 190, 2000], shape: [2, 3] })
  })

  test('slice of a symbolic length, from a number and from a fed start', async () => {
    const long = input('long', 'float32', ['size'])
    const start = input('start', 'int64', [1])
    const fed = {
      ...feeds,
      long: floats([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], [10]),
      start: integerValues([4], [1]),
    }
    const anchor = ops.reduceSum(ops.mul(x, constant(0)), [0, 1, 2], false)
    const anchored = (piece: Tensor) => ops.add(piece, anchor)
    expect(await runGraph(anchored(ops.slice(long, 0, 1, 'length')), fed)).toEqual({
      data: [1, 2, 3],
      shape: [3],
    })
    expect((await runGraph(anchored(ops.slice(long, 0, start, 'batch*length')), fed)).data).toEqual([
      4, 5, 6, 7, 8, 9,
    ])
    expect((await runGraph(ops.slice(long, 0, start, 2), fed)).data).toEqual([4, 5])
  })

  test('concat of symbolic lengths adds them up, and the sum can be used as a dimension', async () => {
    const past = input('past', 'float32', [2, 'past', 2])
    const next = constant([1, 2, 3, 4], [2, 1, 2])
    const joined = ops.concat([past, next], 1)
    expect(joined.shape).toEqual([2, 'past+1', 2])
    expect(await runGraph(joined, { past: floats([9, 8, 7, 6], [2, 1, 2]) })).toEqual({
      data: [9, 8, 1, 2, 7, 6, 3, 4],
      shape: [2, 2, 2],
    })
    expect(await runGraph(joined, { past: floats([], [2, 0, 2]) })).toEqual({
      data: [1, 2, 3, 4],
      shape: [2, 1, 2],
    })
    const counted = ops.add(ops.range('past+1'), ops.dimension('past'))
    const both = ops.add(
      ops.cast(counted, 'float32'),
      ops.reduceSum(ops.mul(joined, constant(0)), [0, 1, 2], false),
    )
    expect((await runGraph(both, { past: floats([0, 0, 0, 0, 0, 0, 0, 0], [2, 2, 2]) })).data).toEqual([
      2, 3, 4,
    ])
  })

  test('range and dimension follow the feeds', async () => {
    const zero = ops.cast(ops.reduceSum(ops.mul(x, constant(0)), [0, 1, 2], false), 'int64')
    expect((await runGraph(ops.add(ops.range('length'), zero), feeds)).data).toEqual([0, 1, 2])
    expect((await runGraph(ops.add(ops.range('2*batch'), zero), feeds)).data).toEqual([0, 1, 2, 3])
    expect(await runGraph(ops.add(ops.dimension('batch*length'), zero), feeds)).toEqual({
      data: [6],
      shape: [],
    })
  })
})

test('range and dimension of numbers are constants', async () => {
  expect(await runGraph(ops.range(4))).toEqual({ data: [0, 1, 2, 3], shape: [4] })
  expect(await runGraph(ops.range(0))).toEqual({ data: [], shape: [0] })
  expect(await runGraph(ops.dimension(7))).toEqual({ data: [7], shape: [] })
})

test('gemm adds a matrix to the product', async () => {
  const [a, b] = [constant([1, 2, 3, 4], [2, 2]), constant([1, 0, 0, 1], [2, 2])]
  const sum = ops.gemm(a, b, { alpha: 10, plus: constant([5, 6, 7, 8], [2, 2]) })
  expect((await runGraph(sum)).data).toEqual([15, 26, 37, 48])
})

test('gatherElements picks from each row', async () => {
  const x = constant([1, 2, 3, 4, 5, 6], [2, 3])
  const picked = ops.gatherElements(x, integers([2, 0, 1, 1], [2, 2]))
  expect(await runGraph(picked)).toEqual({ data: [3, 1, 5, 5], shape: [2, 2] })
})

test('fusedLayerNorm also gives the mean and the reciprocal deviation', async () => {
  const x = constant([1, 3, 1, 3, 0, 0, 8, 8], [2, 4])
  const vector = constant([1, 2, 3, 4])
  const [, mean, inverseDeviation] = ops.fusedLayerNorm(x, { scale: vector, bias: vector }, 0)
  expect(await runGraph(mean)).toEqual({ data: [2, 4], shape: [2, 1] })
  const { data, shape } = await runGraph(inverseDeviation)
  expect(shape).toEqual([2, 1])
  expect(data[0]).toBeCloseTo(1, 6)
  expect(data[1]).toBeCloseTo(0.25, 6)
})

test('fusedRmsNorm also gives the reciprocal root mean square', async () => {
  const x = constant([3, 4, 0, 0, 1, 1, 1, 1], [2, 4])
  const [, inverseRms] = ops.fusedRmsNorm(x, constant([1, 2, 3, 4]), 0)
  expect(inverseRms.shape).toEqual([2, 1])
  const { data, shape } = await runGraph(inverseRms)
  expect(shape).toEqual([2, 1])
  expect(data[0]).toBeCloseTo(1 / 2.5, 6)
  expect(data[1]).toBeCloseTo(1, 6)
})

test('scatterAddRows with many threads adds every repeated row', async () => {
  const [count, rows, width] = [3000, 16, 32]
  const indices = Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 5 : i % rows))
  const ones = new Float32Array(count * width).fill(1)
  const expected = Array.from({ length: rows }, (_, row) => indices.filter((index) => index === row).length)
  const sum = ops.scatterAddRows(integers(indices), input('ones', 'float32', [count, width]), rows)
  const { data } = await runGraph(sum, { ones: floats(ones, [count, width]) }, 4)
  expect(data).toEqual(expected.flatMap((value) => Array.from({ length: width }, () => value)))
})

test('values are frozen, and what changes nothing adds no node', () => {
  const x = input('x', 'float32', ['n', 2])
  const y = ops.neg(x)
  expect([y, y.operation, y.operation.inputs, y.shape].every((part) => Object.isFrozen(part))).toBe(true)
  expect(ops.cast(x, 'float32')).toBe(x)
  expect(ops.reshape(x, ['n', 2])).toBe(x)
  expect(ops.expand(x, ['n', 2])).toBe(x)
  expect(ops.concat([x], 0)).toBe(x)
})
