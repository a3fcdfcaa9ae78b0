import { seededRandom, shuffled } from './random.ts'

/** The items of one dataset by their indices, and how many times an epoch goes through them. */
export interface MixtureGroup {
  readonly items: readonly number[]
  readonly weight: number
}

/** How many items an epoch draws. */
export function epochSize(groups: readonly MixtureGroup[]): number {
  return groups.reduce((sum, group) => sum + drawn(group), 0)
}

/**
 * The items that an epoch draws from each dataset: of a weight of 1 all of them in their order; otherwise the next ones
 * of a row of shuffled passes, so that over the epochs each item is drawn as often as any other of its dataset. A
 * function of its arguments alone.
 */
export function epochItems(
  groups: readonly MixtureGroup[],
  { seed, epoch }: { readonly seed: number; readonly epoch: number },
): readonly number[] {
  return groups.flatMap((group, place) => {
    const { items, weight } = group
    if (weight === 1 || items.length === 0) return items
    const count = drawn(group)
    const chosen: number[] = []
    let pass = -1
    let order: readonly number[] = []
    for (let position = epoch * count; position < (epoch + 1) * count; position++) {
      const needed = Math.floor(position / items.length)
      if (needed !== pass) {
        pass = needed
        order = shuffled(items, seededRandom(seed, 'mixture', place, pass))
      }
      chosen.push(order[position % items.length] ?? 0)
    }
    return chosen
  })
}

/** At least one of a dataset that has any. */
function drawn({ items, weight }: MixtureGroup): number {
  return items.length === 0 ? 0 : Math.max(1, Math.round(items.length * weight))
}
