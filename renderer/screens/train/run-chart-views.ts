import type { ChartLine } from '../../charts/chart-data.ts'
import { summarise } from '../../charts/series-summary.ts'
import { formatCompact, formatNumber } from '../../messages/format.ts'
import { formatMemory } from '../../messages/format-memory.ts'
import { t } from '../../messages/translate.ts'
import type { MessageKey } from '../../messages/translate.ts'
import type { RunCourse, StepMeasure } from './run-course.ts'

/** How one measure of the steps is charted. */
export interface ChartView {
  readonly measure: StepMeasure
  readonly title: Extract<MessageKey, `train.chart${string}`> & PlainTitle
  readonly lines: readonly ChartLine[]
  /** False where the values are no noise. */
  readonly smooth: boolean
  /** The axis begins at zero. */
  readonly fromZero: boolean
  /** A value with its unit. */
  readonly format: (value: number) => string
  /** A value beside the axis: short. */
  readonly axis: (value: number) => string
}

type PlainTitle =
  | 'train.chartLearningRate'
  | 'train.chartGradNorm'
  | 'train.chartSpeed'
  | 'train.chartProcessor'
  | 'train.chartMemory'

/** The range of a measure as a band, its values as a faint line, and the smoothed ones before them. */
const linesOf = (colour: string): readonly ChartLine[] => [
  { label: t('train.lineRange'), colour, kind: 'edge' },
  { label: t('train.lineRange'), colour, kind: 'edge' },
  { label: t('train.lineUnsmoothed'), colour, kind: 'faint' },
  { label: t('train.lineTrain'), colour, kind: 'line' },
]

/** The charts below the loss, in their order. */
export const charts: readonly ChartView[] = [
  {
    measure: 'learningRate',
    title: 'train.chartLearningRate',
    lines: linesOf('--chart-1'),
    smooth: false,
    fromZero: true,
    format: formatRate,
    axis: formatRate,
  },
  {
    measure: 'gradNorm',
    title: 'train.chartGradNorm',
    lines: linesOf('--chart-4'),
    smooth: true,
    fromZero: true,
    format: formatLoss,
    axis: formatLoss,
  },
  {
    measure: 'tokensPerSecond',
    title: 'train.chartSpeed',
    lines: linesOf('--chart-3'),
    smooth: true,
    fromZero: true,
    format: (value) => formatNumber(value),
    axis: formatCompact,
  },
  {
    measure: 'processorPercent',
    title: 'train.chartProcessor',
    lines: linesOf('--chart-3'),
    smooth: true,
    fromZero: true,
    format: formatPercentage,
    axis: formatPercentage,
  },
  {
    measure: 'memoryMb',
    title: 'train.chartMemory',
    lines: linesOf('--chart-3'),
    smooth: false,
    fromZero: true,
    format: formatMemory,
    axis: formatMemory,
  },
]

/** The training loss, the validation loss as dots, and the best of them ringed. */
export const lossLines: readonly ChartLine[] = [
  ...linesOf('--chart-1'),
  { label: t('train.lineValidation'), colour: '--chart-2', kind: 'dots' },
  { label: t('train.lineBest'), colour: '--chart-2', kind: 'ring' },
]

/** Three significant digits, as far as the size allows. */
export function formatLoss(value: number): string {
  const size = Math.abs(value)
  return formatNumber(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : size >= 0.01 ? 3 : 5)
}

/** A small number as it is written in settings: 5e-4 rather than 0.00050. */
export function formatRate(value: number): string {
  if (value === 0) return '0'
  return Math.abs(value) < 0.01
    ? value.toExponential(Number.isInteger(leadingDigits(value)) ? 0 : 1)
    : formatNumber(value, 3)
}

function leadingDigits(value: number): number {
  return Number((value / 10 ** Math.floor(Math.log10(Math.abs(value)))).toPrecision(6))
}

function formatPercentage(value: number): string {
  return t('train.percent', value)
}

/** What each chart says in words, for who cannot see it. */
export function describeChart(course: RunCourse): (of: StepMeasure | 'f1') => string {
  return (of) => {
    if (of === 'f1') {
      const scored = course.validations.filter(({ f1 }) => f1 !== null)
      return words(
        t('train.chartF1'),
        scored.at(-1)?.step,
        summarise(scored.map(({ f1 }) => f1)),
        formatScore,
      )
    }
    const { series } = course
    const summary = summarise(series.means(of), series.minima(of), series.maxima(of))
    const step = series.steps().at(-1)
    if (of !== 'loss') {
      const chart = charts.find(({ measure }) => measure === of)
      return words(chart ? t(chart.title) : '', step, summary, chart?.format ?? formatNumber)
    }
    const best = course.validations.findLast((one) => one.best)
    const loss = words(t('train.chartLoss'), step, summary, formatLoss)
    return best ? `${loss} ${t('train.bestNote', formatLoss(best.loss), best.step)}` : loss
  }
}

function formatScore(value: number): string {
  return t('train.score', value)
}

function words(
  title: string,
  step: number | undefined,
  summary: ReturnType<typeof summarise>,
  format: (value: number) => string,
): string {
  if (!summary || step === undefined) return t('train.chartNothing', title)
  const { last, min, max, trend } = summary
  return t('train.chartText', { title, step, last: format(last), min: format(min), max: format(max), trend })
}
