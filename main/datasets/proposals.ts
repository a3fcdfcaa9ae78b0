import type { RawRecord } from '../../trainer/data/raw-record.ts'
import type { ProblemRow } from '../contract/datasets.ts'
import { nearestSpan } from './mapping/nearest-span.ts'

export type Proposal = NonNullable<ProblemRow['proposal']>

/**
 * How a record that was left out could be mended: the stretch of the context nearest to an answer that does not
 * occur in it; an empty answer, which marks a question without one as unanswerable. Null where there is no way.
 */
export function proposalFor(kind: string, record: RawRecord): Proposal | null {
  switch (kind) {
    case 'answer_not_in_context':
      return nearestAnswer(record)
    case 'answer_missing':
      return { answer: '', start: 0, similarity: 1 }
    default:
      return null
  }
}

function nearestAnswer({ context, answers }: RawRecord): Proposal | null {
  if (typeof context !== 'string') return null
  const wellFormed = context.toWellFormed()
  for (const { text } of answers) {
    const span = nearestSpan(text.toWellFormed(), wellFormed)
    if (span) return { answer: span.text, start: span.start, similarity: span.similarity }
  }
  return null
}

/** A record that was left out, with its proposal taken up; still to be checked. */
export function mendedRecord(record: RawRecord, { answer, start }: Proposal): RawRecord {
  return answer === ''
    ? { ...record, answers: [], isImpossible: true }
    : { ...record, answers: [{ text: answer, start }], isImpossible: false }
}
