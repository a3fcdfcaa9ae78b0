import type { Lowering } from './lower.ts'
import { onnxDataType } from './onnx-model.ts'
import { constant, integers } from './tensor.ts'
import type { Operation } from './tensor.ts'

/**
 * Writes `integerProduct`: the rows rounded to uint8 with a scale each, `MatMulIntegerToFloat` (ONNX Runtime's contrib
 * operators) with the matrix as int8, and the rows' scales multiplied in. Products of one x share its rounding: the
 * runtime finds the equal nodes.
 */
export function lowerIntegerProduct(
  operation: Operation,
  [x = '', values = '', scales = '']: readonly string[],
  to: Lowering,
): readonly string[] {
  const transB = operation.attributes['transB'] === 1
  const one = to.constant(constant(1))
  // The scales lie along what is summed over: they go into x before it is rounded.
  const rows = transB ? x : only(to.node('Mul', [x, scales]))
  const { rounded, rowScales, zeroPoint } = roundRows(rows, Number(operation.attributes['bits']), to)
  const matrix = signedMatrix(values, { transB, x }, to)
  const inputs = [rounded, matrix, one, transB ? scales : one, zeroPoint]
  const product = to.node('MatMulIntegerToFloat', inputs, { domain: 'com.microsoft' })
  return to.node('Mul', [...product, rowScales])
}

/** Rows as uint8: the largest value of each becomes the largest of that many bits, and 0 the one in their middle. */
function roundRows(x: string, bits: number, to: Lowering) {
  const zero = 2 ** (bits - 1)
  const axes = to.constant(integers([-1]))
  const keep = { attributes: { keepdims: { int: 1 } } }
  const high = to.node('ReduceMax', [x, axes], keep)
  const low = to.node('Neg', to.node('ReduceMin', [x, axes], keep))
  const extreme = to.node('Max', [...high, ...low, to.constant(constant(1e-30))])
  const rowScales = only(to.node('Mul', [...extreme, to.constant(constant(1 / (zero - 1)))]))
  const perRow = only(to.node('Reshape', [rowScales, to.constant(integers([-1]))]))
  const zeroPoint = only(byte(to.constant(constant(zero)), to))
  const zeros = byte(
    only(to.node('Expand', [to.constant(constant(zero)), only(to.node('Shape', [perRow]))])),
    to,
  )
  const rounded = only(to.node('QuantizeLinear', [x, perRow, ...zeros], { attributes: { axis: { int: 0 } } }))
  return { rounded, rowScales, zeroPoint }
}

/**
 * uint8 `q` as int8 `q − 128`, transposed where asked. The 128 is made from the size of a feed and is subtracted in one
 * pass and added, which is the same in 8 bits, in the other: the runtime would else keep the result, a copy of every
 * matrix, from the load on or from one pass to the other.
 */
function signedMatrix(
  values: string,
  { transB, x }: { readonly transB: boolean; readonly x: string },
  to: Lowering,
): string {
  const limit = to.constant(integers([128]))
  const size = to.node('Shape', [x], { attributes: { start: { int: 0 }, end: { int: 1 } } })
  const shift = byte(only(to.node('Max', [...to.node('Min', [...size, limit]), limit])), to)
  const turned = transB
    ? to.node('Transpose', [values], { attributes: { perm: { ints: [1, 0] } } })
    : [values]
  const shifted = to.node(transB ? 'Sub' : 'Add', [...turned, ...shift])
  return only(to.node('Cast', shifted, { attributes: { to: { int: onnxDataType.int8 } } }))
}

function byte(value: string, to: Lowering): readonly string[] {
  return to.node('Cast', [value], { attributes: { to: { int: onnxDataType.uint8 } } })
}

function only([name = '']: readonly string[]): string {
  return name
}
