import type { ColumnEvidence } from './column-evidence.ts'
import { bestOf, pointsOf, weighed, weighTitle } from './weighing.ts'
import type { Weighed } from './weighing.ts'

const fewestWords = 5

/** Guesses the column of a table of texts that holds the text, by its length and name, and those of title and heading. */
export function guessPassages(evidence: readonly ColumnEvidence[]): readonly Weighed[] {
  const texts = evidence
    .filter(({ filled, texts: share, meanWords }) => filled > 0 && share > 0.5 && meanWords >= fewestWords)
    .sort((a, b) => b.meanWords - a.meanWords)
  const text = bestOf(texts, weighText)
  if (!text) return []
  const chosen = [text]
  for (const weigh of [weighTitle('passages'), weighHeading]) {
    const free = evidence.filter(
      ({ name, filled }) => filled > 0 && !chosen.some(({ column }) => column === name),
    )
    const best = bestOf(free, weigh)
    if (best && pointsOf(best) > 0) chosen.push(best)
  }
  return chosen
}

function weighText(column: ColumnEvidence): Weighed {
  const { meanWords } = column
  const byCells = (meanWords >= 40 ? 0.7 : meanWords >= 15 ? 0.4 : 0) - 0.3 * column.questions
  const isLong = meanWords >= 15
  return weighed('text', column, {
    form: 'passages',
    byCells,
    cells: isLong ? `its texts are long (${Math.round(meanWords)} words on average)` : '',
  })
}

function weighHeading(column: ColumnEvidence): Weighed {
  const one = weighed('heading', column, { form: 'passages', byCells: 0, cells: '' })
  return column.texts > 0.9 && column.meanWords < 30 ? one : { ...one, byName: 0 }
}
