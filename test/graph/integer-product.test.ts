import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { multipliesBytesExactly } from '../../trainer/exact-bytes.ts'
import { integerProduct } from '../../trainer/graph/integer-product.ts'
import { cast } from '../../trainer/graph/ops.ts'
import { input } from '../../trainer/graph/tensor.ts'
import { floats, runGraph } from '../support/run-graph.ts'

const [out, into, rows] = [48, 128, 9]
const exactBytes = await multipliesBytesExactly()
/** What this processor multiplies exactly. */
const allBits = exactBytes ? ([7, 8] as const) : ([7] as const)

const draws = (count: number, key: string) => {
  const random = seededRandom('integer product test', key)
  return Float32Array.from({ length: count }, () => random() + random() + random() - 1.5)
}
const bytes = Float32Array.from(draws(out * into, 'bytes'), (value) => Math.round(255 * (value / 3 + 0.5)))
const scales = draws(out, 'scales').map((value) => 0.01 + Math.abs(value))

interface Product {
  readonly transB: boolean
  readonly bits: 7 | 8
}

async function run(x: Float32Array, { transB, bits }: Product, matrix = { bytes, scales }) {
  const width = transB ? into : out
  const product = integerProduct(
    input('x', 'float32', ['n', width]),
    {
      values: cast(input('values', 'float32', [out, into]), 'uint8'),
      scales: input('scales', 'float32', [out]),
    },
    { transB, bits },
  )
  const { data, shape } = await runGraph(product, {
    x: floats(x, [x.length / width, width]),
    values: floats(matrix.bytes, [out, into]),
    scales: floats(matrix.scales, [out]),
  })
  expect(shape).toEqual([x.length / width, transB ? out : into])
  return Float32Array.from(data)
}

/** The same in whole numbers, with the roundings of float32 where the graph has them. */
function expected(x: Float32Array, { transB, bits }: Product): Float32Array {
  const [width, columns] = transB ? [into, out] : [out, into]
  const largest = 2 ** (bits - 1) - 1
  const result = new Float32Array((x.length / width) * columns)
  for (let row = 0; row * width < x.length; row++) {
    const own = x
      .subarray(row * width, (row + 1) * width)
      .map((value, k) => (transB ? value : Math.fround(value * (scales[k] ?? 0))))
    const extreme = Math.max(1e-30, ...own.map(Math.abs))
    const scale = Math.fround(extreme * Math.fround(1 / largest))
    const rounded = own.map((value) => Math.round(value / scale))
    for (let column = 0; column < columns; column++) {
      let sum = 0
      for (let k = 0; k < width; k++) {
        const q = (transB ? bytes[column * into + k] : bytes[k * into + column]) ?? 0
        sum += (rounded[k] ?? 0) * (q - 128)
      }
      result[row * columns + column] = sum * scale * (transB ? (scales[column] ?? 0) : 1)
    }
  }
  return result
}

function distance(actual: Float32Array, wanted: Float32Array): number {
  let [error, square] = [0, 0]
  for (const [i, value] of wanted.entries()) {
    error += ((actual[i] ?? NaN) - value) ** 2
    square += value ** 2
  }
  return Math.sqrt(error / square)
}

describe.each(allBits)('rows of %i bits', (bits) => {
  test.each([true, false])('are multiplied as whole numbers (transB %s)', async (transB) => {
    const x = draws(rows * (transB ? into : out), 'x')
    expect(distance(await run(x, { transB, bits }), expected(x, { transB, bits }))).toBeLessThan(1e-6)
  })

  test('of the largest values are exact', async () => {
    const matrix = { bytes: new Float32Array(out * into).fill(255), scales: new Float32Array(out).fill(1) }
    for (const transB of [true, false]) {
      const width = transB ? into : out
      const product = await run(new Float32Array(rows * width).fill(1), { transB, bits }, matrix)
      for (const value of product) expect(value / (127 * width)).toBeCloseTo(1, 5)
    }
  })
})

describe.each([true, false])('a row (transB %s)', (transB) => {
  const width = transB ? into : out
  test('keeps its precision beside others of any size', async () => {
    const x = draws(3 * width, 'sizes')
    const sized = x.map((value, i) => value * ([1e6, 1, 1e-6][Math.floor(i / width)] ?? 0))
    const [one, other] = [await run(x, { transB, bits: 7 }), await run(sized, { transB, bits: 7 })]
    const columns = one.length / 3
    const back = other.map((value, i) => value / ([1e6, 1, 1e-6][Math.floor(i / columns)] ?? 0))
    expect(distance(back, one)).toBeLessThan(1e-3)
  })

  test('of zeros gives zeros, and what is no number shows', async () => {
    const x = draws(3 * width, 'broken').fill(0, 0, width)
    // A norm or a softmax spreads a NaN over its row.
    x.fill(NaN, width, 2 * width)
    x[2 * width + 5] = Infinity
    const product = await run(x, { transB, bits: 7 })
    const columns = product.length / 3
    expect([...product.subarray(0, columns)].every((value) => value === 0)).toBe(true)
    expect([...product.subarray(columns)].some(Number.isFinite)).toBe(false)
  })
})

test('shapes that do not go together are refused', () => {
  const x = input('x', 'float32', ['n', into])
  const values = cast(input('values', 'float32', [out, into]), 'uint8')
  const scale = input('scales', 'float32', [out])
  const product = (scales = scale, options: Product = { transB: true, bits: 7 }) =>
    integerProduct(x, { values, scales }, options)
  expect(() => product(scale, { transB: false, bits: 7 })).toThrow('cannot multiply')
  expect(() => product(input('scales', 'float32', [into]))).toThrow('with a scale a row')
})
