import { readFile } from 'node:fs/promises'
import { protocol } from 'electron'
import type { IpcMainEvent, IpcMainInvokeEvent } from 'electron'
import { findWindowFile } from '../window/files.ts'
import { securityHeaders } from '../window/security.ts'

const scheme = 'app'
const host = 'loracle'

export const windowUrl = `${scheme}://${host}/`

/** Makes `app://` an origin like https. To be called before Electron is ready. */
export function registerWindowScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the built window at `app://loracle/`, and nothing else. */
export function serveWindowFiles(rendererDir: string): void {
  protocol.handle(scheme, async (request) => {
    const { pathname } = new URL(request.url)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    const file = isRead && isWindowUrl(request.url) ? await findWindowFile(rendererDir, pathname) : undefined
    if (!file) return new Response('There is nothing here.\n', { status: 404, headers: securityHeaders })
    return new Response(await readFile(file.path), {
      headers: { ...securityHeaders, 'Content-Type': file.contentType, 'Cache-Control': file.cacheControl },
    })
  })
}

export function isWindowUrl(address: string): boolean {
  const url = URL.parse(address)
  return url?.protocol === `${scheme}:` && url.host === host
}

/** Whether a message comes from the window's own page, and not from a frame in it or a page that replaced it. */
export function isFromWindow({ senderFrame }: IpcMainEvent | IpcMainInvokeEvent): boolean {
  return senderFrame !== null && senderFrame.parent === null && isWindowUrl(senderFrame.url)
}
