import { codePointLength } from '../../../trainer/data/code-points.ts'
import type { Example, Problem } from '../../../trainer/data/example.ts'
import { hasMojibake, repairMojibake } from '../../../trainer/data/mojibake.ts'
import type { RawAnswer, RawRecord } from '../../../trainer/data/raw-record.ts'
import type { ExampleAnswer } from '../../contract/examples.ts'
import type { MendAction, MendProposal } from '../../contract/datasets.ts'
import { cutContext } from './cut-context.ts'
import { nearestSpan } from '../mapping/nearest-span.ts'

/** A proposal as the store keeps it: with what its mend needs beside what a person sees. */
export interface Proposal extends MendProposal {
  /** For `answers`: all that the question's rows accept. */
  readonly answers?: readonly ExampleAnswer[]
  /** For `text`: tokens that a context may have; without it damaged characters are repaired. */
  readonly window?: number
}

const nothing = { answer: null, start: null, similarity: null, distance: null, before: null, after: null }

/** A proposal of an action that needs nothing else said. */
export function plainProposal(action: MendAction, more: Partial<Proposal> = {}): Proposal {
  return { action, ...nothing, ...more }
}

/** A stored proposal; one of the first version of the store knew two actions and named neither. */
export function readProposal(json: string): Proposal {
  const stored = JSON.parse(json) as Partial<Proposal>
  return plainProposal(stored.action ?? (stored.answer === '' ? 'unanswerable' : 'answer'), stored)
}

/** What a person sees of a proposal. */
export function shownProposal(json: string): MendProposal {
  const { action, answer, start, similarity, distance, before, after } = readProposal(json)
  return { action, answer, start, similarity, distance, before, after }
}

/**
 * What can be, or was, done about a finding. For a row that was left out: the stretch of the context nearest to an
 * answer that does not occur in it; no answer, for a question without one. Null where there is no way.
 */
export function proposalFor(
  { kind, outcome }: Problem,
  record: RawRecord,
  example: Example | null,
): Proposal | null {
  switch (outcome) {
    case 'dropped':
      return droppedProposal(kind, record)
    case 'mended':
      return example && mendedProposal(kind, example)
    case 'flagged':
      return example && flaggedProposal(kind, example)
  }
}

function droppedProposal(kind: Problem['kind'], record: RawRecord): Proposal | null {
  switch (kind) {
    case 'answer_not_in_context':
      return nearestAnswer(record)
    case 'answer_missing':
      return plainProposal('unanswerable', { answer: '' })
    case 'record_duplicate':
      return plainProposal('leave-out')
    default:
      return null
  }
}

function flaggedProposal(kind: Problem['kind'], example: Example): Proposal | null {
  switch (kind) {
    case 'text_mojibake':
      return repairProposal(example)
    case 'record_duplicate':
      return plainProposal('leave-out')
    default:
      return null
  }
}

function nearestAnswer({ context, answers }: RawRecord): Proposal | null {
  if (typeof context !== 'string') return null
  const wellFormed = context.toWellFormed()
  for (const { text } of answers) {
    const span = nearestSpan(text.toWellFormed(), wellFormed)
    if (!span) continue
    const { start, similarity, distance } = span
    return plainProposal('answer', { answer: span.text, start, similarity, distance })
  }
  return null
}

/** What was done on the way in; all of it can be taken back by leaving the row out. */
function mendedProposal(kind: Problem['kind'], { answers }: Example): Proposal {
  const [first] = answers
  const answer = first ? { answer: first.text, start: first.start } : { answer: '' }
  switch (kind) {
    case 'answer_offset_off':
    case 'answer_offset_unit':
    case 'answer_ambiguous':
      return plainProposal('offset', answer)
    case 'answer_not_in_context':
      return plainProposal('answer', answer)
    case 'answer_missing':
    case 'answer_despite_impossible':
      return plainProposal('unanswerable', answer)
    case 'text_malformed':
      return plainProposal('text')
    default:
      return plainProposal('keep')
  }
}

const shownCharacters = 80

function repairProposal({ context, question, answers }: Example): Proposal | null {
  for (const text of [question, ...answers.map((answer) => answer.text), context]) {
    const repaired = hasMojibake(text) ? repairMojibake(text) : null
    if (repaired !== null) return plainProposal('text', differing(text, repaired))
  }
  return null
}

/** Where two texts differ first, with a little of what stands around it. */
function differing(before: string, after: string): { before: string; after: string } {
  let same = 0
  while (same < before.length && before.charCodeAt(same) === after.charCodeAt(same)) same++
  const start = Math.max(0, same - shownCharacters / 4)
  const shown = (text: string) => {
    const end = start + shownCharacters
    return `${start > 0 ? '…' : ''}${text.slice(start, end).toWellFormed()}${end < text.length ? '…' : ''}`
  }
  return { before: shown(before), after: shown(after) }
}

/** A record with its proposal taken up; still to be checked. Null where the proposal does not change it. */
export function mendedRecord(record: RawRecord, proposal: Proposal): RawRecord | null {
  switch (proposal.action) {
    case 'answer':
      return {
        ...record,
        answers: [{ text: proposal.answer ?? '', start: proposal.start }],
        isImpossible: false,
      }
    case 'unanswerable':
      return { ...record, answers: [], isImpossible: true }
    case 'answers':
      return { ...record, answers: proposal.answers ?? record.answers, isImpossible: false }
    case 'text':
      return proposal.window === undefined ? repaired(record) : cutContext(record, proposal.window)
    case 'offset':
    case 'keep':
    case 'leave-out':
      return record
  }
}

function repaired(record: RawRecord): RawRecord | null {
  if (typeof record.context !== 'string' || typeof record.question !== 'string') return null
  const { context } = record
  const fix = (text: string) => repairMojibake(text) ?? text
  // What stands before an answer, repaired by itself, says where it starts now.
  const moved = ({ text, start }: RawAnswer): RawAnswer => ({
    text: fix(text),
    start: start === null ? null : codePointLength(fix(Array.from(context).slice(0, start).join(''))),
  })
  return {
    ...record,
    context: fix(context),
    question: fix(record.question),
    answers: record.answers.map(moved),
  }
}
