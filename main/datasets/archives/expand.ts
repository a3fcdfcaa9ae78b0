import { stat, statfs } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Expansion, FileRef, FoundProblem } from '../../contract/imports.ts'
import type { CallContext, Handlers } from '../../contract/methods.ts'
import { detect } from '../readers/detect.ts'
import { openError } from '../readers/text-chunks.ts'
import { readableName } from './entry-name.ts'
import { expandFolder } from './expand-folder.ts'
import { sweepKeptFiles } from './kept-files.ts'
import { unpack, unpackBudget } from './unpack.ts'

export interface ExpandDeps {
  /** The home's folder of uploads, into which archives are unpacked. */
  readonly uploads: string
  /** The file that was uploaded to the web host. @throws AppError `upload_missing` */
  resolveUpload(id: string): Promise<{ readonly path: string; readonly name: string }>
  /** The room on a folder's disk in bytes; what the system says without it. */
  freeBytes?(folder: string): Promise<number>
}

/** Milliseconds between two reports of the progress. */
const reportEvery = 100
/** Unpacked files that nobody imported for a day are not waited for. */
const oldAge = 24 * 60 * 60 * 1000
/** Problems that are listed one by one. */
const mostSkipped = 500

/** `data.expand`: the files of a folder or an archive, one by one; any other file is its own only one. */
export function expandHandlers(deps: ExpandDeps): Handlers<'data.expand'> {
  return {
    'data.expand': async ({ file }, context) => {
      const place = 'upload' in file ? await deps.resolveUpload(file.upload) : null
      const path = resolve(place?.path ?? ('path' in file ? file.path : ''))
      await sweepKeptFiles(deps.uploads, oldAge)
      const expansion = await expand(deps, { path, file }, withPace(context))
      return {
        name: readableName(place?.name ?? basename(path)),
        files: expansion.files.map((one) => ({ ...one, name: readableName(one.name) })),
        skipped: bounded(expansion.skipped),
      }
    },
  }
}

type Expand = CallContext<{ readonly done: number; readonly total: number }>

async function expand(
  { uploads, freeBytes = diskFree }: ExpandDeps,
  { path, file }: { readonly path: string; readonly file: FileRef },
  { emit, signal }: Expand,
): Promise<Pick<Expansion, 'files' | 'skipped'>> {
  const info = await stat(path).catch((thrown: unknown) => {
    throw openError(path, thrown)
  })
  const unpacking = {
    uploads,
    freeBytes,
    signal,
    progress: (done: number, total: number) => {
      emit({ done, total })
    },
  }
  if (info.isDirectory()) return expandFolder(path, unpacking)
  const found = await detect(path)
  if (found.kind !== 'archive')
    return { files: [{ file, name: basename(path), bytes: found.bytes }], skipped: [] }
  return unpack(path, { ...unpacking, budget: unpackBudget(found.bytes) })
}

async function diskFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function withPace({ emit, signal }: Expand): Expand {
  let reportedAt = 0
  const paced: Expand['emit'] = (event) => {
    if (event.done < event.total && performance.now() - reportedAt < reportEvery) return
    reportedAt = performance.now()
    emit(event)
  }
  return { emit: paced, signal }
}

function bounded(skipped: readonly FoundProblem[]): readonly FoundProblem[] {
  const more = skipped.length - mostSkipped
  if (more <= 0) return skipped
  const rest = {
    kind: 'file_refused',
    where: '',
    message: `${more.toLocaleString('en')} more were passed over.`,
  }
  return [...skipped.slice(0, mostSkipped), rest]
}
