import { expect, test } from 'vitest'
import * as ops from '../../trainer/graph/ops.ts'
import { constant, input, integers } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'

const f = (...shape: readonly (number | string)[]): Tensor => input('f', 'float32', shape)
const i = (...shape: readonly (number | string)[]): Tensor => input('i', 'int64', shape)
const b = (...shape: readonly (number | string)[]): Tensor => input('b', 'bool', shape)

const unary = (
  name: 'neg' | 'exp' | 'log' | 'sqrt' | 'reciprocal' | 'tanh' | 'sigmoid' | 'erf' | 'relu' | 'softmax',
) => [name, () => ops[name](i(2)), `${name} takes float32, got int64`] as const
const broadcasts = (name: 'add' | 'sub' | 'mul' | 'div' | 'min' | 'max' | 'less' | 'equal') =>
  [
    [name, () => ops[name](f(2), i(2)), `${name} takes equal types, got float32 and int64`],
    [name, () => ops[name](f(2, 3), f(2)), 'Shapes [2, 3] and [2] do not broadcast'],
    [name, () => ops[name](f('n'), f('m')), 'Shapes [n] and [m] do not broadcast'],
  ] as const
const reduces = (name: 'reduceSum' | 'reduceMean' | 'reduceMax') =>
  [
    [name, () => ops[name](i(2), [0]), `${name} takes float32`],
    [name, () => ops[name](f(2), [1]), 'Axis 1 lies outside shape [2]'],
    [name, () => ops[name](f(2), [-2]), 'Axis -2 lies outside shape [2]'],
  ] as const

const mistakes: readonly (readonly [op: string, mistake: () => Tensor, message: string])[] = [
  ...(['neg', 'exp', 'log', 'sqrt', 'reciprocal', 'tanh', 'sigmoid', 'erf', 'relu', 'softmax'] as const).map(
    unary,
  ),
  ...(['add', 'sub', 'mul', 'div', 'min', 'max', 'less', 'equal'] as const).flatMap(broadcasts),
  ...(['reduceSum', 'reduceMean', 'reduceMax'] as const).flatMap(reduces),
  ['where', () => ops.where(f(2), f(2), f(2)), 'where takes a bool condition, got float32'],
  ['where', () => ops.where(b(2), f(2), i(2)), 'where takes equal types'],
  ['where', () => ops.where(b(3), f(2), f(2)), 'do not broadcast'],
  ['matMul', () => ops.matMul(f(2, 3), f(2, 3)), 'matMul cannot multiply [2, 3] by [2, 3]'],
  ['matMul', () => ops.matMul(f(2, 2, 3), f(3, 3, 1)), 'do not broadcast'],
  ['matMul', () => ops.matMul(f(2, 3), i(3, 1)), 'matMul takes float32'],
  ['matMul', () => ops.matMul(f(3), f(3, 1)), 'lies outside'],
  [
    'gemm',
    () => ops.gemm(f(2, 3), f(2, 3)),
    'gemm cannot multiply [2, 3] by [2, 3] (transA false, transB false)',
  ],
  ['gemm', () => ops.gemm(f(1, 2, 3), f(3, 2)), 'gemm takes matrices'],
  ['gemm', () => ops.gemm(f(2, 3), f(3, 2), { plus: f(3) }), 'gemm cannot add [3] to [2, 2]'],
  ['gemm', () => ops.gemm(i(2, 3), f(3, 2)), 'gemm takes float32'],
  ['transpose', () => ops.transpose(f(2, 3), [0]), '[0] does not permute [2, 3]'],
  ['transpose', () => ops.transpose(f(2, 3), [0, 0]), 'does not permute'],
  ['transpose', () => ops.transpose(f(2, 3), [0, 2]), 'does not permute'],
  ['reshape', () => ops.reshape(f(2, 3), [5]), '[2, 3] cannot be reshaped to [5]'],
  ['reshape', () => ops.reshape(f('n', 3), ['n', 2]), 'cannot be reshaped'],
  ['reshape', () => ops.reshape(f('n', 2), ['m', 2]), 'cannot be reshaped'],
  ['expand', () => ops.expand(f(2, 3), [2, 4]), 'do not broadcast'],
  ['expand', () => ops.expand(f(2, 3), [1, 3]), '[2, 3] cannot be expanded to [1, 3]'],
  ['gather', () => ops.gather(f(2, 3), f(2)), 'gather takes int64 indices, got float32'],
  ['gatherElements', () => ops.gatherElements(f(2, 3), f(2, 1)), 'gatherElements takes int64 indices'],
  [
    'gatherElements',
    () => ops.gatherElements(f(2, 3), i(3, 1)),
    'gatherElements cannot pick [3, 1] from [2, 3]',
  ],
  ['gatherElements', () => ops.gatherElements(f(2), i(2)), 'gatherElements cannot pick'],
  ['scatterAddRows', () => ops.scatterAddRows(i(2), f(3, 4), 5), 'scatterAddRows cannot place [3, 4] at [2]'],
  ['scatterAddRows', () => ops.scatterAddRows(f(2), f(2, 4), 5), 'scatterAddRows cannot place'],
  ['scatterAddRows', () => ops.scatterAddRows(i(2), i(2, 4), 5), 'scatterAddRows takes float32'],
  ['concat', () => ops.concat([], 0), 'concat takes at least one tensor'],
  ['concat', () => ops.concat([f(2), i(2)], 0), 'concat takes equal types'],
  ['concat', () => ops.concat([f(2, 3), f(2, 2)], 0), 'concat cannot join [2, 3] and [2, 2] on axis 0'],
  ['concat', () => ops.concat([f(2, 3), f(2)], 0), 'concat cannot join'],
  ['concat', () => ops.concat([f(2), f(2)], 1), 'Axis 1 lies outside'],
  ['slice', () => ops.slice(f(2), 1, 0, 1), 'Axis 1 lies outside'],
  ['slice', () => ops.slice(f(2), 0, i(2), 1), 'slice takes an int64 start of shape [1], got int64 [2]'],
  ['slice', () => ops.slice(f(2), 0, f(1), 1), 'slice takes an int64 start'],
  [
    'fusedLayerNorm',
    () => ops.fusedLayerNorm(f(2, 3), { scale: f(3), bias: i(3) }, 1e-6)[0],
    'fusedLayerNorm takes float32',
  ],
  ['fusedGelu', () => ops.fusedGelu(i(2)), 'fusedGelu takes float32'],
  ['fusedGeluTanh', () => ops.fusedGeluTanh(i(2)), 'fusedGeluTanh takes float32'],
  ['fusedRmsNorm', () => ops.fusedRmsNorm(i(2, 3), f(3), 1e-6)[0], 'fusedRmsNorm takes float32'],
]

test.each(mistakes)('%s refuses what it cannot compute: case %#', (_, mistake, message) => {
  expect(mistake).toThrow(message)
})

test('every operator that can be misused has a case', () => {
  const harmless = ['cast', 'range', 'dimension']
  expect([...new Set(mistakes.map(([op]) => op)), ...harmless].sort()).toEqual(Object.keys(ops).sort())
})

test('a constant wants as many values as its shape has', () => {
  expect(() => constant([1, 2, 3], [2, 2])).toThrow('A constant of shape [2, 2] wants 4 values, got 3.')
  expect(() => integers([1], [])).not.toThrow()
  expect(() => integers([1, 2], [])).toThrow('wants 1 values, got 2')
})
