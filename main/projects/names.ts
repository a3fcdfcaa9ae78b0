import { AppError } from '../contract/errors.ts'
import type { Reader } from '../store/connection.ts'

const maxLength = 100

/**
 * A project's name as it is kept: trimmed, in Unicode normalization form C, without characters that turn the text
 * around it (bidirectional controls).
 *
 * @throws AppError `name_invalid` unless it has 1 to 100 characters.
 */
export function projectName(given: string): string {
  const name = given
    .toWellFormed()
    .normalize('NFC')
    .replace(/[\u202A-\u202E\u2066-\u2069]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
  if (name === '')
    throw new AppError('name_invalid', 'A project needs a name. Type one of 1 to 100 characters.')
  const length = [...name].length
  if (length > maxLength)
    throw new AppError(
      'name_invalid',
      `The name has ${length} characters; a project's name has at most ${maxLength}. Choose a shorter one.`,
      { length },
    )
  return name
}

/** Two names that differ in letter case alone are the same name. */
export async function isNameTaken(
  store: Reader,
  name: string,
  exceptProjectId: string | null,
): Promise<boolean> {
  const rows = await store.all<{ id: string; name: string }>('SELECT id, name FROM project')
  return rows.some((row) => row.id !== exceptProjectId && folded(row.name) === folded(name))
}

/** @throws AppError `name_taken`. */
export async function requireFreeName(
  store: Reader,
  name: string,
  exceptProjectId: string | null = null,
): Promise<void> {
  if (await isNameTaken(store, name, exceptProjectId))
    throw new AppError('name_taken', `There is a project named ${name} already. Choose another name.`, {
      name,
    })
}

function folded(name: string): string {
  return name.normalize('NFC').toLowerCase()
}
