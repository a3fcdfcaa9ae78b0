import { AppError } from '../main/contract/errors.ts'
import type { FileRef } from '../main/contract/imports.ts'
import type { DroppedFile } from './dropped-items.ts'

export interface UploadOptions {
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/**
 * Names a dropped or chosen file to the host: by its path where the window may know it, else by uploading it.
 *
 * @throws AppError `cancelled`, `connection_lost`, `file_too_large`, `file_unreadable`
 */
export async function toFileRef(
  { file, path }: Pick<DroppedFile, 'file' | 'path'>,
  options: UploadOptions = {},
): Promise<FileRef> {
  return path === '' ? { upload: await upload(file, options) } : { path }
}

function upload(file: File, { onProgress, signal }: UploadOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(stopped())
      return
    }
    // fetch tells no progress of what is sent.
    const request = new XMLHttpRequest()
    const stop = (): void => request.abort()
    signal?.addEventListener('abort', stop, { once: true })
    request.addEventListener('loadend', () => signal?.removeEventListener('abort', stop))
    request.upload.addEventListener('progress', ({ loaded }) => onProgress?.(loaded, file.size))
    request.addEventListener('load', () => {
      if (request.status === 200) resolve(uploadOf(request.responseText))
      else reject(refused(request))
    })
    request.addEventListener('error', () => reject(unsent(file)))
    request.addEventListener('abort', () => reject(stopped()))
    request.open('POST', `/upload?${new URLSearchParams({ name: file.name }).toString()}`)
    request.send(file)
  })
}

function uploadOf(text: string): string {
  return (JSON.parse(text) as { readonly upload: string }).upload
}

function refused({ status, responseText }: XMLHttpRequest): AppError {
  return new AppError(status === 413 ? 'file_too_large' : 'file_unreadable', responseText.trim())
}

function unsent({ name }: File): AppError {
  return new AppError(
    'connection_lost',
    `${name} could not be sent: it can no longer be read, or the connection was lost. Try it again.`,
  )
}

function stopped(): AppError {
  return new AppError('cancelled', 'Stopped.')
}
