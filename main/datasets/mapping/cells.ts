import type { RawAnswer } from '../../../trainer/data/raw-record.ts'
import { isObject, readAnswers } from '../../../trainer/data/raw-record.ts'
import { isTooDeep } from '../readers/nesting.ts'
import { pythonLiteral } from './python-literal.ts'

/** A cell as text: texts as they are, numbers and booleans written out, lists of texts as paragraphs, else null. */
export function textCell(cell: unknown): string | null {
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell)
  if (Array.isArray(cell) && cell.length > 0 && cell.every((part) => typeof part === 'string'))
    return cell.join('\n\n')
  return null
}

/** A cell as a task's input: as text, objects and other lists as JSON; null where it is empty. */
export function inputCell(cell: unknown): string | null {
  const text = textCell(cell)
  if (text !== null) return text.trim() === '' ? null : text
  return isEmptyCell(cell) || typeof cell !== 'object' ? null : jsonText(cell)
}

/** A cell as it stands in a template: lists of texts with commas, objects as JSON, nothing as an empty text. */
export function shownCell(cell: unknown): string {
  if (typeof cell === 'string') return cell
  if (Array.isArray(cell) && cell.every((part) => typeof part !== 'object'))
    return cell.map(shownCell).join(', ')
  return inputCell(cell) ?? ''
}

/**
 * The targets of a cell: a text as it is, also where it is JSON (that may be just what is to be learnt); the texts of
 * a list; of objects the `text`.
 */
export function targetsCell(cell: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(cell) ? cell : [cell]
  return list.flatMap((one) => {
    if (isObject(one) && Array.isArray(one['text']))
      return one['text'].flatMap((text) => textCell(text) ?? [])
    return textCell(isObject(one) && 'text' in one ? one['text'] : one) ?? []
  })
}

function jsonText(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null
  } catch {
    // Nested deeper than the stack, or a value that JSON does not have.
    return null
  }
}

/** A cell as a whole number, from numbers, texts with one, or the only number of a list; else null. */
export function offsetCell(cell: unknown): number | null {
  const value = unpacked(cell)
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof one === 'number') return Number.isInteger(one) ? one : null
  // Spreadsheets and pandas write whole numbers as 17.0 where a column has gaps.
  return typeof one === 'string' && /^\s*\d+(?:\.0+)?\s*$/.test(one) ? Math.trunc(Number(one)) : null
}

/** The first of a cell's offsets: of one, or of a list of nothing else; else null. */
export function firstOffset(cell: unknown): number | null {
  const value = unpacked(cell)
  if (!Array.isArray(value)) return offsetCell(value)
  const starts = value.map(offsetCell)
  return starts.includes(null) ? null : (starts[0] ?? null)
}

/** A cell as yes or no, in the words that are about; else null. */
export function booleanCell(cell: unknown): boolean | null {
  if (typeof cell === 'boolean') return cell
  const word = typeof cell === 'number' || typeof cell === 'string' ? String(cell).trim().toLowerCase() : ''
  if (/^(?:true|yes|y|1|1\.0|ja|wahr|si|sí|verdadero|oui|vrai)$/.test(word)) return true
  if (/^(?:false|no|n|0|0\.0|nein|falsch|falso|non|faux)$/.test(word)) return false
  return null
}

/**
 * The answers of a cell: a text; a list of texts or of `{ text, answer_start }`; `{ text: [], answer_start: [] }`;
 * or any of the lists and objects as JSON or Python text. Offsets beside the answers fill in where the cell has none.
 */
export function answersCell(cell: unknown, starts: unknown): { answers: RawAnswer[]; emptyByForm: boolean } {
  const value = unpacked(cell)
  const { answers, emptyByForm } = readAnswers({ answers: withTexts(value) })
  const beside = unpacked(starts)
  return {
    emptyByForm,
    answers: answers.map(({ text, start }, i) => {
      const given: unknown = Array.isArray(beside) ? beside[i] : i === 0 ? beside : null
      return { text, start: start ?? offsetCell(given) }
    }),
  }
}

/** Whether a cell holds nothing. */
export function isEmptyCell(cell: unknown): boolean {
  return cell == null || (typeof cell === 'string' && cell.trim() === '')
}

// Longer texts are texts: a cell of answers is a few kilobytes.
const longestPacked = 4_000_000
const longestPython = 1_000_000

/** Lists and objects that a text holds as JSON or as Python prints them; everything else as it is. */
export function unpacked(cell: unknown): unknown {
  if (typeof cell !== 'string' || cell.length > longestPacked) return cell
  if (!/^\s*(?:\[[\s\S]*\]|\{[\s\S]*\})\s*$/.test(cell)) return cell
  const value = parsed(cell)
  return value === undefined || isTooDeep(value) ? cell : value
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text.length > longestPython ? undefined : pythonLiteral(text)
  }
}

function withTexts(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map(withTexts)
  if (isObject(value) && !Array.isArray(value['text']) && 'text' in value)
    return { ...value, text: textCell(value['text']) }
  return value
}
