import { expect } from 'vitest'
import { differentiate } from '../../trainer/autodiff/differentiate.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { mul, reduceSum } from '../../trainer/graph/ops.ts'
import { factors } from '../../trainer/graph/shape.ts'
import type { Dim, Shape } from '../../trainer/graph/shape.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import type { Value } from '../../trainer/session.ts'
import { floats, openGraph } from './run-graph.ts'

export interface GradientCase {
  /** The shapes of the leaves; each is differentiated by. */
  readonly leaves: Readonly<Record<string, Shape>>
  /** What the symbols in the shapes stand for. */
  readonly sizes?: Readonly<Record<string, number>>
  /** Maps a number between -1 and 1 into the operator's domain, away from its kinks. */
  readonly domain?: (value: number, leaf: string, index: number) => number
  /** Other feeds, and inputs that are not differentiated by. */
  readonly feeds?: Readonly<Record<string, Value>>
  readonly build: (leaf: (name: string) => Tensor) => Tensor
}

const directions = 4
const step = 0.02

/**
 * Compares the gradient of `sum(output · w)`, w random, with central differences of fourth order along random
 * directions in each leaf; the sum is formed in float64. The tolerance is a fraction of the length of the gradient.
 */
export async function checkGradients(gradientCase: GradientCase, tolerance = 2e-4): Promise<void> {
  const { leaves, sizes = {}, domain = (value: number) => value, feeds = {}, build } = gradientCase
  const random = seededRandom(7, 'finite differences')
  const between = () => 2 * random() - 1
  const inputs = new Map(Object.entries(leaves).map(([name, shape]) => [name, input(name, 'float32', shape)]))
  const output = build((name) => {
    const leaf = inputs.get(name)
    if (!leaf) throw new Error(`The case has no leaf ${name}.`)
    return leaf
  })
  const weights = input('outputWeights', 'float32', output.shape)
  const product = mul(output, weights)
  const axes = output.shape.map((_, axis) => axis)
  const loss = axes.length === 0 ? product : reduceSum(product, axes, false)
  const gradients = differentiate(loss, [...inputs.values()])

  const sized = (shape: Shape) => shape.map((dim) => sizeOf(dim, sizes))
  const draw = (shape: Shape, map: (value: number, index: number) => number) =>
    Array.from({ length: count(sized(shape)) }, (_, index) => map(between(), index))
  const outputWeights = draw(output.shape, (value) => value)
  const fed: Record<string, Value> = { ...feeds, outputWeights: floats(outputWeights, sized(output.shape)) }
  for (const [name, shape] of Object.entries(leaves))
    fed[name] = floats(
      draw(shape, (value, index) => domain(value, name, index)),
      sized(shape),
    )

  const forward = await openGraph({ 'output of the case': output })
  const backward = await openGraph(
    Object.fromEntries([
      ...[...inputs.keys()].map((name, i) => [gradientOf(name), gradients[i] ?? loss] as const),
      // A gradient may need a leaf's sizes and not its values; so every leaf is an input.
      ...[...inputs].map(([name, leaf]) => [`same.${name}`, leaf] as const),
    ]),
  )
  try {
    const lossAt = async (name: string, values: Float32Array): Promise<number> => {
      const value: Value = floats(values, fed[name]?.shape ?? [])
      const { 'output of the case': result } = await forward.run({ ...fed, [name]: value })
      return [...(result?.data ?? [])].reduce<number>(
        (sum, value, i) => sum + Number(value) * Math.fround(outputWeights[i] ?? 0),
        0,
      )
    }
    const computed = await backward.run(fed)
    for (const name of inputs.keys()) {
      const at = fed[name]?.data as Float32Array
      const gradient = computed[gradientOf(name)]?.data as Float32Array
      expect(computed[gradientOf(name)]?.shape, `the gradient by ${name}`).toEqual(fed[name]?.shape)
      const length = Math.hypot(...gradient)
      expect(length, `the gradient by ${name}`).toBeGreaterThan(0)
      for (let i = 0; i < directions; i++) {
        // One of them along the gradient, where it is most easily told from another.
        const direction = Array.from(gradient, (value) => (i === 0 ? value : between()))
        const norm = Math.hypot(...direction)
        const moved = async (steps: number) =>
          lossAt(
            name,
            at.map((value, j) => value + (steps * step * (direction[j] ?? 0)) / norm),
          )
        const near = (await moved(1)) - (await moved(-1))
        const far = (await moved(2)) - (await moved(-2))
        const difference = (8 * near - far) / (12 * step)
        const slope = gradient.reduce((sum, value, j) => sum + (value * (direction[j] ?? 0)) / norm, 0)
        expect(Math.abs(difference - slope) / length, `the gradient by ${name}`).toBeLessThan(tolerance)
      }
    }
  } finally {
    await forward.dispose()
    await backward.dispose()
  }
}

function sizeOf(dim: Dim, sizes: Readonly<Record<string, number>>): number {
  if (typeof dim === 'number') return dim
  const known = sizes[dim]
  if (known !== undefined) return known
  const terms = dim.split('+')
  const sized = (part: string) => sizeOf(/^\d+$/.test(part) ? Number(part) : part, sizes)
  if (terms.length > 1) return terms.reduce((sum, term) => sum + sized(term), 0)
  const parts = factors(dim)
  if (parts.length === 1) throw new Error(`The case gives no size for ${dim}.`)
  return parts.reduce<number>((product, part) => product * sizeOf(part, sizes), 1)
}

const gradientOf = (name: string): string => `gradient.${name}`
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)
