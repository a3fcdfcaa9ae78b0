import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { AppError } from '../contract/errors.ts'
import { homeFolders } from './files.ts'

/**
 * The file that was uploaded under an id.
 *
 * @throws AppError `upload_missing` where there is none, or more than one.
 */
export async function resolveUpload(
  home: string,
  id: string,
): Promise<{ readonly path: string; readonly name: string }> {
  const folder = join(homeFolders(home).uploads, id)
  const entries = /^[\w-]{1,100}$/.test(id) ? await readdir(folder).catch(() => []) : []
  const [name, ...others] = entries
  if (name !== undefined && others.length === 0) return { path: join(folder, name), name }
  throw new AppError('upload_missing', 'The uploaded file is no longer there. Drop it again.', { id })
}
