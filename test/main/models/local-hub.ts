import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A file that the hub offers. */
export interface OfferedFile {
  readonly content: Buffer
  /** Large files are listed with their SHA-256. */
  readonly lfs?: boolean
}

export interface LocalHub {
  readonly url: string
  readonly files: Map<string, OfferedFile>
  /** The requests for files, as `path from-byte`. */
  readonly asked: string[]
  /** Sends so many bytes of an answer and then cuts the connection; once for each entry. */
  readonly cuts: number[]
  /** Waits before each piece of 16 kB. */
  pieceMs: number
  /** The status of every answer, where it is not 200. */
  status: number | null
}

/** A real server that answers as the Hugging Face hub does: listing, redirect, ranges with If-Range. */
export async function startLocalHub(repository: string): Promise<LocalHub> {
  const hub = {
    url: '',
    files: new Map<string, OfferedFile>(),
    asked: [] as string[],
    cuts: [] as number[],
    pieceMs: 0,
    status: null as number | null,
  }
  const server = createServer((request, response) => {
    void answer(hub, repository, { request, response })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return hub
}

async function answer(
  hub: LocalHub,
  repository: string,
  { request, response }: { request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const { pathname } = new URL(request.url ?? '', hub.url)
  if (hub.status !== null) {
    response.writeHead(hub.status).end()
    return
  }
  if (pathname === `/api/models/${repository}/tree/main`) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify([...hub.files].map(listed)))
    return
  }
  const resolve = `/${repository}/resolve/main/`
  if (pathname.startsWith(resolve)) {
    response.writeHead(302, { location: `/cdn/${pathname.slice(resolve.length)}` }).end()
    return
  }
  const path = decodeURIComponent(pathname.replace(/^\/cdn\//, ''))
  const file = hub.files.get(path)
  if (!file) {
    response.writeHead(404).end()
    return
  }
  await sendFile(hub, path, { file, request, response })
}

async function sendFile(
  hub: LocalHub,
  path: string,
  { file, request, response }: { file: OfferedFile; request: IncomingMessage; response: ServerResponse },
): Promise<void> {
  const etag = `"${createHash('md5').update(file.content).digest('hex')}"`
  const { range } = request.headers
  const same = request.headers['if-range'] === undefined || request.headers['if-range'] === etag
  const from = same ? Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0) : 0
  hub.asked.push(`${path} ${from}`)
  const { length } = file.content
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    'content-length': length - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${length - 1}/${length}` } : {}),
  })
  const cut = file.lfs ? hub.cuts.shift() : undefined
  const end = cut === undefined ? length : Math.min(length, from + cut)
  for (let at = from; at < end && !response.destroyed; at += 16_384) {
    await new Promise((sent) => response.write(file.content.subarray(at, Math.min(end, at + 16_384)), sent))
    if (hub.pieceMs > 0) await new Promise((later) => setTimeout(later, hub.pieceMs))
  }
  if (cut === undefined) {
    response.end()
    return
  }
  // What was sent has to arrive before the connection breaks.
  await new Promise((later) => setTimeout(later, 30))
  response.destroy()
}

function listed([path, { content, lfs }]: [string, OfferedFile]) {
  const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
  const sha256 = createHash('sha256').update(content).digest('hex')
  return {
    type: 'file',
    path,
    size: content.length,
    oid: blob,
    ...(lfs ? { lfs: { oid: sha256, size: content.length, pointerSize: 134 } } : {}),
  }
}
