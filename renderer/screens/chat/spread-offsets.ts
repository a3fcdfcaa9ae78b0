/** Places spread evenly over a list of `total`: at most `count`, each another, in order. */
export function spreadOffsets(total: number, count: number): number[] {
  if (total <= count) return Array.from({ length: total }, (_, index) => index)
  return Array.from({ length: count }, (_, index) => Math.floor(((index + 0.5) * total) / count))
}
