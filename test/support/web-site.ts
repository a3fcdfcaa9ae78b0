import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** What a path is answered with: a page of HTML, or whatever a function does. */
export type SitePage = string | ((request: IncomingMessage, response: ServerResponse) => void)

export interface WebSite {
  /** `http://127.0.0.1:…` */
  readonly origin: string
  readonly port: number
  /** What was asked for, in its order, with the time in milliseconds. */
  readonly visits: readonly { readonly path: string; readonly at: number; readonly userAgent: string }[]
  /** The paths alone. */
  paths(): string[]
}

/** A site of the given paths on this machine, for one test; other paths are not found. */
export async function webSite(pages: Readonly<Record<string, SitePage>>): Promise<WebSite> {
  const visits: { path: string; at: number; userAgent: string }[] = []
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    visits.push({ path, at: performance.now(), userAgent: request.headers['user-agent'] ?? '' })
    const page = pages[path]
    if (page === undefined) response.writeHead(404).end('Not found')
    else if (typeof page === 'string')
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(page)
    else page(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(
    () =>
      new Promise<void>((resolve) => {
        server.close(() => {
          resolve()
        })
        server.closeAllConnections()
      }),
  )
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}`, port, visits, paths: () => visits.map(({ path }) => path) }
}

/** An answer with these headers. */
export function answer(
  body: string | Buffer,
  headers: Readonly<Record<string, string>> = {},
  status = 200,
): SitePage {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end(body)
  }
}

export const redirect = (location: string, status = 302): SitePage => answer('', { location }, status)
