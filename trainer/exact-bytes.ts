import { integerProduct } from './graph/integer-product.ts'
import { lower } from './graph/lower.ts'
import { encodeOnnxModel } from './graph/onnx-model.ts'
import { onnxOperators } from './graph/onnx-operators.ts'
import { cast } from './graph/ops.ts'
import { input } from './graph/tensor.ts'
import { openSession } from './session.ts'
import type { Value } from './session.ts'

/**
 * Whether ONNX Runtime multiplies bytes exactly on this processor. Without an instruction for it (VNNI on x86) it sums
 * two products in 16 bits, which are too few for the largest; tried here with a small matrix of these, in some
 * milliseconds.
 */
export async function multipliesBytesExactly(): Promise<boolean> {
  const [rows, out, into] = [8, 32, 64]
  const x = input('x', 'float32', ['rows', into])
  const values = cast(input('values', 'float32', [out, into]), 'uint8')
  const scales = input('scales', 'float32', [out])
  const product = integerProduct(x, { values, scales }, { transB: true, bits: 8 })
  const session = await openSession(encodeOnnxModel(lower({ product }, onnxOperators)), {
    weightsFolder: null,
    purpose: 'training',
    threads: 1,
    provider: 'cpu',
  })
  const filled = (value: number, shape: readonly number[]): Value => ({
    dtype: 'float32',
    data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value),
    shape,
  })
  try {
    const feeds = { x: filled(1, [rows, into]), values: filled(255, [out, into]), scales: filled(1, [out]) }
    const { product: result } = await session.run(feeds)
    const exact = 127 * into
    return result?.data.every((value) => Math.abs(Number(value) - exact) < 1e-4 * exact) ?? false
  } finally {
    await session.dispose()
  }
}
