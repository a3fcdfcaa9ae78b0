import { basename } from 'node:path'
import type { WebProgress, WebReading, WebRequest } from '../../contract/imports.ts'
import type { CallContext, Handlers } from '../../contract/methods.ts'
import { keepFile, sweepKeptFiles } from '../archives/kept-files.ts'
import { isPublicAddress, shownAddress, webAddress } from './address.ts'
import type { AddressPolicy } from './address.ts'
import { crawl } from './crawl.ts'
import { createVisitor } from './visitor.ts'
import { webFileExtension, writeWebFile } from './web-file.ts'

export interface WebDeps {
  /** The home's folder of uploads, where what was read is kept until it is imported. */
  readonly uploads: string
  /** Of Loracle, for the name that it gives to sites. */
  readonly version: string
  /** Which addresses may be connected to; those of the public internet without it. */
  readonly isAllowed?: AddressPolicy
  /** Least milliseconds between two requests to a host, and most for one answer. */
  readonly pause?: number
  readonly timeout?: number
}

const usualPause = 500
const usualTimeout = 20_000
/** Pages that nobody imported for a day are not waited for. */
const oldAge = 24 * 60 * 60 * 1000

/** `data.readWeb`: reads pages into a file among the uploads, which is then inspected and imported as a document. */
export function webHandlers(deps: WebDeps): Handlers<'data.readWeb'> {
  return { 'data.readWeb': (request, context) => readWeb(deps, request, context) }
}

async function readWeb(
  { uploads, version, isAllowed = isPublicAddress, pause = usualPause, timeout = usualTimeout }: WebDeps,
  request: WebRequest,
  { emit, signal }: CallContext<WebProgress>,
): Promise<WebReading> {
  const start = webAddress(request.url)
  await sweepKeptFiles(uploads, oldAge)
  const kept = await keepFile(uploads, fileName(start))
  try {
    const file = await writeWebFile(kept.path, { url: start.href })
    try {
      const visitor = createVisitor({ userAgent: `Loracle/${version}`, isAllowed, pause, timeout, signal })
      const { title, pages, skipped } = await crawl(request, {
        visitor,
        emit,
        keep: (page) => file.add(page),
      })
      const name = request.scope === 'page' && title !== '' ? title : basename(kept.path, webFileExtension)
      return { file: { upload: kept.upload }, name, pages, bytes: file.bytes(), skipped }
    } finally {
      await file.close()
    }
  } catch (thrown) {
    await kept.remove()
    throw thrown
  }
}

/** `example.org guide intro.loracle-web` for `https://example.org/guide/intro?x=1`. */
function fileName(url: URL): string {
  const path = shownAddress(decoded(url.pathname))
    .split('/')
    .filter((part) => part !== '')
  return `${[url.host, ...path].join(' ')}${webFileExtension}`
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
