import type { Example } from './example.ts'
import { seededRandom, shuffled } from './random.ts'

export interface SplitOptions {
  /** Share of the examples that validation should get, 0 to 1. */
  readonly validationFraction: number
  readonly seed: number
}

export interface Split {
  readonly train: readonly Example[]
  readonly validation: readonly Example[]
  /** What was kept together: groups (articles), contexts (paragraphs), or nothing was held out. */
  readonly level: 'group' | 'context' | 'none'
}

/**
 * Holds out whole groups for validation, so that no article stands on both sides; where there is a single
 * group, whole contexts. Which ones is a function of the seed; their sizes come as near to the fraction as the
 * groups allow. Neither side is empty unless the fraction is 0 or there is a single context, which is never
 * split (`level` is then `none`). The order of the examples is kept.
 */
export function splitByGroup(
  examples: readonly Example[],
  { validationFraction, seed }: SplitOptions,
): Split {
  const none: Split = { train: examples, validation: [], level: 'none' }
  if (validationFraction <= 0 || examples.length < 2) return none
  const byGroup = countBy(examples, (example) => example.group)
  const level = byGroup.size > 1 ? 'group' : 'context'
  // Tasks without an input are kept together by their instruction instead.
  const contextOf = ({ context, question }: Example) => (context === '' ? question : context)
  const keyOf = (example: Example) => (level === 'group' ? example.group : contextOf(example))
  const sizes = level === 'group' ? byGroup : countBy(examples, keyOf)
  if (sizes.size < 2) return none

  const keys = [...sizes.keys()]
  const target = Math.max(1, Math.round(examples.length * validationFraction))
  const chosen = holdOut([...sizes.values()], target, seed)
  const heldOut = new Set([...chosen].map((i) => keys[i]))
  return {
    train: examples.filter((example) => !heldOut.has(keyOf(example))),
    validation: examples.filter((example) => heldOut.has(keyOf(example))),
    level,
  }
}

/**
 * Which of some units to hold out so that their sizes sum up as near as they can to the target: as a function of the
 * seed, never all of them, and at least one.
 *
 * @param sizes of the units, in an order of their own, whole numbers of at least 1
 * @returns their indices
 */
export function holdOut(sizes: readonly number[], target: number, seed: number): ReadonlySet<number> {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const order = shuffled([...sizes.keys()], seededRandom(seed, 'split'))
  const shuffledSizes = order.map((i) => sizes[i] ?? 0)
  const wanted = Math.max(1, Math.min(target, total - 1))
  const chosen =
    sizes.length * wanted > mostSums
      ? firstThatFit(shuffledSizes, wanted)
      : nearestSubset(shuffledSizes, wanted)
  return new Set([...chosen].map((i) => order[i] ?? 0))
}

// Above so many sums to look at the units are many, and the first that fit come near enough.
const mostSums = 50_000_000

/** Indices of the first sizes that fit below the target, in their order. */
function firstThatFit(sizes: readonly number[], target: number): Set<number> {
  const chosen = new Set<number>()
  let sum = 0
  for (const [i, size] of sizes.entries()) {
    if (sum + size > target) continue
    sum += size
    chosen.add(i)
    if (sum === target) break
  }
  return chosen.size > 0 ? chosen : new Set([0])
}

function countBy(examples: readonly Example[], keyOf: (example: Example) => string): Map<string, number> {
  const counts = new Map<string, number>()
  for (const example of examples) counts.set(keyOf(example), (counts.get(keyOf(example)) ?? 0) + 1)
  return counts
}

/**
 * Indices whose sizes sum up nearest to the target, neither none nor all of them: subset sum, by the first
 * item that reached each sum, ended as soon as the target itself is reached.
 */
function nearestSubset(sizes: readonly number[], target: number): Set<number> {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const smallest = sizes.reduce((least, size) => Math.min(least, size), total)
  const limit = Math.min(total - 1, Math.max(2 * target, smallest))
  const reachedBy = new Int32Array(limit + 1).fill(-1)
  for (const [i, size] of sizes.entries()) {
    for (let sum = limit; sum > size; sum--)
      if (reachedBy[sum] === -1 && reachedBy[sum - size] !== -1) reachedBy[sum] = i
    if (size <= limit && reachedBy[size] === -1) reachedBy[size] = i
    if (reachedBy[target] !== -1) break
  }
  let best = 0
  for (let sum = 1; sum <= limit; sum++) {
    if (reachedBy[sum] === -1) continue
    if (best === 0 || Math.abs(sum - target) < Math.abs(best - target)) best = sum
  }
  const chosen = new Set<number>()
  for (let sum = best; sum > 0;) {
    const item = reachedBy[sum] ?? -1
    chosen.add(item)
    sum -= sizes[item] ?? sum
  }
  return chosen
}
