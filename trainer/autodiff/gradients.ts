import {
  cast,
  concat,
  div,
  equal,
  exp,
  expand,
  gemm,
  less,
  matMul,
  mul,
  neg,
  reduceSum,
  reshape,
  scatterAddRows,
  slice,
  sub,
  transpose,
  where,
} from '../graph/ops.ts'
import { dimAt, product } from '../graph/shape.ts'
import { constant } from '../graph/tensor.ts'
import type { Operation, Tensor } from '../graph/tensor.ts'
import { unbroadcast } from './unbroadcast.ts'

/** What a gradient rule sees: the operation, its output, and the gradient of the loss by that output. */
export interface Applied {
  readonly operation: Operation
  readonly output: Tensor
  readonly gradient: Tensor
}

/**
 * The gradient of the loss by each input, null where there is none (indices, conditions). Parts that no
 * trainable leaf needs cost nothing: nodes that no output reaches are never written.
 */
export type GradientRule = (applied: Applied) => readonly (Tensor | null)[]

const one = constant(1)
const zero = constant(0)
const two = constant(2)

const pair = ({ operation }: Applied): readonly [Tensor, Tensor] => {
  const [a, b] = operation.inputs
  if (!a || !b) throw new Error(`${operation.op} takes two inputs.`)
  return [a, b]
}
const single = ({ operation }: Applied): Tensor => {
  const [x] = operation.inputs
  if (!x) throw new Error(`${operation.op} takes an input.`)
  return x
}
const lastTwoSwapped = (x: Tensor): Tensor => {
  const rank = x.shape.length
  const axes = Array.from({ length: rank }, (_, i) => i)
  return transpose(x, [...axes.slice(0, rank - 2), rank - 1, rank - 2])
}

const binary =
  (rule: (a: Tensor, b: Tensor, applied: Applied) => readonly [Tensor, Tensor]): GradientRule =>
  (applied) => {
    const [a, b] = pair(applied)
    const [da, db] = rule(a, b, applied)
    return [unbroadcast(da, a.shape), unbroadcast(db, b.shape)]
  }

/** The smaller or larger of two: the gradient goes to the chosen one, halved where they are equal. */
const choice = (isFirst: (a: Tensor, b: Tensor) => Tensor): GradientRule =>
  binary((a, b, { gradient }) => {
    const tie = mul(cast(equal(a, b), 'float32'), constant(0.5))
    const first = where(isFirst(a, b), expand(one, tie.shape), tie)
    return [mul(gradient, first), mul(gradient, sub(one, first))]
  })

/** The gradient of every differentiable operator; one table, read by `differentiate`. */
export const gradientRules: Readonly<Record<string, GradientRule>> = {
  neg: ({ gradient }) => [neg(gradient)],
  exp: ({ gradient, output }) => [mul(gradient, output)],
  log: (applied) => [div(applied.gradient, single(applied))],
  sqrt: ({ gradient, output }) => [div(gradient, mul(two, output))],
  reciprocal: ({ gradient, output }) => [neg(mul(gradient, mul(output, output)))],
  tanh: ({ gradient, output }) => [mul(gradient, sub(one, mul(output, output)))],
  sigmoid: ({ gradient, output }) => [mul(gradient, mul(output, sub(one, output)))],
  // With the output rather than the input, so that the input need not be kept.
  relu: ({ gradient, output }) => [mul(gradient, cast(less(zero, output), 'float32'))],
  erf: (applied) => {
    const x = single(applied)
    return [mul(applied.gradient, mul(exp(neg(mul(x, x))), constant(2 / Math.sqrt(Math.PI))))]
  },
  softmax: ({ gradient, output }) => [mul(output, sub(gradient, reduceSum(mul(gradient, output), [-1])))],
  add: binary((_a, _b, { gradient }) => [gradient, gradient]),
  sub: binary((_a, _b, { gradient }) => [gradient, neg(gradient)]),
  mul: binary((a, b, { gradient }) => [mul(gradient, b), mul(gradient, a)]),
  div: binary((_a, b, { gradient, output }) => [div(gradient, b), neg(div(mul(gradient, output), b))]),
  min: choice(less),
  max: choice((a, b) => less(b, a)),
  where: ({ operation, gradient }) => {
    const [condition, a, b] = operation.inputs
    if (!condition || !a || !b) throw new Error('where takes three inputs.')
    const none = expand(zero, gradient.shape)
    return [
      null,
      unbroadcast(where(condition, gradient, none), a.shape),
      unbroadcast(where(condition, none, gradient), b.shape),
    ]
  },
  cast: (applied) => [cast(applied.gradient, single(applied).dtype)],
  matMul: binary((a, b, { gradient }) => [
    matMul(gradient, lastTwoSwapped(b)),
    matMul(lastTwoSwapped(a), gradient),
  ]),
  gemm: (applied) => {
    const [a, b] = pair(applied)
    const { attributes } = applied.operation
    const [transA, transB] = [attributes['transA'] === 1, attributes['transB'] === 1]
    const alpha = Number(attributes['alpha'])
    const g = applied.gradient
    const da = transA
      ? gemm(b, g, { transA: transB, transB: true, alpha })
      : gemm(g, b, { transB: !transB, alpha })
    const db = transB
      ? gemm(g, a, { transA: true, transB: transA, alpha })
      : gemm(a, g, { transA: !transA, alpha })
    const plus = applied.operation.inputs[2]
    return [da, db, plus ? unbroadcast(g, plus.shape) : null]
  },
  transpose: ({ operation, gradient }) => {
    const permutation = operation.attributes['perm'] as readonly number[]
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis))
    return [transpose(gradient, inverse)]
  },
  reshape: (applied) => [reshape(applied.gradient, single(applied).shape)],
  expand: (applied) => [unbroadcast(applied.gradient, single(applied).shape)],
  gather: (applied) => {
    const [x, indices] = pair(applied)
    const count = product(indices.shape)
    const updates = reshape(applied.gradient, [count, ...x.shape.slice(1)])
    return [scatterAddRows(reshape(indices, [count]), updates, dimAt(x.shape, 0)), null]
  },
  concat: ({ operation, gradient }) => {
    const axis = Number(operation.attributes['axis'])
    let start = 0
    return operation.inputs.map((part, i) => {
      const length = dimAt(part.shape, axis)
      const piece = slice(gradient, axis, start, length)
      if (typeof length !== 'number' && i < operation.inputs.length - 1)
        throw new Error('The gradient of concat wants known lengths.')
      start += Number(length)
      return piece
    })
  },
  slice: (applied) => {
    const x = single(applied)
    const { attributes, inputs } = applied.operation
    const axis = Number(attributes['axis'])
    const [whole, length] = [dimAt(x.shape, axis), dimAt(applied.output.shape, axis)]
    if (inputs.length > 1 || typeof whole !== 'number' || typeof length !== 'number')
      throw new Error('The gradient of slice wants a known start and length.')
    const start = Number(attributes['start'])
    const padding = (size: number) =>
      size === 0
        ? []
        : [
            expand(
              zero,
              x.shape.map((dim, i) => (i === axis ? size : dim)),
            ),
          ]
    return [concat([...padding(start), applied.gradient, ...padding(whole - start - length)], axis)]
  },
  reduceSum: (applied) => [expand(keepingDims(applied), single(applied).shape)],
  reduceMean: (applied) => {
    const x = single(applied)
    const size = product(
      (applied.operation.attributes['axes'] as readonly number[]).map((axis) => dimAt(x.shape, axis)),
    )
    if (typeof size !== 'number') throw new Error('The gradient of reduceMean wants known lengths.')
    return [mul(expand(keepingDims(applied), x.shape), constant(1 / size))]
  },
  gatherElements: (applied) => {
    const [x, indices] = pair(applied)
    const width = dimAt(x.shape, 1)
    if (dimAt(indices.shape, 1) !== 1 || typeof width !== 'number')
      throw new Error('The gradient of gatherElements wants one index a row.')
    const columns = Float32Array.from({ length: width }, (_, i) => i)
    const chosen = equal(constant(columns, [1, width]), cast(indices, 'float32'))
    return [mul(cast(chosen, 'float32'), applied.gradient), null]
  },
}

/** The gradient of a reduction with the reduced axes kept as 1. */
function keepingDims(applied: Applied): Tensor {
  const x = single(applied)
  const axes = applied.operation.attributes['axes'] as readonly number[]
  return reshape(
    applied.gradient,
    x.shape.map((dim, i) => (axes.includes(i) ? 1 : dim)),
  )
}
