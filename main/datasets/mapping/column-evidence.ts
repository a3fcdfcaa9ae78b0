import { codePointIndex } from '../../../trainer/data/code-points.ts'
import { isObject } from '../../../trainer/data/raw-record.ts'
import type { TableRow } from '../readers/table.ts'
import { answersCell, booleanCell, firstOffset, isEmptyCell, textCell, unpacked } from './cells.ts'

/** What the cells of a column look like, as shares (0 to 1) of its filled cells. */
export interface ColumnEvidence {
  readonly name: string
  readonly filled: number
  /** Cells that can be read as text. */
  readonly texts: number
  readonly meanWords: number
  /** Texts that end with a question mark or begin with a question word. */
  readonly questions: number
  /** Cells that are whole numbers, or lists of them. */
  readonly offsets: number
  readonly booleans: number
  /** Cells in SQuAD's form of answers: `{ text, answer_start }`, or a list of these. */
  readonly squadAnswers: number
  /** Different cells by filled cells. */
  readonly distinct: number
  readonly hasSpaces: boolean
}

const questionStart =
  /^\s*[¿"'“„]?(?:who|whom|whose|what|when|where|which|why|how|is|are|do|does|did|can|could|should|was|were|wer|was|wann|wo|welche[rsmn]?|warum|wie|qué|quién|cuándo|dónde|cuál|cómo|por qué|qui|que|quand|où|quel(?:le)?s?|pourquoi|comment)\b/iu

/** Looks at the cells of one column. */
export function columnEvidence(name: string, rows: readonly TableRow[]): ColumnEvidence {
  const cells = rows.map((row) => row.values[name]).filter((cell) => !isEmptyCell(cell))
  const texts = cells.flatMap((cell) => textCell(cell) ?? [])
  const share = (count: number) => (cells.length === 0 ? 0 : count / cells.length)
  const countIf = (holds: (cell: unknown) => boolean) => share(cells.filter(holds).length)
  const words = texts.reduce((sum, text) => sum + countWords(text), 0)
  return {
    name,
    filled: cells.length,
    texts: share(texts.length),
    meanWords: texts.length === 0 ? 0 : words / texts.length,
    questions: share(texts.filter((text) => /[?？؟]["'”’)]*\s*$/.test(text) || isOpenQuestion(text)).length),
    offsets: countIf((cell) => firstOffset(cell) !== null),
    booleans: countIf((cell) => booleanCell(cell) !== null),
    squadAnswers: countIf(isSquadAnswer),
    distinct: share(new Set(cells.map((cell) => textCell(cell) ?? JSON.stringify(cell))).size),
    hasSpaces: texts.some((text) => /\s/.test(text.trim())),
  }
}

/** Share of the rows with both cells in which an answer of one column occurs in the text of another. */
export function containment(rows: readonly TableRow[], answer: string, context: string): number {
  let both = 0
  let inside = 0
  for (const { values } of rows) {
    const text = textCell(values[context])
    const [first] = answersCell(values[answer], null).answers
    if (text === null || text.trim() === '' || !first || first.text.trim() === '') continue
    both++
    if (text.length > first.text.length && text.includes(first.text.trim())) inside++
  }
  return both === 0 ? 0 : inside / both
}

/** Share of the rows in which the answer stands in the context at just the offset that a column gives. */
export function offsetMatches(
  rows: readonly TableRow[],
  answer: string,
  context: string,
  start: string,
): number {
  let all = 0
  let matches = 0
  for (const { values } of rows) {
    const text = textCell(values[context])
    const [first] = answersCell(values[answer], null).answers
    const offset = firstOffset(values[start])
    // An answer that has its own offset says nothing about the column.
    if (text === null || !first || first.start !== null || offset === null) continue
    all++
    if (text.startsWith(first.text, codePointIndex(text).toUtf16(offset))) matches++
  }
  return all === 0 ? 0 : matches / all
}

/** Share of the rows in which the column says yes just where there is no answer; 0 if it never says yes. */
export function flagMatches(rows: readonly TableRow[], answer: string, flag: string): number {
  const flags = rows.map(({ values }) => booleanCell(values[flag]))
  if (!flags.includes(true)) return 0
  const matches = rows.filter(({ values }, i) => (flags[i] === true) === isEmptyCell(values[answer]))
  return matches.length / rows.length
}

function isSquadAnswer(cell: unknown): boolean {
  const value = unpacked(cell)
  const isOne = (one: unknown) => isObject(one) && 'text' in one && ('answer_start' in one || 'start' in one)
  return isOne(value) || (Array.isArray(value) && value.length > 0 && value.every(isOne))
}

function isOpenQuestion(text: string): boolean {
  return text.length < 300 && questionStart.test(text) && !/[.!]\s*$/.test(text)
}

export function countWords(text: string): number {
  return text.match(/\S+/g)?.length ?? 0
}
