import type { MetricName } from '../data/tasks.ts'
import { bleuFrom, bleuWidth } from './bleu.ts'

/**
 * What one answer adds to a metric: for most a figure in percent, whose mean counts; for BLEU its statistics; for
 * macro-F1 the numbers of the right label and of the given one, -1 where it is no label; for the F1 of one label
 * whether right, given, and wanted.
 */
export type Statistics = readonly number[]

/** The statistics of many answers, row by row. */
export interface Column {
  readonly metric: MetricName
  readonly values: Float64Array
  readonly width: number
  readonly rows: number
  /** Of macro-F1: how many labels there may be. */
  readonly labels: number
}

const widths: Readonly<Partial<Record<MetricName, number>>> = { bleu: bleuWidth, macroF1: 2, binaryF1: 3 }

/** Puts the statistics of one metric together. */
export function packColumn(metric: MetricName, statistics: readonly Statistics[]): Column {
  const width = widths[metric] ?? 1
  const values = new Float64Array(statistics.length * width)
  for (const [row, one] of statistics.entries()) values.set(one.slice(0, width), row * width)
  const labels = metric === 'macroF1' ? values.reduce((most, value) => Math.max(most, value + 1), 0) : 0
  return { metric, values, width, rows: statistics.length, labels }
}

/**
 * The metric over all rows, in percent; 0 over none.
 *
 * @param times How often each row counts in a resample, as many times in all as there are rows; once where left out.
 */
export function aggregate(column: Column, times?: Float64Array): number {
  const counts = times ?? new Float64Array(column.rows).fill(1)
  switch (column.metric) {
    case 'bleu':
      return bleuFrom(sums(column, counts))
    case 'macroF1':
      return macroF1(column, counts)
    case 'binaryF1': {
      const [right = 0, given = 0, wanted = 0] = sums(column, counts)
      return given + wanted === 0 ? 0 : (100 * 2 * right) / (given + wanted)
    }
    default:
      return mean(column.values, counts)
  }
}

function mean(values: Float64Array, counts: Float64Array): number {
  let sum = 0
  for (let row = 0; row < values.length; row++) sum += (counts[row] ?? 0) * (values[row] ?? 0)
  return values.length === 0 ? 0 : sum / values.length
}

function sums({ values, width, rows }: Column, counts: Float64Array): Float64Array {
  const total = new Float64Array(width)
  for (let row = 0; row < rows; row++) {
    const count = counts[row] ?? 0
    if (count === 0) continue
    for (let at = 0; at < width; at++) total[at] = (total[at] ?? 0) + count * (values[row * width + at] ?? 0)
  }
  return total
}

/**
 * The mean F1 of the labels that occur, as scikit-learn's `f1_score(average='macro')` has it. An answer that is no
 * label counts against the label it should have been, and is no class of its own.
 */
function macroF1({ values, labels, rows }: Column, counts: Float64Array): number {
  const right = new Uint32Array(labels)
  const seen = new Uint32Array(labels)
  const add = (to: Uint32Array, label: number, count: number) => {
    if (label >= 0) to[label] = (to[label] ?? 0) + count
  }
  for (let row = 0; row < rows; row++) {
    const count = counts[row] ?? 0
    const gold = values[2 * row] ?? -1
    const given = values[2 * row + 1] ?? -1
    add(seen, gold, count)
    add(seen, given, count)
    if (gold === given) add(right, gold, count)
  }
  let sum = 0
  let occurring = 0
  for (let label = 0; label < labels; label++) {
    const times = seen[label] ?? 0
    if (times === 0) continue
    occurring++
    sum += (2 * (right[label] ?? 0)) / times
  }
  return occurring === 0 ? 0 : (100 * sum) / occurring
}
