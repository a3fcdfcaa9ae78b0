import { seededRandom } from '../data/random.ts'

const standardDeviation = 0.02

/**
 * A parameter that a folder lacks since it is made for a task, as Hugging Face starts it: weights from N(0, 0.02²),
 * biases zero. A function of its name and shape, so that the base model answers alike in every process.
 */
export function freshParameter(
  name: string,
  shape: readonly number[],
): { readonly shape: readonly number[]; readonly data: Float32Array } {
  const data = new Float32Array(shape.reduce((size, dim) => size * dim, 1))
  if (!name.endsWith('.bias')) {
    const random = seededRandom('fresh', name)
    for (let i = 0; i < data.length; i++)
      data[i] = standardDeviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  }
  return { shape, data }
}
