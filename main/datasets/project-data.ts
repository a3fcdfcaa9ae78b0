import { AppError } from '../contract/errors.ts'
import type { FileRef } from '../contract/imports.ts'
import type { Reader, Writer } from '../store/connection.ts'
import type { Changes } from '../store/changes.ts'
import type { Store } from '../store/open.ts'
import type { TextIndex } from './search/text-index.ts'

export interface DatasetDeps {
  readonly store: Store
  readonly changes: Changes
  /** The file that was uploaded to the web host. @throws AppError `upload_missing` */
  resolveUpload(id: string): Promise<{ readonly path: string; readonly name: string }>
  /** The folder of the project's model, whose tokenizer counts; null where none is chosen or its folder is gone. */
  modelFolderOf(projectId: string): Promise<string | null>
}

/** What the parts of the service share. */
export interface DataParts extends DatasetDeps {
  readonly textIndex: TextIndex
}

/** A condition on `source_id`: what is being imported or removed does not count. `?1` is the project. */
export const isReady = 'source_id NOT IN (SELECT id FROM source WHERE project_id = ?1 AND ready = 0)'

/** @throws AppError `project_missing`. */
export async function requireProject(store: Reader, projectId: string): Promise<void> {
  if (!(await store.get('SELECT id FROM project WHERE id = ?', projectId))) throw projectMissing(projectId)
}

export function projectMissing(projectId: string): AppError {
  return new AppError(
    'project_missing',
    'This project is not there any more. Choose another from the list.',
    {
      projectId,
    },
  )
}

/** Notes in the project's row that its data have changed; part of the transaction that changes them. */
export async function markChanged(writer: Writer, projectId: string): Promise<void> {
  await writer.run(
    'UPDATE project SET data_version = data_version + 1, updated_at = ? WHERE id = ?',
    Date.now(),
    projectId,
  )
}

/** Tells the windows that a project's data have changed, and with them the project's steps. */
export function publishData(changes: Changes, projectId: string): void {
  changes.publish('data', projectId)
  changes.publish('projects', projectId)
}

/** Where a file lies and what it is called. */
export async function resolveFile(
  file: FileRef,
  { resolveUpload }: Pick<DatasetDeps, 'resolveUpload'>,
): Promise<{ readonly path: string; readonly name: string | null }> {
  return 'upload' in file ? resolveUpload(file.upload) : { path: file.path, name: null }
}

/** A text for LIKE … ESCAPE '\' that finds `text` anywhere, its wildcards taken literally. */
export function likePattern(text: string): string {
  return `%${text.replace(/[\\%_]/g, '\\$&')}%`
}
