export type Range = readonly [low: number, high: number]

/**
 * The range of a linear axis around values from `min` to `max`: a twentieth of room on both sides, and never below
 * `floor` where no value lies there. A series without values gets 0 to 1, so that its empty axes have sane marks.
 */
export function linearRange(min: number | null, max: number | null, floor: number | null = 0): Range {
  if (min === null || max === null || !Number.isFinite(min) || !Number.isFinite(max)) return [0, 1]
  const room = max > min ? (max - min) / 20 : Math.abs(max) / 10 || 1
  const low = min - room
  return [floor !== null && low < floor && min >= floor ? floor : low, max + room]
}

/**
 * The range of a logarithmic axis: down and up by a twentieth of the decades between. Values at or below zero have no
 * place on it, so it begins at `least`, the smallest value above zero.
 */
export function logRange(least: number | null, max: number | null): Range {
  if (least === null || max === null || !(least > 0) || !Number.isFinite(max) || max < least) return [0.1, 1]
  const room = Math.max(Math.log10(max / least) / 20, 0.02)
  return [10 ** (Math.log10(least) - room), 10 ** (Math.log10(max) + room)]
}

const decadeMarks = [[1], [1, 2, 5], [1, 2, 3, 4, 5, 6, 7, 8, 9]] as const

/** Round marks of a logarithmic axis: powers of ten, with 2 and 5 or all digits between them where those are few. */
export function logMarks(low: number, high: number): number[] {
  const powers: number[] = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.floor(Math.log10(high)); power += 1)
    powers.push(power)
  const marksOf = (digits: readonly number[]): number[] =>
    powers
      .flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`)))
      .filter((mark) => mark >= low && mark <= high)
  const choices = decadeMarks.map(marksOf)
  return choices.find((marks) => marks.length >= 3) ?? choices.at(-1) ?? []
}
