import type uPlot from 'uplot'
import type { ChartLine } from './chart-data.ts'
import { linearRange, logMarks, logRange } from './value-range.ts'

/** The theme's colours as the canvas needs them: resolved. */
export type Palette = (token: string) => string

export interface ChartOptions {
  readonly width: number
  readonly height: number
  readonly lines: readonly ChartLine[]
  readonly log: boolean
  /** The vertical axis begins at zero, whatever the values. */
  readonly fromZero: boolean
  /** Writes a value beside the vertical axis. */
  readonly format: (value: number) => string
  readonly formatStep: (step: number) => string
  /** Charts of one group show the same step under the pointer. */
  readonly group: string
  /** Called with the index under the pointer; null where there is none. */
  readonly onPoint: (index: number | null) => void
}

const axisFont = '11px system-ui, sans-serif'

/** The options of a plot over steps whose colours are asked of `palette` anew with every drawing. */
export function plotOptions(options: ChartOptions, palette: Palette): uPlot.Options {
  const { width, height, lines, log, format, formatStep } = options
  return {
    width,
    height,
    pxAlign: false,
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: {
      x: true,
      y: false,
      points: { size: 6 },
      drag: { x: false, y: false },
      sync: { key: options.group, setSeries: false },
    },
    scales: {
      x: { time: false, range: (_plot, min, max) => (max > min ? [min, max] : [min - 1, min + 1]) },
      y: {
        distr: log ? 3 : 1,
        range: (_plot, min, max) => [
          ...(log ? logRange(min, max) : linearRange(options.fromZero && min > 0 ? 0 : min, max)),
        ],
      },
    },
    series: [{}, ...lines.map((line) => seriesOf(line, palette))],
    bands: bandsOf(lines, palette),
    axes: [
      {
        ...axisLook(palette),
        size: 24,
        space: 64,
        values: (_plot, splits) => splits.map((step) => (Number.isInteger(step) ? formatStep(step) : '')),
        grid: { show: false },
      },
      {
        ...axisLook(palette),
        size: (_plot, values) => 16 + 6.5 * Math.max(2, ...(values ?? []).map((text) => text?.length ?? 0)),
        space: 28,
        ...(log ? { splits: (_plot, _axis, min, max) => logMarks(min, max) } : {}),
        values: (_plot, splits) =>
          splits.map((value: number | null) => (value === null ? '' : format(value))),
        grid: { stroke: () => palette('--chart-grid'), width: 1 },
      },
    ],
    hooks: { setCursor: [(plot) => options.onPoint(plot.cursor.idx ?? null)] },
  }
}

function axisLook(palette: Palette): uPlot.Axis {
  return {
    font: axisFont,
    gap: 6,
    stroke: () => palette('--text-3'),
    ticks: { show: false },
    border: { show: false },
  }
}

/** More dots than these would run together into a thick line. */
const mostDots = 80

function countValues(plot: uPlot, index: number): number {
  return Array.from(plot.data[index] ?? []).filter((value) => value != null).length
}

function showDots(plot: uPlot, index: number): boolean {
  return countValues(plot, index) <= mostDots
}

/** A line of one value has no length. */
function isSingle(plot: uPlot, index: number): boolean {
  return countValues(plot, index) === 1
}

function seriesOf({ label, colour, kind }: ChartLine, palette: Palette): uPlot.Series {
  const stroke = (): string => palette(colour)
  switch (kind) {
    case 'line':
      return { label, stroke, width: 1.75, points: { show: isSingle, size: 6, stroke, fill: stroke } }
    case 'faint':
      return { label, stroke: () => translucent(palette(colour)), width: 1.25, points: { show: false } }
    case 'dots':
      return {
        label,
        stroke,
        width: 1.25,
        spanGaps: true,
        points: { show: showDots, size: 6, stroke, fill: stroke },
      }
    case 'ring':
      return {
        label,
        stroke,
        width: 0,
        paths: () => null,
        points: { show: true, size: 13, width: 2, stroke, fill: () => 'transparent' },
      }
    case 'edge':
      return { label, width: 0, stroke: () => 'transparent', points: { show: false } }
  }
}

/** The area between each two edges that follow one another, the upper first. */
function bandsOf(lines: readonly ChartLine[], palette: Palette): uPlot.Band[] {
  const bands: uPlot.Band[] = []
  for (let index = 0; index + 1 < lines.length; index++) {
    const [upper, lower] = [lines[index], lines[index + 1]]
    if (upper?.kind !== 'edge' || lower?.kind !== 'edge') continue
    bands.push({ series: [index + 1, index + 2], fill: () => translucent(palette(upper.colour)) })
    index += 1
  }
  return bands
}

/** A hexadecimal colour with little opacity. */
function translucent(colour: string): string {
  return `${colour}4d`
}
