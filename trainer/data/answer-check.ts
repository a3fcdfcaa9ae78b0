import type { OffsetContext, OffsetReader, OffsetUnit } from './answer-offset.ts'
import type { Answer, Problem, ProblemKind } from './example.ts'
import { findOccurrences, mostCounted, nearestOccurrence } from './occurrences.ts'
import type { RawAnswer, RawRecord } from './raw-record.ts'

/** Takes down a finding about the record at hand. */
export type Note = (kind: ProblemKind, outcome: Problem['outcome'], message: string) => void

/** The answers that can be used; none for an unanswerable question. */
export interface FoundAnswers {
  readonly answers: readonly Answer[]
  /** True where a text held lone surrogates. */
  readonly malformed: boolean
}

const unanswerable: FoundAnswers = { answers: [], malformed: false }

/**
 * Finds a record's answers in its context. Offsets in another unit are converted, one that is off is moved to the
 * nearest occurrence of the text; without one the first occurrence that cuts no word is taken. Alternatives that do
 * not occur are left out.
 *
 * @returns null where the record cannot be used; the reason was noted.
 */
export function findAnswers(
  record: RawRecord,
  context: OffsetContext,
  { note, offsets }: { readonly note: Note; readonly offsets: OffsetReader },
): FoundAnswers | null {
  const given = record.answers.filter((answer) => answer.text.trim() !== '')
  if (record.isImpossible === true) {
    if (given.length > 0)
      note(
        'answer_despite_impossible',
        'mended',
        'The question is marked as unanswerable; its answers were left out.',
      )
    return unanswerable
  }
  if (given.length === 0) return noAnswer(record, note)

  const answers: Answer[] = []
  const findings = { moved: [] as string[], ambiguous: [] as string[], absent: [] as string[] }
  const converted = new Set<OffsetUnit>()
  let malformed = false
  for (const answer of given) {
    const text = answer.text.toWellFormed()
    malformed ||= text !== answer.text
    const place = locate({ text, start: answer.start }, context, offsets)
    if (!place) {
      findings.absent.push(quote(text))
      continue
    }
    const start = context.index.toCodePoints(place.at)
    answers.push({ text: place.text, start })
    if (place.unit !== null && place.unit !== 'code points' && start !== answer.start)
      converted.add(place.unit)
    if (place.unit === null && answer.start !== null) findings.moved.push(movedBy(place.text, answer, start))
    if (place.count > 1)
      findings.ambiguous.push(
        `${quote(place.text)} occurs ${place.count === mostCounted ? `${mostCounted} times or more` : `${place.count} times`}`,
      )
  }
  if (answers.length === 0) {
    note('answer_not_in_context', 'dropped', `${findings.absent[0] ?? ''} does not occur in the context.`)
    return null
  }
  noteFindings(findings, given.length, note)
  if (converted.size > 0)
    note(
      'answer_offset_unit',
      'mended',
      `The offset counts ${[...converted].join(' and ')}, not characters. It was converted.`,
    )
  return { answers, malformed }
}

interface Findings {
  readonly moved: readonly string[]
  readonly ambiguous: readonly string[]
  readonly absent: readonly string[]
}

const mostListed = 5

function noteFindings({ moved, ambiguous, absent }: Findings, given: number, note: Note): void {
  if (absent.length > 0)
    note(
      'answer_not_in_context',
      'mended',
      `${absent.length} of ${given} answers do not occur in the context and were left out: ${listed(absent, ', ')}.`,
    )
  if (moved.length > 0)
    note('answer_offset_off', 'mended', `Moved to where the answer stands: ${listed(moved, '; ')}.`)
  if (ambiguous.length > 0)
    note(
      'answer_ambiguous',
      'mended',
      `${listed([...new Set(ambiguous)], '; ')}, and no offset says which is meant. The first was taken.`,
    )
}

function listed(parts: readonly string[], separator: string): string {
  const more = parts.length - mostListed
  return parts.slice(0, mostListed).join(separator) + (more > 0 ? `${separator}and ${more} more` : '')
}

function movedBy(text: string, given: RawAnswer, start: number): string {
  const from = given.start ?? 0
  const distance = Math.abs(start - from)
  const by = Number.isFinite(distance)
    ? `, by ${distance} ${distance === 1 ? 'character' : 'characters'}`
    : ''
  return `${quote(text)} from ${from} to ${start}${by}`
}

function noAnswer(record: RawRecord, note: Note): FoundAnswers | null {
  // The Hugging Face form of SQuAD 2.0 has no flag: an empty list says that there is no answer.
  if (record.answersEmptyByForm && record.isImpossible === null) {
    note(
      'answer_missing',
      'mended',
      'The list of answers is empty and there is no is_impossible: taken as unanswerable.',
    )
    return unanswerable
  }
  note(
    'answer_missing',
    'dropped',
    'The question has no answer and is not marked as unanswerable (is_impossible).',
  )
  return null
}

interface Located {
  readonly text: string
  /** UTF-16 offset. */
  readonly at: number
  /** The unit in which the offset leads there; null where none does. */
  readonly unit: OffsetUnit | null
  /** More than 1 where others stand there as well and no offset says which. */
  readonly count: number
}

function locate({ text, start }: RawAnswer, context: OffsetContext, offsets: OffsetReader): Located | null {
  const read = start === null ? null : offsets.read(text, start, context)
  if (read) return { text, ...read, count: 1 }
  const trimmed = text.trim()
  for (const wanted of trimmed === text ? [text] : [text, trimmed]) {
    if (start !== null && Number.isFinite(start)) {
      const at = nearestOccurrence(wanted, context.text, context.index.toUtf16(start))
      if (at !== null) return { text: wanted, at, unit: null, count: 1 }
    } else {
      const found = findOccurrences(wanted, context.text)
      if (found) return { text: wanted, at: found.first, unit: null, count: found.count }
    }
  }
  return null
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text}"`
}
