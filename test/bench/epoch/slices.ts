import { seededRandom, shuffled } from '../../../trainer/data/random.ts'
import type { PlannedStep } from '../training/messages.ts'

/**
 * Cuts an epoch into slices that are alike, so that the time of one tells that of the epoch: the steps are sorted by
 * their tokens with padding and divided into strata, and each slice draws one step of every stratum, seeded, none
 * twice. Where `steps` is null, every step of the epoch is in some slice.
 *
 * @returns Of each slice the steps, by their places in `plan`.
 */
export function sliceEpoch(
  plan: readonly PlannedStep[],
  { slices, steps, seed }: { readonly slices: number; readonly steps: number | null; readonly seed: number },
): number[][] {
  const random = seededRandom(seed, 'slices')
  const sorted = [...plan.keys()].sort((a, b) => (plan[b]?.padded ?? 0) - (plan[a]?.padded ?? 0))
  const whole = Math.ceil(sorted.length / slices)
  const strata = Math.min(steps ?? whole, whole)
  const place = (stratum: number) =>
    strata === whole ? stratum * slices : Math.floor((stratum * sorted.length) / strata)
  const drawn = Array.from({ length: strata }, (_, stratum) =>
    shuffled(sorted.slice(place(stratum), place(stratum + 1)), random),
  )
  const cut = Array.from({ length: slices }, (_, slice) => drawn.flatMap((stratum) => stratum[slice] ?? []))
  // Short steps and long ones in a seeded order, as an epoch has them.
  return cut.map((steps) => shuffled(steps, random))
}
