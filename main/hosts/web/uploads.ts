import { randomBytes } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { safeFileName, safeRelativePath } from './upload-name.ts'

export interface Upload {
  /** The folder under `uploads/` that holds what was uploaded. */
  readonly upload: string
  readonly name: string
  readonly bytes: number
}

type UploadStatus = 400 | 404 | 413 | 503

/** An upload that is refused, as the answer to it. */
export class UploadRefusal extends Error {
  readonly status: UploadStatus

  constructor(status: UploadStatus, message: string) {
    super(message)
    this.status = status
  }
}

export interface Uploads {
  /**
   * Streams a request's body to `uploads/<id>/<name>`, or to `uploads/<id>/<path>` where it is a file of a dropped
   * folder; `upload` adds it to an earlier upload, so that a folder stays together. Whole or not at all.
   * @throws UploadRefusal
   */
  receive(request: IncomingMessage, query: URLSearchParams): Promise<Upload>
}

type FreeBytes = (folder: string) => Promise<number>

/** What stays free on the disk, so that the store and a running job can go on writing. */
const keptFree = 200 * 1024 ** 2

/**
 * @param opening the folder, which is made when the first upload comes; what it holds by then is an earlier
 *   session's and is removed. Until it is known, uploads wait.
 * @param options.freeBytes the room on the folder's disk
 * @param options.most uploads at once; more are refused
 */
export function createUploads(
  opening: Promise<string>,
  { freeBytes = diskFree, most }: { readonly freeBytes?: FreeBytes | undefined; readonly most: number },
): Uploads {
  let going = 0
  const known = new Set<string>()
  const emptied = opening.then(async (folder) => {
    await removeContents(folder)
    return folder
  })
  emptied.catch(() => undefined)

  const receive: Uploads['receive'] = async (request, query) => {
    const earlier = query.get('upload')
    if (earlier !== null && !known.has(earlier))
      throw new UploadRefusal(404, 'The upload to which this file belongs is gone. Drop the folder again.\n')
    const path = query.get('path')
    const parts = path === null ? [safeFileName(query.get('name') ?? '')] : safeRelativePath(path)
    if (parts === undefined)
      throw new UploadRefusal(400, 'The path of this file leads out of its folder. Drop the file alone.\n')
    const folder = await emptied
    await mkdir(folder, { recursive: true })
    const room = Math.max(0, (await freeBytes(folder)) - keptFree)
    const announced = Number(request.headers['content-length'] ?? 0)
    if (announced > room) throw tooLarge(announced, room)

    const upload = earlier ?? randomBytes(16).toString('base64url')
    known.add(upload)
    const target = join(folder, upload, ...parts)
    const part = `${target}.${randomBytes(4).toString('hex')}.part`
    let bytes = 0
    const counted = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        bytes += chunk.length
        if (bytes > room) done(tooLarge(bytes, room))
        else done(null, chunk)
      },
    })
    try {
      await mkdir(dirname(target), { recursive: true })
      await pipeline(
        request.iterator({ destroyOnReturn: false }),
        counted,
        createWriteStream(part, { flags: 'wx' }),
      )
      await rename(part, target)
    } catch (thrown) {
      const left = earlier === null ? join(folder, upload) : part
      // What could not be made cannot be removed either, and what stopped the upload is the reason to give.
      await rm(left, { recursive: true, force: true }).catch(() => undefined)
      if (earlier === null) known.delete(upload)
      throw isDiskFull(thrown) ? tooLarge(bytes, 0) : (placeTaken(thrown) ?? thrown)
    }
    return { upload, name: parts.at(-1) ?? '', bytes }
  }

  return {
    receive: async (request, query) => {
      if (going >= most) throw tooMany(most)
      going++
      try {
        return await receive(request, query)
      } finally {
        going--
      }
    },
  }
}

async function removeContents(folder: string): Promise<void> {
  const old = await readdir(folder).catch(() => [])
  // What cannot be removed now (open in another program) is removed the next time.
  await Promise.allSettled(old.map((name) => rm(join(folder, name), { recursive: true, force: true })))
}

async function diskFree(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

function tooLarge(bytes: number, room: number): UploadRefusal {
  const message = `This file does not fit on the disk: it needs ${megabytes(bytes)}, and there is room for ${megabytes(room)} (200 MB are kept free). Free some space, then drop it again.\n`
  return new UploadRefusal(413, message)
}

function tooMany(most: number): UploadRefusal {
  return new UploadRefusal(
    503,
    `Loracle takes ${most} files at a time. Wait for some to arrive, then drop this one again.\n`,
  )
}

/** A folder's own files are of one mind about what is a folder; what says otherwise is nobody's drop. */
function placeTaken(thrown: unknown): UploadRefusal | undefined {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : ''
  if (code !== 'EEXIST' && code !== 'ENOTDIR' && code !== 'EISDIR' && code !== 'ENOTEMPTY') return undefined
  return new UploadRefusal(
    400,
    'One part of the folder has a file where another has a folder of that name. Drop the folder again.\n',
  )
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}

function isDiskFull(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && (thrown.code === 'ENOSPC' || thrown.code === 'EDQUOT')
}
