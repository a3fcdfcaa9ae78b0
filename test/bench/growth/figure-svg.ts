import type { GrowthFigure, GrowthPoint } from './document.ts'

interface Scale {
  /** 0 to 1 along the axis. */
  place(value: number): number
  readonly ticks: readonly number[]
}

interface Panel {
  readonly title: string
  readonly x: 'log' | 'linear'
  readonly y: 'log' | 'linear'
  of(point: GrowthPoint): number | null
}

const panelWidth = 340
const height = 330
const inner = { left: 54, right: 14, top: 66, bottom: 78 } as const
const tall = height - inner.top - inner.bottom
const wide = panelWidth - inner.left - inner.right

const style = `
    svg { --ground: #ffffff; --text: #1f2328; --faint: #59636e; --grid: #d8dee4;
      --c1: #0a58ca; --c2: #b3470c; --c3: #1a7f37; }
    @media (prefers-color-scheme: dark) { svg { --ground: #0d1117; --text: #e6edf3; --faint: #9198a1; --grid: #30363d;
      --c1: #6cb0ff; --c2: #ffa657; --c3: #56d364; } }
    .ground { fill: var(--ground); } .grid { stroke: var(--grid); stroke-width: 1; }
    text { font: 11px system-ui, sans-serif; fill: var(--faint); }
    .title { font-size: 14px; font-weight: 600; } .title, .panel { fill: var(--text); }
    path { fill: none; stroke-width: 2; }
    .s1 path, .s1.key { stroke: var(--c1); } .s2 path, .s2.key { stroke: var(--c2); } .s3 path, .s3.key { stroke: var(--c3); }
    .s1 circle { fill: var(--c1); } .s2 circle { fill: var(--c2); } .s3 circle { fill: var(--c3); }
    .s2 path, .s2.key { stroke-dasharray: 6 3; } .s3 path, .s3.key { stroke-dasharray: 2 3; } .key { stroke-width: 2; }`

/** A figure as an SVG document of its own: the whole time, the time of one unit, and the peak memory. */
export function figureSvg(figure: GrowthFigure): string {
  const { title, axis, unit, series } = figure
  const panels: readonly Panel[] = [
    { title: 'processor time, ms', x: 'log', y: 'log', of: ({ processorMs }) => processorMs },
    {
      title: `µs of it a ${unit}`,
      x: 'log',
      y: 'linear',
      of: (point) => (1000 * point.processorMs) / point.units,
    },
    { title: 'peak memory, MiB', x: 'linear', y: 'linear', of: ({ peakMb }) => peakMb },
  ]
  const width = panels.length * panelWidth
  const legend = series.map(({ name }, i) => {
    const from = inner.left + i * 290
    return (
      `<line class="key s${i + 1}" x1="${from}" x2="${from + 24}" y1="${height - 16}" y2="${height - 16}"/>` +
      `<text x="${from + 30}" y="${height - 12}">${escaped(name)}</text>`
    )
  })
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(described(figure))}">`,
    `<style>${style}\n</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    `<text class="title" x="${inner.left}" y="24">${escaped(title)}</text>`,
    ...panels.map((panel, i) => panelSvg(panel, figure, i * panelWidth)),
    `<text x="${width / 2}" y="${height - 36}" text-anchor="middle">${escaped(axis)}</text>`,
    ...legend,
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

function panelSvg(panel: Panel, { series }: GrowthFigure, left: number): string {
  const shown = series.map(({ points }) =>
    points.flatMap((point) => {
      const y = panel.of(point)
      return y === null ? [] : [{ x: point.x, y }]
    }),
  )
  const all = shown.flat()
  if (all.length === 0) return ''
  const xs = scale(
    panel.x,
    all.map(({ x }) => x),
  )
  const ys = scale(
    panel.y,
    all.map(({ y }) => y),
  )
  const atX = (x: number) => round(inner.left + xs.place(x) * wide)
  const atY = (y: number) => round(inner.top + (1 - ys.place(y)) * tall)
  const bottom = inner.top + tall
  return [
    `<g transform="translate(${left} 0)"><text class="panel" x="${inner.left}" y="50">${escaped(panel.title)}</text>`,
    ...ys.ticks.map(
      (y) =>
        `<line class="grid" x1="${inner.left}" x2="${inner.left + wide}" y1="${atY(y)}" y2="${atY(y)}"/>` +
        `<text x="${inner.left - 6}" y="${atY(y) + 4}" text-anchor="end">${tickText(y)}</text>`,
    ),
    ...xs.ticks.map(
      (x) =>
        `<line class="grid" x1="${atX(x)}" x2="${atX(x)}" y1="${bottom}" y2="${bottom + 4}"/>` +
        `<text x="${atX(x)}" y="${bottom + 18}" text-anchor="middle">${tickText(x)}</text>`,
    ),
    ...shown.map((points, i) => {
      const path = points.map(({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${atX(x)} ${atY(y)}`).join('')
      const dots = points.map(({ x, y }) => `<circle cx="${atX(x)}" cy="${atY(y)}" r="3"/>`).join('')
      return `<g class="s${i + 1}"><path d="${path}"/>${dots}</g>`
    }),
    '</g>',
  ].join('\n')
}

/** Linear axes begin at zero; both end at a tick. */
function scale(kind: 'log' | 'linear', values: readonly number[]): Scale {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  if (kind === 'linear') {
    const power = 10 ** Math.floor(Math.log10(high / 4))
    const size = power * ([1, 2, 5, 10].find((factor) => high / (factor * power) <= 5) ?? 10)
    const count = Math.max(1, Math.ceil(high / size - 1e-9))
    const ticks = Array.from({ length: count + 1 }, (_, i) => Number((i * size).toPrecision(12)))
    return { place: (value) => value / (count * size), ticks }
  }
  const [from, to] = [Math.floor(Math.log10(low) + 1e-9), Math.ceil(Math.log10(high) - 1e-9)]
  const span = Math.max(1, to - from)
  const ticks = Array.from({ length: span + 1 }, (_, i) => 10 ** (from + i))
  return { place: (value) => (Math.log10(value) - from) / span, ticks }
}

function described({ title, series }: GrowthFigure): string {
  const courses = series.flatMap(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)]
    if (!first || !last) return []
    const ms = (point: GrowthPoint) =>
      `${Number(point.processorMs.toPrecision(2))} ms at ${tickText(point.x)}`
    return [`${name} from ${ms(first)} to ${ms(last)}`]
  })
  return `${title}: ${courses.join('; ')}.`
}

/** Short enough for an axis: 20k for 20,000. */
function tickText(value: number): string {
  if (value >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`
  return value >= 10_000 ? `${Number((value / 1000).toPrecision(3))}k` : String(Number(value.toPrecision(3)))
}

const round = (value: number): number => Math.round(value * 10) / 10
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
