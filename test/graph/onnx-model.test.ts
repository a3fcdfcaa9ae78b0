import { expect, test } from 'vitest'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { ProtobufMessage } from '../../trainer/graph/protobuf.ts'
import { constant, input, integers, weight } from '../../trainer/graph/tensor.ts'
import { Message } from '../support/protobuf-reader.ts'

const stored = weight('w', 'bfloat16', [3, 2], { file: 'model.safetensors', offset: 1234, length: 12 })
const model = encodeOnnxModel({
  nodes: [
    {
      opType: 'Gemm',
      domain: '',
      inputs: ['x', 'w'],
      outputs: ['y'],
      attributes: {
        transB: { int: 1 },
        alpha: { float: -0.5 },
        axes: { ints: [-1, 300] },
        mode: { string: 'add' },
      },
    },
    { opType: 'Own', domain: 'com.example', inputs: ['y'], outputs: ['z', 'rest'], attributes: {} },
  ],
  inputs: [input('x', 'float32', ['batch', 2])],
  outputs: [{ name: 'z', dtype: 'int64', shape: ['2*batch', 3] }],
  constants: [
    { name: 'c', tensor: constant([1.5, -2], [2, 1]) },
    { name: 'i', tensor: integers(-7) },
  ],
  weights: [stored],
})
const read = new Message(model)
const graph = read.message(7)

test('the model names its versions and every domain', () => {
  expect(read.numbers(1)).toEqual([9])
  expect(read.messages(8).map((entry) => [entry.text(1), entry.numbers(2)])).toEqual([
    ['', [20]],
    ['com.example', [1]],
  ])
})

test('nodes keep their names, order and typed attributes', () => {
  const [gemm, own] = graph.messages(1)
  expect([gemm?.text(4), gemm?.texts(1), gemm?.texts(2), gemm?.text(7)]).toEqual([
    'Gemm',
    ['x', 'w'],
    ['y'],
    '',
  ])
  expect([own?.text(4), own?.texts(2), own?.text(7)]).toEqual(['Own', ['z', 'rest'], 'com.example'])
  const attributes = gemm?.messages(5).map((entry) => ({
    name: entry.text(1),
    type: entry.numbers(20)[0],
    float: entry.numbers(2),
    int: entry.numbers(3),
    string: entry.text(4),
    ints: entry.numbers(8),
  }))
  const none = { float: [], int: [], string: '', ints: [] }
  expect(attributes).toEqual([
    { ...none, name: 'transB', type: 2, int: [1] },
    { ...none, name: 'alpha', type: 1, float: [-0.5] },
    { ...none, name: 'axes', type: 7, ints: [-1, 300] },
    { ...none, name: 'mode', type: 3, string: 'add' },
  ])
})

test('constants lie in the graph, weights in their file', () => {
  const [real, whole, external] = graph.messages(5)
  expect([real?.text(8), real?.numbers(1), real?.numbers(2)]).toEqual(['c', [2, 1], [1]])
  expect(Buffer.from(real?.bytes(9) ?? []).toString('hex')).toBe('0000c03f000000c0')
  expect([whole?.text(8), whole?.numbers(1), whole?.numbers(2)]).toEqual(['i', [], [7]])
  expect(Buffer.from(whole?.bytes(9) ?? []).readBigInt64LE()).toBe(-7n)
  expect([external?.text(8), external?.numbers(1), external?.numbers(2)]).toEqual(['w', [3, 2], [16]])
  expect(external?.numbers(14)).toEqual([1])
  expect(external?.bytes(9)).toEqual(new Uint8Array())
  expect(external?.messages(13).map((entry) => [entry.text(1), entry.text(2)])).toEqual([
    ['location', 'model.safetensors'],
    ['offset', '1234'],
    ['length', '12'],
  ])
})

test('inputs and outputs carry type, sizes and symbols', () => {
  const described = (number: number) =>
    graph.messages(number).map((value) => {
      const tensor = value.message(2).message(1)
      const dims = tensor.message(2).messages(1)
      return [value.text(1), tensor.numbers(1)[0], dims.map((dim) => dim.numbers(1)[0] ?? dim.text(2))]
    })
  expect(described(11)).toEqual([['x', 1, ['batch', 2]]])
  expect(described(12)).toEqual([['z', 7, ['2*batch', 3]]])
})

test('varints of every length, negative ones in ten bytes', () => {
  for (const value of [0, 1, 127, 128, 16383, 16384, 2 ** 31, 2 ** 40, -1, -(2 ** 40)])
    expect(new Message(new ProtobufMessage().int(5, value).finish()).numbers(5)).toEqual([value])
  expect(new ProtobufMessage().int(1, -1).finish().byteLength).toBe(11)
  const message = new ProtobufMessage().string(2, 'äöü').bytes(3, new Uint8Array(300))
  expect(message.finish().byteLength).toBe(message.byteLength)
  expect(new Message(message.finish()).text(2)).toBe('äöü')
})

test('an attribute may be a graph, with nodes, constants and outputs of its own', () => {
  const branch = {
    nodes: [{ opType: 'Add', domain: '', inputs: ['x', 'one'], outputs: ['more'], attributes: {} }],
    inputs: [],
    outputs: [{ name: 'more', dtype: 'float32' as const, shape: ['batch'] }],
    constants: [{ name: 'one', tensor: constant(1) }],
    weights: [],
  }
  const bytes = encodeOnnxModel({
    ...branch,
    nodes: [
      {
        opType: 'If',
        domain: '',
        inputs: ['condition'],
        outputs: ['y'],
        attributes: { then_branch: { graph: branch } },
      },
    ],
    constants: [],
  })
  const attribute = new Message(bytes).message(7).message(1).message(5)
  expect([attribute.text(1), attribute.numbers(20)]).toEqual(['then_branch', [5]])
  const inner = attribute.message(6)
  expect(inner.messages(1).map((node) => [node.text(4), node.texts(1)])).toEqual([['Add', ['x', 'one']]])
  expect(inner.text(2)).not.toBe('')
  expect(inner.messages(5).map((tensor) => tensor.text(8))).toEqual(['one'])
  expect(inner.messages(12).map((value) => value.text(1))).toEqual(['more'])
})
