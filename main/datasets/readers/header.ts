import { roleOfName } from '../mapping/role-names.ts'

/** Whether a first row holds column names: these are short, no numbers and no questions, and stand once. */
export function looksLikeHeader(first: readonly string[], others: readonly (readonly string[])[]): boolean {
  const cells = first.map((cell) => cell.trim())
  const filled = cells.filter((cell) => cell !== '')
  if (filled.some((cell) => roleOfName(cell) !== null)) return true
  if (filled.length === 0 || new Set(filled).size < filled.length) return false
  if (filled.some((cell) => cell.length > 60 || isNumber(cell) || /[?!.。？]$/.test(cell))) return false
  // A number column under a word, or names that do not come again, speak for a header.
  return others.every((row) => row.every((cell, i) => cell.trim() !== cells[i] || cells[i] === ''))
}

function isNumber(cell: string): boolean {
  return cell !== '' && Number.isFinite(Number(cell))
}
