import { apply } from './apply.ts'
import { halfLinear, halfWeight } from './half-matrix.ts'
import { isQuantized, quantizedProduct, quantizedRows } from './quantized-matrix.ts'
import { broadcast, dimAt, formatShape, normalizeAxis, product, sameShape, sum } from './shape.ts'
import type { Dim, Shape } from './shape.ts'
import type { DataType, ResultTensor, Tensor } from './tensor.ts'

/**
 * The operators of the graph. Each checks its inputs when it is applied and returns a new frozen tensor; names
 * follow ONNX, whose definitions hold (https://onnx.ai/onnx/operators). `onnx-operators.ts` says how each is
 * written, `autodiff/gradients.ts` how each is differentiated.
 */

function requireFloat(op: string, ...tensors: readonly Tensor[]): void {
  for (const tensor of tensors)
    if (tensor.dtype !== 'float32') throw new Error(`${op} takes float32, got ${tensor.dtype}.`)
}

function requireSameType(op: string, a: Tensor, b: Tensor): void {
  if (a.dtype !== b.dtype) throw new Error(`${op} takes equal types, got ${a.dtype} and ${b.dtype}.`)
}

const unary = (op: string) => (x: Tensor) => {
  requireFloat(op, x)
  return apply(op, [x], x.dtype, x.shape)
}

export const neg = unary('neg')
export const exp = unary('exp')
export const log = unary('log')
export const sqrt = unary('sqrt')
export const reciprocal = unary('reciprocal')
export const tanh = unary('tanh')
export const sigmoid = unary('sigmoid')
export const relu = unary('relu')
export const erf = unary('erf')
/** GELU by the normal distribution, and by its tanh approximation, each as one kernel. */
export const fusedGelu = unary('fusedGelu')
export const fusedGeluTanh = unary('fusedGeluTanh')
/** Softmax over the last axis. */
export const softmax = unary('softmax')

const binary = (op: string) => (a: Tensor, b: Tensor) => {
  requireSameType(op, a, b)
  return apply(op, [a, b], a.dtype, broadcast(a.shape, b.shape))
}

export const add = binary('add')
export const sub = binary('sub')
export const mul = binary('mul')
export const div = binary('div')
export const min = binary('min')
export const max = binary('max')

const comparison = (op: string) => (a: Tensor, b: Tensor) => {
  requireSameType(op, a, b)
  return apply(op, [a, b], 'bool', broadcast(a.shape, b.shape))
}

export const less = comparison('less')
export const equal = comparison('equal')

/** `condition ? a : b`, element by element. */
export function where(condition: Tensor, a: Tensor, b: Tensor): ResultTensor {
  if (condition.dtype !== 'bool') throw new Error(`where takes a bool condition, got ${condition.dtype}.`)
  requireSameType('where', a, b)
  return apply('where', [condition, a, b], a.dtype, broadcast(condition.shape, broadcast(a.shape, b.shape)))
}

export function cast(x: Tensor, dtype: DataType): Tensor {
  return x.dtype === dtype ? x : apply('cast', [x], dtype, x.shape, { to: dtype })
}

/** `[..., m, k] · [..., k, n]`, leading axes broadcast. */
export function matMul(a: Tensor, b: Tensor): ResultTensor {
  requireFloat('matMul', a, b)
  const [m, k] = [dimAt(a.shape, -2), dimAt(a.shape, -1)]
  const n = dimAt(b.shape, -1)
  if (k !== dimAt(b.shape, -2))
    throw new Error(`matMul cannot multiply ${formatShape(a.shape)} by ${formatShape(b.shape)}.`)
  const leading = broadcast(a.shape.slice(0, -2), b.shape.slice(0, -2))
  return apply('matMul', [a, b], 'float32', [...leading, m, n])
}

export interface GemmOptions {
  readonly transA?: boolean
  readonly transB?: boolean
  readonly alpha?: number
  /** Added to the product: `[m, n]`, or `[n]`, one value a column. */
  readonly plus?: Tensor
}

/** `alpha · A' · B' + plus` for matrices, each transposed where asked. */
export function gemm(a: Tensor, b: Tensor, options: GemmOptions = {}): Tensor {
  requireFloat('gemm', a, b)
  if (a.shape.length !== 2 || b.shape.length !== 2)
    throw new Error(`gemm takes matrices, got ${formatShape(a.shape)} and ${formatShape(b.shape)}.`)
  const { transA = false, transB = false, alpha = 1 } = options
  const m = dimAt(a.shape, transA ? 1 : 0)
  const k = dimAt(a.shape, transA ? 0 : 1)
  const n = dimAt(b.shape, transB ? 0 : 1)
  if (k !== dimAt(b.shape, transB ? 1 : 0))
    throw new Error(
      `gemm cannot multiply ${formatShape(a.shape)} by ${formatShape(b.shape)} (transA ${transA}, transB ${transB}).`,
    )
  const { plus } = options
  if (plus && !sameShape(plus.shape, [m, n]) && !sameShape(plus.shape, [n]))
    throw new Error(`gemm cannot add ${formatShape(plus.shape)} to ${formatShape([m, n])}.`)
  if (transB && !transA && alpha === 1) {
    if (isQuantized(b)) return quantizedProduct(a, b, plus)
    const half = halfWeight(b)
    if (half) return halfLinear(a, half, plus)
  }
  const inputs = plus ? [a, b, plus] : [a, b]
  return apply('gemm', inputs, 'float32', [m, n], { transA: Number(transA), transB: Number(transB), alpha })
}

/** Permutes the axes. */
export function transpose(x: Tensor, permutation: readonly number[]): ResultTensor {
  if (
    [...permutation].sort((a, b) => a - b).some((axis, i) => axis !== i) ||
    permutation.length !== x.shape.length
  )
    throw new Error(`[${permutation.join(', ')}] does not permute ${formatShape(x.shape)}.`)
  const shape = permutation.map((axis) => dimAt(x.shape, axis))
  return apply('transpose', [x], x.dtype, shape, { perm: permutation })
}

/** The same values in another shape of the same size; symbols are resolved from the feeds. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  if (product(x.shape) !== product(shape))
    throw new Error(`${formatShape(x.shape)} cannot be reshaped to ${formatShape(shape)}.`)
  return apply('reshape', [x], x.dtype, shape, { shape })
}

/** Broadcasts to a larger shape. */
export function expand(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  if (!sameShape(broadcast(x.shape, shape), shape))
    throw new Error(`${formatShape(x.shape)} cannot be expanded to ${formatShape(shape)}.`)
  return apply('expand', [x], x.dtype, shape, { shape })
}

/** Rows of `x` along axis 0, at int64 `indices` of any shape. */
export function gather(x: Tensor, indices: Tensor): Tensor {
  if (indices.dtype !== 'int64') throw new Error(`gather takes int64 indices, got ${indices.dtype}.`)
  if (isQuantized(x) && x.attributes['bits'] === 8) return quantizedRows(x, indices)
  const half = halfWeight(x)
  if (half) return cast(gather(half, indices), 'float32')
  return apply('gather', [x, indices], x.dtype, [...indices.shape, ...x.shape.slice(1)])
}

/** From each row of `[n, m]` the elements at `[n, k]` int64 indices. */
export function gatherElements(x: Tensor, indices: Tensor): ResultTensor {
  if (indices.dtype !== 'int64') throw new Error(`gatherElements takes int64 indices, got ${indices.dtype}.`)
  if (x.shape.length !== 2 || indices.shape.length !== 2 || x.shape[0] !== indices.shape[0])
    throw new Error(`gatherElements cannot pick ${formatShape(indices.shape)} from ${formatShape(x.shape)}.`)
  return apply('gatherElements', [x, indices], x.dtype, indices.shape)
}

/**
 * A zero tensor of `rows` rows to which the rows of `updates` `[n, width]` are added at int64 `indices` `[n]`:
 * the gradient of `gather`. Rows named more than once are summed, in order.
 */
export function scatterAddRows(indices: Tensor, updates: Tensor, rows: Dim): ResultTensor {
  requireFloat('scatterAddRows', updates)
  if (indices.dtype !== 'int64' || indices.shape.length !== 1 || indices.shape[0] !== updates.shape[0])
    throw new Error(
      `scatterAddRows cannot place ${formatShape(updates.shape)} at ${formatShape(indices.shape)} (${indices.dtype}).`,
    )
  return apply('scatterAddRows', [indices, updates], 'float32', [rows, ...updates.shape.slice(1)], { rows })
}

export function concat(parts: readonly Tensor[], axis: number): Tensor {
  const [first, ...rest] = parts
  if (!first) throw new Error('concat takes at least one tensor.')
  if (rest.length === 0) return first
  const at = normalizeAxis(axis, first.shape)
  let total: Dim = dimAt(first.shape, at)
  for (const part of rest) {
    requireSameType('concat', first, part)
    if (
      part.shape.length !== first.shape.length ||
      part.shape.some((dim, i) => i !== at && dim !== first.shape[i])
    )
      throw new Error(
        `concat cannot join ${formatShape(first.shape)} and ${formatShape(part.shape)} on axis ${axis}.`,
      )
    total = sum(total, dimAt(part.shape, at))
  }
  const shape = first.shape.map((dim, i) => (i === at ? total : dim))
  return apply('concat', parts, first.dtype, shape, { axis: at })
}

/** Elements `start ≤ i < start + length` along an axis. A fed `start` is an int64 vector of one element. */
export function slice(x: Tensor, axis: number, start: number | Tensor, length: Dim): ResultTensor {
  const at = normalizeAxis(axis, x.shape)
  const shape = x.shape.map((dim, i) => (i === at ? length : dim))
  if (typeof start === 'number') return apply('slice', [x], x.dtype, shape, { axis: at, start, length })
  if (start.dtype !== 'int64' || !sameShape(start.shape, [1]))
    throw new Error(
      `slice takes an int64 start of shape [1], got ${start.dtype} ${formatShape(start.shape)}.`,
    )
  return apply('slice', [x, start], x.dtype, shape, { axis: at, length })
}

const reduction =
  (op: string) =>
  (x: Tensor, axes: readonly number[], keepDims = true): ResultTensor => {
    requireFloat(op, x)
    const reduced = axes.map((axis) => normalizeAxis(axis, x.shape))
    const shape = x.shape.flatMap((dim, i) => (reduced.includes(i) ? (keepDims ? [1] : []) : [dim]))
    return apply(op, [x], 'float32', shape, { axes: reduced, keepDims: Number(keepDims) })
  }

export const reduceSum = reduction('reduceSum')
export const reduceMean = reduction('reduceMean')
export const reduceMax = reduction('reduceMax')

/** `0, 1, …, length − 1` as int64. */
export function range(length: Dim): ResultTensor {
  return apply('range', [], 'int64', [length], { length })
}

/** The value of a dimension, an int64 scalar. */
export function dimension(dim: Dim): ResultTensor {
  return apply('dimension', [], 'int64', [], { dim })
}

/**
 * Layer normalisation over the last axis (Ba et al. 2016) as one kernel; `scale` and `bias` are `[width]`. Returns the
 * output, and the mean and the reciprocal standard deviation, both `[..., 1]`. These two stay unfilled on some
 * execution providers: use it on the CPU alone.
 */
export function fusedLayerNorm(
  x: Tensor,
  { scale, bias }: { readonly scale: Tensor; readonly bias: Tensor },
  epsilon: number,
): readonly [output: ResultTensor, mean: ResultTensor, inverseDeviation: ResultTensor] {
  requireFloat('fusedLayerNorm', x, scale, bias)
  const output = apply('fusedLayerNorm', [x, scale, bias], 'float32', x.shape, { epsilon })
  const rowShape = [...x.shape.slice(0, -1), 1]
  return [output, furtherOutput(output, 1, rowShape), furtherOutput(output, 2, rowShape)]
}

/**
 * Root-mean-square normalisation over the last axis (Zhang and Sennrich 2019) as one kernel; `scale` is
 * `[width]`. Returns the output and the reciprocal root mean square `[..., 1]`. The second output stays
 * unfilled on some execution providers: use it on the CPU alone.
 */
export function fusedRmsNorm(
  x: Tensor,
  scale: Tensor,
  epsilon: number,
): readonly [output: ResultTensor, inverseRms: ResultTensor] {
  requireFloat('fusedRmsNorm', x, scale)
  const output = apply('fusedRmsNorm', [x, scale], 'float32', x.shape, { epsilon })
  return [output, furtherOutput(output, 1, [...x.shape.slice(0, -1), 1])]
}

/** A second or later float32 output of the operation that a result came from. */
function furtherOutput({ operation }: ResultTensor, index: number, shape: Shape): ResultTensor {
  return Object.freeze({ kind: 'result', operation, index, dtype: 'float32', shape: Object.freeze(shape) })
}
