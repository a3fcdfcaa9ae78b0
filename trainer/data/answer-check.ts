import type { CodePointIndex } from './code-points.ts'
import type { Answer, ProblemKind } from './example.ts'
import type { RawRecord } from './raw-record.ts'

/** Takes down a finding about the record at hand. */
export type Note = (kind: ProblemKind, mended: boolean, message: string) => void

/** The answers that can be used; none for an unanswerable question. */
export interface FoundAnswers {
  readonly answers: readonly Answer[]
  /** True where a text held lone surrogates. */
  readonly malformed: boolean
}

/**
 * Finds a record's answers in its context. An offset that is off is moved to the nearest occurrence of the
 * text; alternatives that do not occur are left out.
 *
 * @returns null where the record cannot be used; the reason was noted.
 */
export function findAnswers(
  record: RawRecord,
  context: string,
  index: CodePointIndex,
  note: Note,
): FoundAnswers | null {
  const given = record.answers.filter((answer) => answer.text.trim() !== '')
  if (record.isImpossible === true) {
    if (given.length > 0)
      note(
        'answer_despite_impossible',
        true,
        'The question is marked as unanswerable; its answers were left out.',
      )
    return { answers: [], malformed: false }
  }
  if (given.length === 0) return noAnswer(record, note)

  const answers: Answer[] = []
  const moved: string[] = []
  const absent: string[] = []
  let malformed = false
  for (const { text, start } of given) {
    const wellFormed = text.toWellFormed()
    malformed ||= wellFormed !== text
    const place = locate(wellFormed, start, context, index)
    if (!place) absent.push(wellFormed)
    else {
      answers.push({ text: place.text, start: place.start })
      if (start !== null && (place.start !== start || place.text !== wellFormed))
        moved.push(`${quote(place.text)} from ${start} to ${place.start}`)
    }
  }
  if (answers.length === 0) {
    note('answer_not_in_context', false, `${quote(absent[0] ?? '')} does not occur in the context.`)
    return null
  }
  if (absent.length > 0)
    note(
      'answer_not_in_context',
      true,
      `${absent.length} of ${given.length} answers do not occur in the context and were left out: ${absent.map(quote).join(', ')}.`,
    )
  if (moved.length > 0)
    note('answer_offset_off', true, `Moved to where the answer stands: ${moved.join('; ')}.`)
  return { answers, malformed }
}

function noAnswer(record: RawRecord, note: Note): FoundAnswers | null {
  // The Hugging Face form of SQuAD 2.0 has no flag: an empty list says that there is no answer.
  if (record.answersEmptyByForm && record.isImpossible === null) {
    note(
      'answer_missing',
      true,
      'The list of answers is empty and there is no is_impossible: taken as unanswerable.',
    )
    return { answers: [], malformed: false }
  }
  note(
    'answer_missing',
    false,
    'The question has no answer and is not marked as unanswerable (is_impossible).',
  )
  return null
}

function locate(text: string, start: number | null, context: string, index: CodePointIndex): Answer | null {
  const exact = start !== null && Number.isInteger(start) && start >= 0
  if (exact && context.startsWith(text, index.toUtf16(start)) && index.toUtf16(start) < context.length)
    return { text, start }
  const at = nearest(text, start, context, index)
  if (at !== null) return { text, start: at }
  const trimmed = text.trim()
  const trimmedAt = trimmed === text ? null : nearest(trimmed, start, context, index)
  return trimmedAt === null ? null : { text: trimmed, start: trimmedAt }
}

/** Code point offset of the occurrence nearest to `start`, or of the first one where there is no `start`. */
function nearest(text: string, start: number | null, context: string, index: CodePointIndex): number | null {
  let best: number | null = null
  for (let at = context.indexOf(text); at !== -1; at = context.indexOf(text, at + 1)) {
    const here = index.toCodePoints(at)
    if (start === null || !Number.isFinite(start)) return here
    if (best !== null && Math.abs(here - start) >= Math.abs(best - start)) break
    best = here
  }
  return best
}

function quote(text: string): string {
  return `"${text.length > 60 ? `${text.slice(0, 57).toWellFormed()}…` : text}"`
}
