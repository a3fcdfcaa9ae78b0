import type { StepPoint } from '../contract/runs.ts'

/**
 * Thins a run's points to at most `maxPoints`, in order, so that a chart of them looks as a chart of all: the first
 * and the last stay, and of each of equally many stretches the points with the least and the greatest loss and the
 * greatest gradient norm.
 */
export function thinPoints(points: readonly StepPoint[], maxPoints: number): readonly StepPoint[] {
  if (points.length <= maxPoints) return points
  const stretches = Math.floor((maxPoints - 2) / 3)
  const last = points.length - 1
  const chosen = new Set([0, last])
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = 1 + Math.floor((stretch * (last - 1)) / stretches)
    const to = 1 + Math.floor(((stretch + 1) * (last - 1)) / stretches)
    for (const index of extremesOf(points, from, to)) chosen.add(index)
  }
  return [...chosen].sort((a, b) => a - b).flatMap((index) => points[index] ?? [])
}

function extremesOf(points: readonly StepPoint[], from: number, to: number): readonly number[] {
  let [least, greatest, steepest] = [from, from, from]
  for (let index = from; index < to; index++) {
    const point = points[index]
    if (!point) continue
    if (point.loss < (points[least]?.loss ?? Infinity)) least = index
    if (point.loss > (points[greatest]?.loss ?? -Infinity)) greatest = index
    if (point.gradNorm > (points[steepest]?.gradNorm ?? -Infinity)) steepest = index
  }
  return [least, greatest, steepest]
}
