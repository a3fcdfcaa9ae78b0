import { hash } from 'node:crypto'
import { findAnswers } from './answer-check.ts'
import type { Note } from './answer-check.ts'
import { codePointIndex } from './code-points.ts'
import type { CodePointIndex } from './code-points.ts'
import type { Example, Problem } from './example.ts'
import { hashText } from './random.ts'
import type { RawRecord } from './raw-record.ts'

/** What became of one entry: an example, unless a problem that was not mended dropped it. */
export interface CheckedRecord {
  readonly example: Example | null
  readonly problems: readonly Problem[]
}

/** Checks the entries of one file in their order. */
export interface RecordChecker {
  add(record: RawRecord): CheckedRecord
}

/** A context that was met, with what is worth knowing about it once. */
interface KnownContext {
  readonly digest: string
  readonly text: string
  readonly wellFormed: boolean
  readonly index: CodePointIndex
  readonly group: string
}

// Questions about one context stand together in most files.
const rememberedContexts = 32

/**
 * A checker that takes the entries of a file one by one. A bad record is mended where that is safe and dropped
 * where not; either way each finding is listed with its place, and nothing is thrown. Ids and records that were
 * met are remembered as digests (some 170 bytes a record), their texts are not.
 *
 * @param source Name of the file, for the examples' `source`.
 * @example const checker = createRecordChecker('train.csv'); const { example, problems } = checker.add(record)
 */
export function createRecordChecker(source: string): RecordChecker {
  const contexts = new Map<string, KnownContext>()
  const seen = new Set<string>()
  /** By the digest of an id that is taken: the suffix that the next record with this id gets. */
  const ids = new Map<string, number>()

  const check = (record: RawRecord, note: Note): Example | null => {
    const { where } = record
    if (record.fault !== null) return drop(note, 'not_a_record', record.fault)
    if (typeof record.context !== 'string' || record.context.trim() === '')
      return drop(note, 'context_missing', 'The record has no context.')
    if (typeof record.question !== 'string' || record.question.trim() === '')
      return drop(note, 'question_missing', 'The record has no question.')
    const context = knownContext(contexts, record.context)
    const found = findAnswers(record, context.text, context.index, note)
    if (!found) return null

    const question = record.question.toWellFormed()
    const answers = found.answers.map(({ text, start }) => `${start} ${text}`)
    const key = digestOf([context.digest, question, ...answers].join('\u0000'))
    if (seen.has(key))
      return drop(
        note,
        'record_duplicate',
        'The same context, question and answers stand in the file before.',
      )
    seen.add(key)
    const givenId = readId(record.id)
    const id = givenId?.toWellFormed() ?? null
    if (!context.wellFormed || found.malformed || question !== record.question || id !== givenId)
      note('text_malformed', true, 'Lone surrogates in the text were replaced by U+FFFD.')
    if (id === null) note('id_missing', true, `The record has no id; its place, ${where}, serves as one.`)
    const wanted = id ?? where
    const unique = uniqueId(wanted, ids)
    if (unique !== wanted)
      note('id_duplicate', true, `The id ${wanted} is taken; this record is ${unique} now.`)
    return {
      id: unique,
      context: context.text,
      question,
      answers: found.answers,
      isImpossible: found.answers.length === 0,
      group: record.title?.toWellFormed() ?? context.group,
      source: `${source} ${where}`,
    }
  }

  return {
    add(record) {
      const dropping: Problem[] = []
      const mended: Problem[] = []
      const id = readId(record.id)
      const example = check(record, (kind, isMended, message) => {
        const list = isMended ? mended : dropping
        list.push({ kind, where: record.where, id, message, mended: isMended })
      })
      return { example, problems: example ? [...dropping, ...mended] : dropping }
    },
  }
}

/** The id of a record as text; null where there is none. */
export function readId(id: unknown): string | null {
  if (typeof id === 'number') return String(id)
  return typeof id === 'string' && id !== '' ? id : null
}

function drop(note: Note, kind: Parameters<Note>[0], message: string): null {
  note(kind, false, message)
  return null
}

function knownContext(contexts: Map<string, KnownContext>, given: string): KnownContext {
  const known = contexts.get(given)
  if (known) return known
  const text = given.toWellFormed()
  const context = {
    digest: digestOf(given),
    text,
    wellFormed: text === given,
    index: codePointIndex(text),
    group: `context ${hashText(text)}`,
  }
  const oldest = contexts.size < rememberedContexts ? undefined : contexts.keys().next().value
  if (oldest !== undefined) contexts.delete(oldest)
  contexts.set(given, context)
  return context
}

/** The id itself or with the first suffix that is free; takes it. */
function uniqueId(wanted: string, taken: Map<string, number>): string {
  const key = digestOf(wanted)
  const next = taken.get(key)
  if (next === undefined) {
    taken.set(key, 2)
    return wanted
  }
  for (let suffix = next; ; suffix++) {
    const unique = `${wanted}-${suffix}`
    if (taken.has(digestOf(unique))) continue
    taken.set(key, suffix + 1).set(digestOf(unique), 2)
    return unique
  }
}

// UTF-16 rather than UTF-8: lone surrogates stay apart.
function digestOf(text: string): string {
  return hash('sha1', Buffer.from(text, 'utf16le'), 'base64')
}
