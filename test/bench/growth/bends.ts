import type { GrowthSeries } from './document.ts'

/** A point at which a line bends up. */
export interface Bend {
  readonly measure: 'time' | 'memory'
  readonly x: number
  /** How many times as high the point is as the straight line through the points before it. */
  readonly times: number
}

/** Less is noise. */
const leastTimes = 1.15

/**
 * Where a series grows faster than a straight line: points that lie more than 15 % above the line through the first
 * point and the one before them.
 */
export function bendsOf({ points }: Pick<GrowthSeries, 'points'>): readonly Bend[] {
  const measures = [
    { measure: 'time', of: ({ processorMs }: GrowthSeries['points'][number]) => processorMs },
    { measure: 'memory', of: ({ peakMb }: GrowthSeries['points'][number]) => peakMb },
  ] as const
  return measures.flatMap(({ measure, of }) => {
    const known = points.flatMap((point) => {
      const y = of(point)
      return y === null ? [] : [{ x: point.x, y }]
    })
    const [first] = known
    return known.flatMap(({ x, y }, i): readonly Bend[] => {
      const before = known[i - 1]
      if (!first || !before || before === first) return []
      const slope = (before.y - first.y) / (before.x - first.x)
      const times = y / (before.y + Math.max(0, slope) * (x - before.x))
      return times > leastTimes ? [{ measure, x, times }] : []
    })
  })
}
