import { findAnswers } from './answer-check.ts'
import type { Note } from './answer-check.ts'
import { codePointIndex } from './code-points.ts'
import type { CodePointIndex } from './code-points.ts'
import type { Example, Problem } from './example.ts'
import { hashText } from './random.ts'
import type { RawRecord } from './raw-record.ts'

/** A context that was met, with what is worth knowing about it once. */
interface KnownContext {
  readonly number: number
  readonly text: string
  readonly wellFormed: boolean
  readonly index: CodePointIndex
  readonly group: string
}

/**
 * Checks the entries of a file one by one. A bad record is mended where that is safe and dropped where not;
 * either way each finding is listed with its place, and nothing is thrown.
 *
 * @param source Name of the file, for the examples' `source`.
 */
export function checkRecords(
  records: readonly RawRecord[],
  source: string,
): { examples: Example[]; problems: Problem[] } {
  const examples: Example[] = []
  const problems: Problem[] = []
  const contexts = new Map<string, KnownContext>()
  const seen = new Set<string>()
  const ids = new Set<string>()

  for (const record of records) {
    const { where } = record
    const givenId = readId(record.id)
    const mended: Problem[] = []
    const note: Note = (kind, isMended, message) => {
      const list = isMended ? mended : problems
      list.push({ kind, where, id: givenId, message, mended: isMended })
    }
    if (record.fault !== null) {
      note('not_a_record', false, record.fault)
      continue
    }
    if (typeof record.context !== 'string' || record.context.trim() === '') {
      note('context_missing', false, 'The record has no context.')
      continue
    }
    if (typeof record.question !== 'string' || record.question.trim() === '') {
      note('question_missing', false, 'The record has no question.')
      continue
    }
    const context = knownContext(contexts, record.context)
    const found = findAnswers(record, context.text, context.index, note)
    if (!found) continue

    const question = record.question.toWellFormed()
    const key = `${context.number}\u0000${question}\u0000${found.answers.map(({ text, start }) => `${start} ${text}`).join('\u0000')}`
    if (seen.has(key)) {
      note('record_duplicate', false, 'The same context, question and answers stand in the file before.')
      continue
    }
    seen.add(key)
    const id = givenId?.toWellFormed() ?? null
    if (!context.wellFormed || found.malformed || question !== record.question || id !== givenId)
      note('text_malformed', true, 'Lone surrogates in the text were replaced by U+FFFD.')
    if (id === null) note('id_missing', true, `The record has no id; its place, ${where}, serves as one.`)
    const wanted = id ?? where
    const unique = uniqueId(wanted, ids)
    if (unique !== wanted)
      note('id_duplicate', true, `The id ${wanted} is taken; this record is ${unique} now.`)
    ids.add(unique)
    problems.push(...mended)
    examples.push({
      id: unique,
      context: context.text,
      question,
      answers: found.answers,
      isImpossible: found.answers.length === 0,
      group: record.title?.toWellFormed() ?? context.group,
      source: `${source} ${where}`,
    })
  }
  return { examples, problems }
}

/** The id of a record as text; null where there is none. */
export function readId(id: unknown): string | null {
  if (typeof id === 'number') return String(id)
  return typeof id === 'string' && id !== '' ? id : null
}

function knownContext(contexts: Map<string, KnownContext>, given: string): KnownContext {
  const known = contexts.get(given)
  if (known) return known
  const text = given.toWellFormed()
  const context = {
    number: contexts.size,
    text,
    wellFormed: text === given,
    index: codePointIndex(text),
    group: `context ${hashText(text)}`,
  }
  contexts.set(given, context)
  return context
}

function uniqueId(wanted: string, taken: ReadonlySet<string>): string {
  if (!taken.has(wanted)) return wanted
  for (let suffix = 2; ; suffix++) if (!taken.has(`${wanted}-${suffix}`)) return `${wanted}-${suffix}`
}
