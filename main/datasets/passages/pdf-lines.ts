/** A run of text as pdfjs gives it: where it stands is in `transform`, in the units of the page. */
export interface PdfItem {
  readonly str: string
  readonly transform: readonly number[]
  readonly width: number
  readonly fontName: string
}

/** A line of a page, or of one of its columns. Distances are points, from the page's upper left corner. */
export interface PdfLine {
  readonly page: number
  readonly text: string
  readonly left: number
  readonly right: number
  /** Of the baseline. */
  readonly y: number
  /** Of the type. */
  readonly size: number
  readonly font: string
  /** Where the lines of its column begin and end. */
  readonly column: { readonly left: number; readonly right: number }
}

type Run = Omit<PdfLine, 'page' | 'column'>

// pdfjs gives each glyph its own item at worst; a page of a book has 3,000 glyphs.
const mostItems = 200_000

/** The lines of a page in the order in which they are read: of columns, one after the other. */
export function pdfLines(items: readonly PdfItem[], page: number, viewport: readonly number[]): PdfLine[] {
  const runs = runsOf(items.slice(0, mostItems), viewport)
  return readingOrder(runs, 0).flatMap((column) => {
    const lines = linesOf(column)
    const left = percentile(lines.map((line) => line.left).sort(ascending), 0.1)
    const right = percentile(lines.map((line) => line.right).sort(ascending), 0.9)
    return lines.map((line) => ({ ...line, page, column: { left, right } }))
  })
}

const ascending = (a: number, b: number) => a - b

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.floor((sorted.length - 1) * share)] ?? 0
}

/** Items of upright text, joined where they touch on one baseline. */
function runsOf(
  items: readonly PdfItem[],
  [a = 1, b = 0, c = 0, d = -1, e = 0, f = 0]: readonly number[],
): Run[] {
  const runs: Run[] = []
  for (const { str, transform, width, fontName } of items) {
    const [ta = 0, tb = 0, tc = 0, td = 0, tx = 0, ty = 0] = transform
    const text = str.replaceAll(/[\s\0]+/g, ' ')
    if (text.trim() === '') continue
    const across = a * ta + c * tb
    const down = b * ta + d * tb
    // Stamps along the margin, watermarks and labels of axes.
    if (across <= 0 || Math.abs(down) > across * 0.2) continue
    const size = Math.hypot(tc, td)
    const left = a * tx + c * ty + e
    const y = b * tx + d * ty + f
    const run = { text, left, right: left + width, y, size, font: fontName }
    if (![left, width, y, size].every(Number.isFinite) || size < 1) continue
    const before = runs.at(-1)
    const isNext = before && Math.abs(before.y - y) < 0.2 * size && Math.abs(before.size - size) < 0.5
    if (isNext && left - before.right < size && left - before.right > -0.5 * size)
      runs[runs.length - 1] = joinRuns(before, run)
    else runs.push(run)
  }
  return runs
}

function joinRuns(one: Run, next: Run): Run {
  const gap = next.left - one.right
  const isApart =
    gap > 0.13 * Math.max(one.size, next.size) && !one.text.endsWith(' ') && !next.text.startsWith(' ')
  const heavier = next.text.length > one.text.length ? next : one
  return {
    text: one.text + (isApart ? ' ' : '') + next.text,
    left: Math.min(one.left, next.left),
    right: Math.max(one.right, next.right),
    y: heavier.y,
    size: heavier.size,
    font: heavier.font,
  }
}

/** Runs on one baseline as lines, from top to bottom. */
function linesOf(runs: readonly Run[]): Run[] {
  const lines: Run[][] = []
  for (const run of runs.toSorted((one, other) => one.y - other.y || one.left - other.left)) {
    const open = lines.at(-1)
    const base = open?.[0]
    if (open && base && run.y - base.y < 0.4 * Math.max(run.size, base.size)) open.push(run)
    else lines.push([run])
  }
  return lines.map((line) => {
    const sorted = line.toSorted((one, other) => one.left - other.left)
    const whole = sorted.reduce(joinRuns)
    return { ...whole, text: whole.text.replaceAll(/ {2,}/g, ' ').trim() }
  })
}

const mostColumns = 3

/**
 * Groups of runs in the order in which they are read. Where a gutter runs through a stretch of the page, what is
 * left of it comes before what is right; lines across it part such stretches.
 */
function readingOrder(runs: readonly Run[], depth: number): Run[][] {
  const gutter = depth < mostColumns ? findGutter(runs) : null
  if (gutter === null) return runs.length === 0 ? [] : [[...runs]]
  const groups: Run[][] = []
  let left: Run[] = []
  let right: Run[] = []
  let across: Run[] = []
  const flushColumns = () => {
    const [beside, below] = partBelow(left, right)
    groups.push(
      ...readingOrder(beside, depth + 1),
      ...readingOrder(right, depth + 1),
      ...readingOrder(below, depth),
    )
    left = []
    right = []
  }
  const flushAcross = () => {
    if (across.length > 0) groups.push(across)
    across = []
  }
  for (const run of runs.toSorted((one, other) => one.y - other.y)) {
    if (run.left < gutter && run.right > gutter) {
      flushColumns()
      across.push(run)
    } else {
      flushAcross()
      ;(run.right <= gutter ? left : right).push(run)
    }
  }
  flushColumns()
  flushAcross()
  return groups
}

/** Where a heading stands on the left, below the end of the right column, the columns have ended above it. */
function partBelow(left: readonly Run[], right: readonly Run[]): [Run[], Run[]] {
  const size = percentile(left.map((run) => run.size).sort(ascending), 0.5)
  // What stands far below a column, a line or two, is the foot of the page.
  const foot = right.findIndex(
    (run, i) => i >= right.length - 3 && run.y - (right[i - 1]?.y ?? run.y) > 4 * size,
  )
  const bottom = right.at(foot === -1 ? -1 : foot - 1)?.y ?? Infinity
  const start = left.findIndex((run) => run.y > bottom + size && run.size > 1.12 * size)
  return start <= 0 ? [[...left], []] : [left.slice(0, start), left.slice(start)]
}

const binWidth = 2
const mostAcross = 0.4

/** The middle of an upright strip that hardly any run crosses, with columns of text on both sides; or null. */
function findGutter(runs: readonly Run[]): number | null {
  if (runs.length < 12) return null
  const left = Math.min(...runs.slice(0, 50_000).map((run) => run.left))
  const right = Math.max(...runs.slice(0, 50_000).map((run) => run.right))
  const bins = Math.min(5_000, Math.ceil((right - left) / binWidth))
  if (!(bins > 20)) return null
  const changes = new Float64Array(bins + 2)
  for (const run of runs) {
    const from = Math.max(0, Math.ceil((run.left - left) / binWidth))
    const to = Math.min(bins, Math.floor((run.right - left) / binWidth))
    if (to <= from) continue
    changes[from] = (changes[from] ?? 0) + 1
    changes[to] = (changes[to] ?? 0) - 1
  }
  // How many runs cross each strip; a title and an abstract may, as long as they are fewer than the lines beside.
  const crossings: number[] = []
  for (let bin = 0, crossing = 0; bin < bins; bin++) crossings.push((crossing += changes[bin] ?? 0))
  const inner = crossings.slice(Math.floor(bins * 0.2), Math.ceil(bins * 0.8))
  const fewest = Math.min(...inner)
  if (fewest > runs.length * mostAcross) return null
  let best: { from: number; to: number } | null = null
  let open: number | null = null
  for (const [i, crossing] of inner.entries()) {
    if (crossing <= fewest + runs.length * 0.02) open ??= i
    else open = null
    if (open !== null && i - open > (best ? best.to - best.from : -1)) best = { from: open, to: i }
  }
  if (!best) return null
  const size = percentile(runs.map((run) => run.size).sort(ascending), 0.5)
  const width = (best.to - best.from + 1) * binWidth
  const middle = left + (Math.floor(bins * 0.2) + (best.from + best.to + 1) / 2) * binWidth
  const sides = [runs.filter((run) => run.right <= middle), runs.filter((run) => run.left >= middle)]
  return width >= 0.7 * size && sides.every((side) => isTextColumn(side)) ? middle : null
}

/** Lines that fill their column: the cells of a table do not. */
function isTextColumn(runs: readonly Run[]): boolean {
  if (runs.length < 5) return false
  const widths = linesOf(runs)
    .map((run) => run.right - run.left)
    .sort(ascending)
  const widest = percentile(widths, 0.95)
  const size = runs[0]?.size ?? 10
  return widths.length >= 5 && widest > 8 * size && percentile(widths, 0.5) > 0.6 * widest
}
