import type { RawAnswer } from '../../../trainer/data/raw-record.ts'
import { isObject, readAnswers } from '../../../trainer/data/raw-record.ts'
import { pythonLiteral } from './python-literal.ts'

/** A cell as text: texts as they are, numbers and booleans written out, lists of texts as paragraphs, else null. */
export function textCell(cell: unknown): string | null {
  if (typeof cell === 'string') return cell
  if (typeof cell === 'number' || typeof cell === 'boolean') return String(cell)
  if (Array.isArray(cell) && cell.length > 0 && cell.every((part) => typeof part === 'string'))
    return cell.join('\n\n')
  return null
}

/** A cell as a whole number, from numbers, texts with one, or the only number of a list; else null. */
export function offsetCell(cell: unknown): number | null {
  const value = unpacked(cell)
  const one: unknown = Array.isArray(value) && value.length === 1 ? value[0] : value
  if (typeof one === 'number') return Number.isInteger(one) ? one : null
  // Spreadsheets and pandas write whole numbers as 17.0 where a column has gaps.
  return typeof one === 'string' && /^\s*\d+(?:\.0+)?\s*$/.test(one) ? Math.trunc(Number(one)) : null
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

/** Lists and objects that a text holds as JSON or as Python prints them; everything else as it is. */
export function unpacked(cell: unknown): unknown {
  if (typeof cell !== 'string' || !/^\s*(?:\[[\s\S]*\]|\{[\s\S]*\})\s*$/.test(cell)) return cell
  try {
    return JSON.parse(cell) as unknown
  } catch {
    return pythonLiteral(cell) ?? cell
  }
}

function withTexts(value: unknown): unknown {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) return value.map(withTexts)
  if (isObject(value) && !Array.isArray(value['text']) && 'text' in value)
    return { ...value, text: textCell(value['text']) }
  return value
}
