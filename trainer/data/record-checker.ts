import { hash } from 'node:crypto'
import { findAnswers } from './answer-check.ts'
import type { FoundAnswers, Note } from './answer-check.ts'
import { createOffsetReader } from './answer-offset.ts'
import type { OffsetContext } from './answer-offset.ts'
import { codePointIndex } from './code-points.ts'
import { createDigestSet } from './digest-set.ts'
import type { DigestSet } from './digest-set.ts'
import type { Answer, Example, Problem } from './example.ts'
import { hasMojibake } from './mojibake.ts'
import { hashText } from './random.ts'
import type { RawRecord } from './raw-record.ts'
import { longContext, lengthFault } from './text-length.ts'

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
interface KnownContext extends OffsetContext {
  readonly digest: string
  readonly wellFormed: boolean
  readonly mojibake: boolean
  /** Made when it is asked for first. */
  group(): string
}

// Questions about one context stand together in most files.
const rememberedContexts = 32

/**
 * A checker that takes the entries of a file one by one. A bad record is mended where that is safe and dropped
 * where not; either way each finding is listed with its place, and nothing is thrown. Ids and records that were
 * met are remembered as digests (at most 60 bytes a record), their texts are not.
 *
 * @param source Name of the file, for the examples' `source`.
 * @example const checker = createRecordChecker('train.csv'); const { example, problems } = checker.add(record)
 */
export function createRecordChecker(source: string): RecordChecker {
  const contexts = new Map<string, KnownContext>()
  const seen = createDigestSet()
  const ids = createIds()
  const offsets = createOffsetReader()

  const check = (record: RawRecord, note: Note): Example | null => {
    const { where, form } = record
    if (record.fault !== null) return drop(note, 'not_a_record', record.fault)
    const given = givenContext(record)
    if (given === null) return drop(note, 'context_missing', 'The record has no context.')
    if (form !== 'passage' && !hasText(record.question))
      return drop(
        note,
        'question_missing',
        form === 'task' ? 'The record has no instruction.' : 'The record has no question.',
      )
    const context = knownContext(contexts, given)
    const found = answersOf(record, context, { note, offsets })
    if (!found) return null

    const asked = typeof record.question === 'string' ? record.question : ''
    const question = asked.toWellFormed()
    const givenId = readId(record.id)
    const id = givenId?.toWellFormed() ?? null
    if (!seen.add(contentKey(context.digest, question, found.answers))) {
      const isKept = id !== null && !ids.has(id)
      const message = `The same ${contents[form]} in the file before.`
      // Some data (SQuAD) asks a question twice under two ids: predictions are looked up by either.
      note('record_duplicate', isKept ? 'flagged' : 'dropped', message)
      if (!isKept) return null
    }
    if (!context.wellFormed || found.malformed || question !== asked || id !== givenId)
      note('text_malformed', 'mended', 'Lone surrogates in the text were replaced by U+FFFD.')
    // Nobody looks a plain text up by its id.
    if (id === null && form !== 'passage')
      note('id_missing', 'mended', `The record has no id; its place, ${where}, serves as one.`)
    const wanted = id ?? where
    const unique = ids.take(wanted)
    if (unique !== wanted)
      note(
        'id_duplicate',
        'mended',
        `The id ${shortened(wanted)} is taken; this record is ${shortened(unique)} now.`,
      )
    noteTexts(context, { form, question, answers: found.answers }, note)
    return {
      id: unique,
      form,
      ...(form === 'task' && record.task ? { task: record.task } : {}),
      context: context.text,
      question,
      answers: found.answers,
      isImpossible: form === 'qa' && found.answers.length === 0,
      group: record.title?.toWellFormed() ?? (context.text === '' ? madeGroup(question) : context.group()),
      source: `${source} ${where}`,
    }
  }

  return {
    add(record) {
      const dropping: Problem[] = []
      const others: Problem[] = []
      const id = readId(record.id)
      const example = check(record, (kind, outcome, message) => {
        const list = outcome === 'dropped' ? dropping : others
        list.push({ kind, where: record.where, id, message, outcome })
      })
      return { example, problems: example ? [...dropping, ...others] : dropping }
    },
  }
}

/** The id of a record as text; null where there is none. */
export function readId(id: unknown): string | null {
  if (typeof id === 'number') return String(id)
  return typeof id === 'string' && id !== '' ? id : null
}

function drop(note: Note, kind: Parameters<Note>[0], message: string): null {
  note(kind, 'dropped', message)
  return null
}

/** The context of a record; a task may go without an input. Null where there should be one. */
function givenContext({ form, context }: RawRecord): string | null {
  if (form === 'task') return typeof context === 'string' && context.trim() !== '' ? context : ''
  return typeof context === 'string' && context.trim() !== '' ? context : null
}

function hasText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}

/** What two records of a form have in common where they are the same. */
const contents: Readonly<Record<RawRecord['form'], string>> = {
  qa: 'context, question and answers stand',
  task: 'instruction, input and targets stand',
  passage: 'text stands',
}

function answersOf(
  record: RawRecord,
  context: KnownContext,
  options: Parameters<typeof findAnswers>[2],
): FoundAnswers | null {
  if (record.form === 'passage') return { answers: [], malformed: false }
  return record.form === 'task' ? findTargets(record, options.note) : findAnswers(record, context, options)
}

function findTargets({ answers }: RawRecord, note: Note): FoundAnswers | null {
  const given = answers.filter(({ text }) => text.trim() !== '')
  if (given.length === 0) {
    note('target_missing', 'dropped', 'The record has no target: nothing says what should come out.')
    return null
  }
  return {
    answers: given.map(({ text }) => ({ text: text.toWellFormed(), start: null })),
    malformed: given.some(({ text }) => !text.isWellFormed()),
  }
}

/** Findings about texts that are used as they are. */
function noteTexts(
  context: KnownContext,
  { form, question, answers }: Pick<Example, 'form' | 'question' | 'answers'>,
  note: Note,
): void {
  // A text to be learnt may be a whole book.
  const fault = form === 'passage' ? null : lengthFault(context.text, question, answers)
  if (fault !== null) note('text_too_long', 'flagged', fault)
  if (context.mojibake || hasMojibake(question) || answers.some(({ text }) => hasMojibake(text)))
    note(
      'text_mojibake',
      'flagged',
      'Letters look like UTF-8 that was read in another encoding, such as “Ã¤” for “ä”.',
    )
}

function contentKey(contextDigest: string, question: string, answers: readonly Answer[]): string {
  return `${answers.map(({ text, start }) => `${start} ${text}`).join('\u0000')}\u0000${question}\u0000${contextDigest}`
}

function knownContext(contexts: Map<string, KnownContext>, given: string): KnownContext {
  const known = contexts.get(given)
  if (known) return known
  const text = given.toWellFormed()
  const isAscii = !/[^\u0000-\u007f]/.test(text)
  let group: string | null = null
  const context: KnownContext = {
    digest: hash('sha1', text, 'base64'),
    text,
    isAscii,
    wellFormed: text === given,
    mojibake: !isAscii && text.length <= longContext && hasMojibake(text),
    index: codePointIndex(text),
    group: () => (group ??= madeGroup(text)),
  }
  const oldest = contexts.size < rememberedContexts ? undefined : contexts.keys().next().value
  if (oldest !== undefined) contexts.delete(oldest)
  contexts.set(given, context)
  return context
}

/** The group of a record without a title: its context, or its question where there is none, by itself. */
function madeGroup(text: string): string {
  return `context ${hashText(text)}`
}

/** Ids that are taken. */
function createIds(): { has(id: string): boolean; take(wanted: string): string } {
  const taken: DigestSet = createDigestSet()
  /** Of ids that came more than once: the suffix to try next. Bounded, as a file may repeat every one of many. */
  const next = new Map<string, number>()
  const most = 10_000
  return {
    has: (id) => taken.has(id),
    /** The id itself or with the first suffix that is free; takes it. */
    take(wanted) {
      if (taken.add(wanted)) return wanted
      for (let suffix = next.get(wanted) ?? 2; ; suffix++) {
        const unique = `${wanted}-${suffix}`
        if (!taken.add(unique)) continue
        if (next.size >= most) next.clear()
        next.set(wanted, suffix + 1)
        return unique
      }
    },
  }
}

function shortened(id: string): string {
  return id.length > 60 ? `${id.slice(0, 57).toWellFormed()}…` : id
}
