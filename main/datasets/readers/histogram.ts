import type { HistogramBin } from '../../contract/imports.ts'

/**
 * Counts numbers in at most `maxBins` bins with round edges (1, 2 or 5 times a power of ten; whole numbers get
 * whole edges). A bin holds `from` ≤ x < `to`; none is left out between the first and the last.
 */
export function histogramOf(values: readonly number[], maxBins = 12): HistogramBin[] {
  const finite = values.filter((value) => Number.isFinite(value))
  if (finite.length === 0) return []
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity)
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity)
  const isWhole = finite.every((value) => Number.isInteger(value))
  const width = binWidth(low, high, isWhole, maxBins)
  const first = Math.floor(low / width)
  const counts = new Array<number>(Math.floor(high / width) - first + 1).fill(0)
  for (const value of finite) {
    const bin = Math.floor(value / width) - first
    counts[bin] = (counts[bin] ?? 0) + 1
  }
  const isSingle = isWhole && width === 1
  return counts.map((count, i) => {
    const from = round((first + i) * width)
    const to = round((first + i + 1) * width)
    const label = isSingle
      ? format(from)
      : isWhole
        ? `${format(from)}–${format(to - 1)}`
        : `${format(from)}–${format(to)}`
    return { from, to, label, count }
  })
}

function binWidth(low: number, high: number, isWhole: boolean, maxBins: number): number {
  const range = high - low
  if (range === 0) return isWhole ? 1 : 10 ** Math.floor(Math.log10(Math.abs(high) || 1))
  const binsWith = (width: number) => Math.floor(high / width) - Math.floor(low / width) + 1
  for (let power = Math.floor(Math.log10(range / maxBins)); ; power++)
    for (const step of [1, 2, 5]) {
      const width = step * 10 ** power
      if (isWhole && width < 1) continue
      if (binsWith(width) <= maxBins) return width
    }
}

/** Undoes the last digits that multiplying by 0.1 and the like adds. */
function round(value: number): number {
  return Number(value.toPrecision(12))
}

function format(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 6 })
}
