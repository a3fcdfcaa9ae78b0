import { html } from './html.ts'
import type { Html } from './html.ts'
import { tickText, tickTexts, wholeNumber } from './numbers.ts'

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Series {
  readonly name: string
  readonly points: readonly Point[]
  /** `faint` stands behind the others; `dots` marks every point. */
  readonly look: 'line' | 'faint' | 'dots'
  /** Which of the chart colours, from 1. */
  readonly colour: 1 | 2 | 3
}

export interface ChartOptions {
  readonly title: string
  /** What the vertical axis counts, in a word or two beside the title. */
  readonly unit: string
  readonly series: readonly Series[]
  /** The last step of the horizontal axis, so that charts beside each other can be compared. */
  readonly until: number
  /** A point that deserves a mark, such as the best checkpoint. */
  readonly mark?: { readonly x: number; readonly y: number; readonly name: string } | null
  /** Whether the vertical axis begins at zero. */
  readonly fromZero?: boolean
}

const width = 520
const height = 240
const inner = { left: 52, right: 12, top: 12, bottom: 34 } as const
const mostPoints = 400

/** A line chart over steps as inline SVG, with axes, grid and a legend in words. */
export function lineChart({ title, unit, series, until, mark = null, fromZero = false }: ChartOptions): Html {
  const shown = series.filter(({ points }) => points.length > 0)
  const all = shown.flatMap(({ points }) => points).filter(isFinitePoint)
  if (all.length === 0) return html``
  const xs: readonly [number, number] = [0, Math.max(until, extent(all.map(({ x }) => x))[1])]
  const ys = extent([...all.map(({ y }) => y), ...(fromZero ? [0] : [])])
  const [xTicks, yTicks] = [ticks(xs, 6, 1), ticks(ys, 5)]
  const yTexts = tickTexts(yTicks)
  // The vertical axis ends at ticks, so that no line touches the frame without a value beside it.
  const top = Math.max(ys[1], yTicks.at(-1) ?? ys[1])
  const bottom = Math.min(ys[0], yTicks[0] ?? ys[0])
  const place = {
    x: (x: number) => inner.left + ((x - xs[0]) / (xs[1] - xs[0] || 1)) * (width - inner.left - inner.right),
    y: (y: number) =>
      height - inner.bottom - ((y - bottom) / (top - bottom || 1)) * (height - inner.top - inner.bottom),
  }
  return html`<figure class="chart">
    <figcaption>
      <h3>${title} <small>${unit}</small></h3>
      <ul class="legend">
        ${(shown.length > 1 ? shown : []).map(
          ({ name, look, colour }) =>
            html`<li><span class="key ${look} c${colour}" aria-hidden="true"></span>${name}</li>`,
        )}
      </ul>
    </figcaption>
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${describe(title, shown)}">
      <g class="grid">
        ${yTicks.map(
          (y) =>
            html`<line
              x1="${inner.left}"
              x2="${width - inner.right}"
              y1="${round(place.y(y))}"
              y2="${round(place.y(y))}"
            />`,
        )}
      </g>
      <g class="ticks">
        ${yTicks.map(
          (y, i) =>
            html`<text x="${inner.left - 8}" y="${round(place.y(y) + 4)}" text-anchor="end"
              >${yTexts[i] ?? ''}</text
            >`,
        )}
        ${xTicks.map(
          (x) =>
            html`<text x="${round(place.x(x))}" y="${height - inner.bottom + 18}" text-anchor="middle"
              >${wholeNumber(x)}</text
            >`,
        )}
        <text x="${width - inner.right}" y="${height - 2}" text-anchor="end">step</text>
      </g>
      ${shown.map((one) => drawn(one, place))}
      ${mark && html`<circle class="mark" cx="${round(place.x(mark.x))}" cy="${round(place.y(mark.y))}" r="6"><title>${mark.name}</title></circle>`}
    </svg>
  </figure>`
}

interface Placing {
  x(x: number): number
  y(y: number): number
}

function drawn({ points, look, colour }: Series, place: Placing): Html {
  const finite = thinned(points.filter(isFinitePoint))
  const path = finite.map(({ x, y }, i) => `${i === 0 ? 'M' : 'L'}${round(place.x(x))} ${round(place.y(y))}`)
  const dots = finite.map(
    ({ x, y }) => html`<circle cx="${round(place.x(x))}" cy="${round(place.y(y))}" r="3" />`,
  )
  return html`<g class="series ${look} c${colour}"
    ><path d="${path.join('')}" />${look === 'dots' ? dots : null}</g
  >`
}

/** The means of neighbouring points, so that a long run stays a small file. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points
  const size = points.length / mostPoints
  return Array.from({ length: mostPoints }, (_, i) => {
    const bucket = points.slice(Math.floor(i * size), Math.floor((i + 1) * size))
    const mean = (of: (point: Point) => number) => bucket.reduce((sum, p) => sum + of(p), 0) / bucket.length
    return { x: mean(({ x }) => x), y: mean(({ y }) => y) }
  })
}

/**
 * The exponential moving average of a series, corrected for its start as Adam's moments are (Kingma and Ba 2015).
 */
export function smoothed(points: readonly Point[], weight = 0.9): readonly Point[] {
  let average = 0
  return points.filter(isFinitePoint).map(({ x, y }, i) => {
    average = weight * average + (1 - weight) * y
    return { x, y: average / (1 - weight ** (i + 1)) }
  })
}

/** Round values that divide a range into about `count` parts, within the range or just around it. */
function ticks([low, high]: readonly [number, number], count: number, least = 0): readonly number[] {
  const span = high - low || Math.abs(high) || 1
  const power = 10 ** Math.floor(Math.log10(span / count))
  const step = Math.max(
    least,
    [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= count) ?? 10 * power,
  )
  const found: number[] = []
  // Across: ticks within the range. Up: the range is widened to whole ticks.
  const first = least > 0 ? Math.ceil(low / step) : Math.floor(low / step + 1e-9)
  const last = least > 0 ? Math.floor(high / step) : Math.ceil(high / step - 1e-9)
  for (let i = first; i <= last; i++) found.push(Number((i * step).toPrecision(12)))
  return found
}

function extent(values: readonly number[]): readonly [number, number] {
  return values.reduce<readonly [number, number]>(
    ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
    [Infinity, -Infinity],
  )
}

function describe(title: string, series: readonly Series[]): string {
  const courses = series
    .filter(({ look }) => look !== 'faint')
    .map(({ name, points }) => {
      const [first, last] = [points[0], points.at(-1)]
      return `${name} from ${tickText(first?.y ?? 0)} at step ${first?.x ?? 0} to ${tickText(last?.y ?? 0)} at step ${last?.x ?? 0}`
    })
  return `${title}: ${courses.join('; ')}.`
}

const isFinitePoint = ({ x, y }: Point): boolean => Number.isFinite(x) && Number.isFinite(y)
const round = (value: number): number => Math.round(value * 100) / 100
