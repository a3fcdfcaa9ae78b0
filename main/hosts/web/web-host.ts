import { stat } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HostedApp } from '../../rpc/hosted-app.ts'
import { errorValue } from '../../rpc/error-value.ts'
import { serveRpc } from '../../rpc/server.ts'
import { findWindowFile } from '../window/files.ts'
import { securityHeaders } from '../window/security.ts'
import { createAccess } from './access.ts'
import { boundConnections } from './connections.ts'
import { webLimits } from './limits.ts'
import type { WebLimits } from './limits.ts'
import { createRpcSockets } from './rpc-sockets.ts'
import { drained, refuse, say, sendFile } from './responses.ts'
import { createUploads, UploadRefusal } from './uploads.ts'

/** The app, and where the files go that are dropped in a browser. */
export interface WebApp extends HostedApp {
  /** The home folder's `uploads`; the app finds a file there by its upload's id. */
  readonly uploadsDir: string
  /** Why nothing may be written, uploads neither; null or left out where it may. */
  readonly readOnly?: Error | null
}

export interface WebHostOptions {
  /** May still be opening: the window loads meanwhile, and its calls wait. */
  readonly app: Promise<WebApp>
  /** 0 takes any free port. */
  readonly port: number
  /** The built window. */
  readonly rendererDir: string
  readonly version: string
  /** The room on the disk of a folder; for tests. */
  readonly freeBytes?: (folder: string) => Promise<number>
  /** Other limits than the usual ones; for tests. */
  readonly limits?: Partial<WebLimits>
}

export interface WebHost {
  /** With the token: whoever has it can use the app. */
  readonly address: string
  readonly port: number
  /** Closes every connection; the app is left to whoever opened it. */
  close(): Promise<void>
}

const nothingHere = 'There is nothing at this address. Open the one that Loracle printed.\n'

/**
 * Serves the window and its calls on 127.0.0.1, to whoever has the token.
 *
 * @throws the system's error, EADDRINUSE where the port is taken
 */
export async function startWebHost(options: WebHostOptions): Promise<WebHost> {
  const { app, rendererDir, version } = options
  app.catch(() => undefined)
  // The app holds the lock of the home folder: only when it is open are the uploads nobody else's.
  const limits = { ...webLimits, ...options.limits }
  const uploads = createUploads(
    app.then(({ uploadsDir, readOnly }) => {
      if (readOnly) throw readOnly
      return uploadsDir
    }),
    { freeBytes: options.freeBytes, most: limits.uploads },
  )
  const sockets = createRpcSockets((transport) => serveRpc(transport, app, { version }))
  const server = createServer({
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
    // An upload may take any time, so long as it goes on: that is what the server's timeout looks at.
    requestTimeout: 0,
  })
  server.setTimeout(limits.idleMs)
  const connections = boundConnections(server, limits.connections)
  await listen(server, options.port)
  const { port } = server.address() as AddressInfo
  const access = createAccess(port)

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const url = urlOf(request)
    if (!url) {
      response.setHeader('Connection', 'close')
      return say(response, 404, nothingHere)
    }
    const refusal = access.refusalOf(request, url)
    if (refusal) {
      // What a stranger still sends is not read.
      if (hasBody(request)) response.setHeader('Connection', 'close')
      return say(response, refusal.status, refusal.message)
    }
    connections.admit(request.socket)
    if (url.searchParams.has('token')) response.setHeader('Set-Cookie', access.cookie)
    if (request.method === 'POST' && url.pathname === '/upload') return receive(request, response, url)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return say(response, 405, 'Loracle takes no such request here.\n')
    if (url.pathname.startsWith('/download/')) return download(request, response, url)
    const file = await findWindowFile(rendererDir, url.pathname)
    if (!file) return say(response, 404, nothingHere)
    response.setHeader('Cache-Control', file.cacheControl)
    await sendFile(request, response, file)
  }

  const receive = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    try {
      const done = await uploads.receive(request, url.searchParams)
      response.setHeader('Content-Type', 'application/json; charset=utf-8')
      response.end(JSON.stringify(done))
    } catch (thrown) {
      await drained(request)
      response.setHeader('Connection', 'close')
      if (thrown instanceof UploadRefusal) return say(response, thrown.status, thrown.message)
      return say(response, 500, `${errorValue(thrown).message}\n`)
    }
  }

  const download = async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const id = /^\/download\/([\w-]{1,100})$/.exec(url.pathname)?.[1]
    const found = id === undefined ? undefined : await (await app).findDownload(id)
    const file = found && (await stat(found.path).catch(() => undefined))
    if (!found || !file?.isFile())
      return say(response, 404, 'This export is gone. Make it again from the Export step.\n')
    const name = encodeURIComponent(found.name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
    response.setHeader('Content-Disposition', `attachment; filename*=UTF-8''${name}`)
    response.setHeader('Cache-Control', 'no-store')
    await sendFile(request, response, {
      path: found.path,
      bytes: file.size,
      contentType: 'application/octet-stream',
    })
  }

  server.on('request', (request, response) => {
    for (const [name, value] of Object.entries(securityHeaders)) response.setHeader(name, value)
    answer(request, response).catch((thrown: unknown) => {
      if (response.headersSent) response.destroy()
      else say(response, 500, `${errorValue(thrown).message}\n`)
    })
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const url = urlOf(request)
    const refusal = url && access.refusalOf(request, url)
    if (refusal) refuse(socket, refusal.status, refusal.message)
    else if (url?.pathname !== '/rpc') refuse(socket, 404, 'There is no such connection.\n')
    else if (sockets.count() >= limits.windows) refuse(socket, 503, tooManyWindows(limits.windows))
    else {
      connections.admit(socket)
      sockets.upgrade(request, socket, head)
    }
  })

  return {
    address: `http://127.0.0.1:${port}/?token=${access.token}`,
    port,
    close: async () => {
      sockets.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      setTimeout(() => server.closeAllConnections(), 500).unref()
      server.closeIdleConnections()
      await closed
    },
  }
}

function tooManyWindows(most: number): string {
  return `Loracle has ${most} windows open, and takes no more. Close some of them.\n`
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/** The URL of a request for a path; other forms are for proxies. */
function urlOf({ url = '' }: IncomingMessage): URL | null {
  return url.startsWith('/') ? URL.parse(`http://127.0.0.1${url}`) : null
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject)
      resolve()
    })
  })
}
