import type { Expansion, FileRef } from '../../../main/contract/imports.ts'
import { AppError } from '../../../main/contract/errors.ts'
import { host } from '../../connect.ts'
import { toFileRef } from '../../file-refs.ts'
import { t } from '../../messages/translate.ts'
import { firstReview, proposedUse } from './queued-file.ts'
import type { QueuedFile } from './queued-file.ts'

interface ArrivalOptions {
  readonly signal: AbortSignal
  /** Called with what has become known of the file. */
  readonly onChange: (change: Partial<QueuedFile>) => void
}

/**
 * Brings a file that waits to where a person looks at it: to its review, or to the choice among an archive's files.
 *
 * @throws AppError what the host says of it; `cancelled`
 */
export async function arrive(file: QueuedFile, options: ArrivalOptions): Promise<void> {
  const { signal, onChange } = options
  const { ref, name } = await fetched(file, options)
  onChange({ ref, name })
  const isPlain = file.origin.kind !== 'dropped'
  const expansion = isPlain ? null : await expanded(ref, options)
  const only = expansion ? onlyFile(expansion) : { file: ref, name }
  if (expansion) onChange({ expansion, skipped: expansion.skipped })
  if (expansion?.files.length === 0) throw new AppError('file_unreadable', t('import.archiveEmpty', name))
  if (!only) return onChange({ status: 'choosing' })

  const inner = isSameFile(only.file, ref) ? name : `${name}/${only.name}`
  onChange({ status: 'inspecting', ref: only.file, name: inner })
  const table = file.origin.kind === 'host' ? file.origin.table : null
  const inspection = await host.call(
    'data.inspect',
    { file: only.file, ...(table === null ? {} : { table }) },
    { signal },
  )
  onChange({
    status: 'review',
    review: firstReview(inspection),
    use: proposedUse({ name: inner, together: file.together }),
  })
}

/** The file on the host's machine: uploaded, read from the web, or there already. */
async function fetched(
  { origin, name }: QueuedFile,
  { signal, onChange }: ArrivalOptions,
): Promise<{ readonly ref: FileRef; readonly name: string }> {
  switch (origin.kind) {
    case 'host':
      return { ref: origin.ref, name }
    case 'dropped': {
      onChange({ status: 'uploading' })
      const onProgress = (done: number, total: number): void =>
        onChange({ share: total > 0 ? done / total : null })
      return { ref: await toFileRef(origin.dropped, { signal, onProgress }), name }
    }
    case 'web': {
      onChange({ status: 'browsing' })
      const onEvent = (web: NonNullable<QueuedFile['web']>): void => onChange({ web })
      const read = await host.call('data.readWeb', origin.request, { signal, onEvent })
      onChange({ skipped: read.skipped, bytes: read.bytes })
      return { ref: read.file, name: read.name }
    }
  }
}

function expanded(file: FileRef, { signal, onChange }: ArrivalOptions): Promise<Expansion> {
  onChange({ status: 'expanding', share: null })
  return host.call(
    'data.expand',
    { file },
    { signal, onEvent: ({ done, total }) => onChange({ share: total > 0 ? done / total : null }) },
  )
}

function onlyFile({ files }: Expansion): Expansion['files'][number] | undefined {
  return files.length === 1 ? files[0] : undefined
}

function isSameFile(one: FileRef, other: FileRef): boolean {
  return 'path' in one
    ? 'path' in other && one.path === other.path
    : 'upload' in other && one.upload === other.upload
}
