import { basename } from 'node:path'
import { AppError } from '../../contract/errors.ts'

/** A table of questions has a dozen columns; one of many thousands is something else. */
const mostColumns = 1000

/** @throws AppError `file_unreadable` where a table has more columns than could be shown and mapped. */
export function requireFewColumns(count: number, path: string): void {
  if (count <= mostColumns) return
  const [has, most] = [count.toLocaleString('en'), mostColumns.toLocaleString('en')]
  throw new AppError(
    'file_unreadable',
    `${basename(path)} has ${has} columns or more, and at most ${most} are read. Save the columns with the texts, questions and answers in a file of their own.`,
    { path, columns: count },
  )
}

/**
 * Makes column names distinct and non-empty: `column 3` where there is none, `answer (2)` for the second one.
 */
export function distinctNames(given: readonly string[]): { names: string[]; mended: boolean } {
  const taken = new Set<string>()
  const names = given.map((cell, i) => {
    const name = cell.trim().replaceAll(/\s+/g, ' ')
    // Assigning to this key of an object would not make a cell of it.
    const wanted = name === '' || name === '__proto__' ? `column ${i + 1}` : name
    let unique = wanted
    for (let n = 2; taken.has(unique); n++) unique = `${wanted} (${n})`
    taken.add(unique)
    return unique
  })
  return { names, mended: names.some((name, i) => name !== given[i]?.trim().replaceAll(/\s+/g, ' ')) }
}
