import type { Random } from '../../trainer/data/random.ts'
import type { SettingInfo } from '../../trainer/protocol.ts'
import type { SearchDimension, SearchRange } from '../contract/searches.ts'
import { invalid } from './searchable.ts'

/** A checked dimension of a search: what a grid takes of it, and how a value is drawn. */
export interface Axis {
  readonly name: string
  /** What a grid takes, each value once. */
  readonly points: readonly unknown[]
  /** All that a draw can give; null where they are too many to count. */
  readonly every: readonly unknown[] | null
  draw(random: Random): unknown
}

const usualPoints = 3
/** Digits of a drawn number: as many as a person would write, and as a difference that matters has. */
const digits = 3
const mostCounted = 1_000

/**
 * Makes an axis of a dimension. Whether its values go with the setting's check is for the trials' settings to tell.
 *
 * @throws AppError `search_invalid` where there is nothing in it to choose from.
 */
export function axisOf(dimension: SearchDimension, setting: SettingInfo): Axis {
  if ('values' in dimension) return listAxis(dimension.values, setting)
  const { kind } = setting.input
  if (kind !== 'integer' && kind !== 'number')
    throw invalid(setting, 'only numbers have a range. Name the values to try, with commas between them.')
  const { from, to, scale } = dimension
  if (!(from < to)) throw invalid(setting, `the range ${from} to ${to} must rise. Swap its bounds.`)
  if (scale === 'log' && from <= 0)
    throw invalid(
      setting,
      `a logarithmic range begins above 0, not at ${from}. Raise it, or use a linear scale.`,
    )
  return rangeAxis(dimension, setting, kind === 'integer')
}

function listAxis(values: readonly unknown[], setting: SettingInfo): Axis {
  const points = distinct(values)
  if (points.length === 0) throw invalid(setting, 'there is no value to try. Name at least one.')
  return {
    name: setting.name,
    points,
    every: points,
    draw: (random) => points[Math.floor(random() * points.length)],
  }
}

function rangeAxis(range: SearchRange, setting: SettingInfo, whole: boolean): Axis {
  const { from, to, points: count = usualPoints } = range
  if (whole && Math.ceil(from) > Math.floor(to))
    throw invalid(setting, `no whole number lies between ${from} and ${to}. Widen the range.`)
  const rounded = (value: number): number =>
    whole
      ? clamp(Math.round(value), Math.ceil(from), Math.floor(to))
      : clamp(Number(value.toPrecision(digits)), from, to)
  const shares = count === 1 ? [0.5] : Array.from({ length: count }, (_, i) => i / (count - 1))
  return {
    name: setting.name,
    points: distinct(shares.map((share) => rounded(at(range, share)))),
    every: whole ? wholeNumbers(Math.ceil(from), Math.floor(to)) : null,
    draw: (random) =>
      // Whole numbers at the ends of a linear scale are as likely as the others.
      whole && range.scale === 'linear'
        ? clamp(Math.floor(from + random() * (to - from + 1)), Math.ceil(from), Math.floor(to))
        : rounded(at(range, random())),
  }
}

/** The number at a share of a range, 0 to 1. */
function at({ from, to, scale }: SearchRange, share: number): number {
  return scale === 'log' ? Math.exp(Math.log(from) + share * Math.log(to / from)) : from + share * (to - from)
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}

function wholeNumbers(from: number, to: number): readonly number[] | null {
  return to - from < mostCounted ? Array.from({ length: to - from + 1 }, (_, i) => from + i) : null
}

function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()]
}
