import { request } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { createClient } from '../../../main/rpc/client.ts'
import type { Client } from '../../../main/rpc/client.ts'
import type { HostedApp } from '../../../main/rpc/hosted-app.ts'
import { webSocketTransport } from '../../../main/rpc/web-socket-transport.ts'
import { startWebHost } from '../../../main/hosts/web/web-host.ts'
import type { WebHost, WebHostOptions } from '../../../main/hosts/web/web-host.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { smallApp } from '../rpc/small-app.ts'
import type { SmallMethods } from '../rpc/small-app.ts'
import { writeSmallWindow } from './small-window.ts'

export interface TestHost extends WebHost {
  readonly folder: string
  readonly token: string
}

/** A web host over a small app and a small window, closed when the test ends. */
export async function startTestHost(
  app: HostedApp | Promise<HostedApp> = smallApp(),
  options: Partial<WebHostOptions> = {},
): Promise<TestHost> {
  const folder = await temporaryFolder()
  const rendererDir = await writeSmallWindow(join(folder, 'renderer'))
  const uploadsDir = join(folder, 'uploads')
  const opening = Promise.resolve(app).then((opened) => ({ ...opened, uploadsDir }))
  const host = await startWebHost({ app: opening, port: 0, rendererDir, version: '1', ...options })
  onTestFinished(() => host.close())
  return { ...host, folder, token: new URL(host.address).searchParams.get('token') ?? '' }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** A request as it is written: paths are not normalised, and every header can be set. */
export function ask(
  host: WebHost,
  { method = 'GET', path = '/', headers = {}, body }: Asked,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: host.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

export const cookieOf = (host: TestHost): string => `loracle-${host.port}=${host.token}`
export const originOf = (host: WebHost): string => `http://127.0.0.1:${host.port}`
export const fromWindow = (host: TestHost): Record<string, string> => ({
  Cookie: cookieOf(host),
  Origin: originOf(host),
})

export function openSocket(host: TestHost, headers = fromWindow(host)): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${host.port}/rpc`, { headers })
  onTestFinished(() => socket.terminate())
  return socket
}

/** The status with which a connection is refused. */
export function refusalOf(socket: WebSocket): Promise<number> {
  return new Promise((resolve, reject) => {
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.on('open', () => reject(new Error('The connection was let in.')))
    socket.on('error', () => undefined)
  })
}

export function connect(host: TestHost): Client<SmallMethods> {
  const client = createClient<SmallMethods>(() => webSocketTransport(openSocket(host)), { firstDelayMs: 10 })
  onTestFinished(() => client.close())
  return client
}
