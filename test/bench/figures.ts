import type { BenchCase, Opening, Turn } from './side.ts'
import { median, summarize } from './statistics.ts'
import type { Summary } from './statistics.ts'

/** One side's figures. */
export interface SideFigures extends Opening {
  /** Of the counted steps, wall-clock. */
  readonly milliseconds: Summary
  /** The same in processor time, all threads together; what counts on a machine with other work. */
  readonly processorMilliseconds?: Summary
  /** At the median time. */
  readonly perSecond: Readonly<Record<string, number>>
  /** The most resident memory of the process, loading included. */
  readonly peakRssMb: number
  readonly lastLoss?: number
}

/** One side of this project against one reference; above 1 where this project is the faster or the smaller one. */
export interface Ratio {
  readonly side: string
  readonly against: string
  /** The reference's median time over this side's, round by round, and their median. */
  readonly perRound: readonly number[]
  readonly time: number
  /** The same of processor time. */
  readonly processor?: number
  readonly memory: number
  /** Of the time from the start of the process to the first finished step. */
  readonly start: number
}

/** What a side has done so far. */
export interface SideRecord {
  readonly opening: Opening
  readonly turns: readonly Turn[]
  readonly peakRssMb: number
}

/** @throws RangeError for a side without a counted step. */
export function figuresOf({ opening, turns, peakRssMb }: SideRecord): SideFigures {
  const milliseconds = summarize(turns.flatMap((turn) => turn.milliseconds))
  const processor = turns.flatMap((turn) => turn.processor ?? [])
  const lastLoss = turns.at(-1)?.loss?.at(-1)
  const names = Object.keys(turns[0]?.done ?? {})
  const perSecond = (name: string) => doneEach(turns, name) / (milliseconds.median / 1000)
  return {
    ...opening,
    milliseconds,
    ...(processor.length > 0 ? { processorMilliseconds: summarize(processor) } : {}),
    perSecond: Object.fromEntries(names.map((name) => [name, perSecond(name)])),
    peakRssMb,
    ...(lastLoss === undefined ? {} : { lastLoss }),
  }
}

/** Compares two sides; by the time of a step, or of one of `comparedBy`. */
export function ratioOf(
  [side, ours]: readonly [string, SideRecord],
  [against, theirs]: readonly [string, SideRecord],
  comparedBy: BenchCase['comparedBy'],
): Ratio {
  const timeOf = (turn: Turn, times: readonly number[]) =>
    median(times) / (comparedBy === undefined ? 1 : doneEach([turn], comparedBy))
  const ratiosBy = (times: (turn: Turn) => readonly number[]) =>
    ours.turns.flatMap((mine, round) => {
      const other = theirs.turns[round]
      if (!other || times(mine).length === 0 || times(other).length === 0) return []
      return [timeOf(other, times(other)) / timeOf(mine, times(mine))]
    })
  const perRound = ratiosBy((turn) => turn.milliseconds)
  const processor = ratiosBy((turn) => turn.processor ?? [])
  return {
    side,
    against,
    perRound,
    time: median(perRound),
    ...(processor.length > 0 ? { processor: median(processor) } : {}),
    memory: theirs.peakRssMb / ours.peakRssMb,
    start: theirs.opening.startSeconds / ours.opening.startSeconds,
  }
}

/** How many of something one step did on the mean. */
function doneEach(turns: readonly Turn[], name: string): number {
  const done = turns.reduce((sum, turn) => sum + (turn.done[name] ?? 0), 0)
  return done / turns.reduce((sum, { milliseconds }) => sum + milliseconds.length, 0)
}
