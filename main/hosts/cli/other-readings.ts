import { leastProbability } from '../../contract/comparisons.ts'
import { columns } from './format.ts'

interface Reading {
  readonly text: string
  readonly probability: number
}

/**
 * What a model that marks answers weighed beside the one that it gave, likeliest first, a line each; empty where there
 * is nothing to tell. The first of `readings` is the answer unless it gave none.
 */
export function otherReadingsText(readings: readonly Reading[] | undefined, unanswerable: boolean): string {
  const others = (readings ?? [])
    .slice(unanswerable ? 0 : 1)
    .filter(({ probability }) => probability >= leastProbability)
  if (others.length === 0) return ''
  const rows = others.map(({ text, probability }) => [
    `${(100 * probability).toFixed(1)} %`,
    text.replace(/\s+/g, ' '),
  ])
  return ['', 'Other readings:', ...columns(rows, [0]).map((line) => `  ${line}`), ''].join('\n')
}
