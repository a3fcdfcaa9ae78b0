import type { Expansion, FoundProblem } from '../../contract/imports.ts'
import { AppError } from '../../contract/errors.ts'
import { detect } from '../readers/detect.ts'
import { readableName } from './entry-name.ts'
import type { KeptFile } from './kept-files.ts'
import { listFolder } from './list-folder.ts'
import type { ListedFile } from './list-folder.ts'
import { removeFiles, unpack, unpackBudget } from './unpack.ts'
import type { UnpackBudget, Unpacking } from './unpack.ts'

/** Files that are looked into at the same time. */
const atOnce = 8

type Options = Omit<Unpacking, 'budget'>

/**
 * The files of a folder that can be read, its archives unpacked; all or nothing of what is unpacked.
 *
 * @throws AppError `file_too_large` (too many files), `disk_full`, `cancelled`
 */
export async function expandFolder(root: string, options: Options): Promise<Part> {
  const { signal, progress } = options
  const { files: listed, skipped } = await listFolder(root, signal)
  const total = listed.length
  const made: KeptFile[] = []
  const files: Expansion['files'][number][] = []
  const problems: FoundProblem[] = [...skipped]
  const all = unpackBudget(Infinity)
  try {
    for (let start = 0; start < total; start += atOnce) {
      if (signal.aborted)
        throw new AppError('cancelled', 'Looking through the folder was cancelled; nothing of it was kept.')
      progress(start, total)
      const looked = await Promise.all(listed.slice(start, start + atOnce).map(lookInto))
      for (const one of looked) {
        const part = one.kind === 'archive' ? await unpackOrSkip(one, { ...options, all }) : one
        made.push(...(part.made ?? []))
        files.push(...part.files)
        problems.push(...part.skipped)
      }
    }
    progress(total, total)
    return { files, skipped: problems }
  } catch (thrown) {
    await removeFiles(made)
    throw thrown
  }
}

type Looked =
  ({ readonly kind: 'archive'; readonly bytes: number } & ListedFile) | ({ readonly kind: 'file' } & Part)

interface Part extends Pick<Expansion, 'files' | 'skipped'> {
  readonly made?: readonly KeptFile[]
}

async function lookInto({ path, name }: ListedFile): Promise<Looked> {
  try {
    const found = await detect(path)
    if (found.kind === 'archive') return { kind: 'archive', path, name, bytes: found.bytes }
    if (found.kind === 'unsupported')
      return { kind: 'file', ...skipOf('file_unreadable', name, found.message) }
    return { kind: 'file', files: [{ file: { path }, name, bytes: found.bytes }], skipped: [] }
  } catch (thrown) {
    if (thrown instanceof AppError) return { kind: 'file', ...skipOf(thrown.code, name, thrown.message) }
    throw thrown
  }
}

/** An archive among the files of a folder; one that cannot be unpacked does not keep the others away. */
async function unpackOrSkip(
  { path, name, bytes }: ListedFile & { readonly bytes: number },
  { all, ...options }: Options & { readonly all: UnpackBudget },
): Promise<Part> {
  const budget = unpackBudget(bytes, all.left, all.files)
  const before = budget.left
  try {
    const inner = await unpack(path, { ...options, budget, progress: () => undefined })
    return {
      files: inner.files.map((file) => ({ ...file, name: `${name}/${file.name}` })),
      skipped: inner.skipped.map((problem) => ({ ...problem, where: `${name}/${problem.where}` })),
      made: inner.made,
    }
  } catch (thrown) {
    if (thrown instanceof AppError && thrown.code.startsWith('file_'))
      return skipOf(thrown.code, name, thrown.message)
    throw thrown
  } finally {
    all.left -= before - budget.left
    all.files = budget.files
  }
}

function skipOf(kind: string, where: string, message: string): Part {
  return { files: [], skipped: [{ kind, where: readableName(where), message }] }
}
