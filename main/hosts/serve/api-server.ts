import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { errorValueOf } from '../../app.ts'
import type { AnsweringLoad, Client } from '../../app.ts'
import { checkAccess } from './access.ts'
import type { ApiCall } from './api-call.ts'
import { ApiError, apiErrorOf, errorBody } from './api-error.ts'
import { chatCompletions } from './chat-completions.ts'
import { completions } from './completions.ts'
import { createBodyReader } from './read-body.ts'
import { eventStream, sendError, sendJson } from './responses.ts'
import type { EventStream } from './responses.ts'
import { retryTimes } from './retry-times.ts'
import type { Served, ServedModel } from './served.ts'

export interface ApiServerOptions {
  readonly served: Served
  /** 0 takes any free port. */
  readonly port: number
  /** What clients send as `Authorization: Bearer KEY`; null lets every program of this machine in. */
  readonly key: string | null
  /** Milliseconds that a client has to send its headers, its whole request, and to take what it is sent. */
  readonly patience?: { readonly headersMs: number; readonly bodyMs: number; readonly readerMs: number }
}

export interface ApiServer {
  /** What clients take as their base URL. */
  readonly address: string
  readonly port: number
  /** Refuses what waits, ends what is streamed, and closes every connection. */
  close(): Promise<void>
}

/** Connections at once; further ones are closed. */
export const maxConnections = 512

type Handler = (body: unknown, call: ApiCall) => Promise<void>

const questions: Readonly<Record<string, Handler>> = {
  '/v1/chat/completions': chatCompletions,
  '/v1/completions': completions,
}

/**
 * Answers the requests of OpenAI's API on 127.0.0.1.
 *
 * @throws the system's error, EADDRINUSE where the port is taken
 */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { served, key, patience = { headersMs: 10_000, bodyMs: 30_000, readerMs: 30_000 } } = options
  const { headersMs, bodyMs, readerMs } = patience
  const { answering, models } = served
  const times = retryTimes()
  const retrySeconds = (): number => times.secondsFor(answering.load().waiting)
  const bodies = createBodyReader(retrySeconds)
  const ending = new AbortController()
  const began = Math.floor(Date.now() / 1000)
  const server = createServer({
    headersTimeout: headersMs,
    requestTimeout: bodyMs,
    connectionsCheckingInterval: Math.min(5_000, headersMs),
  })
  server.maxConnections = maxConnections
  await listen(server, options.port)
  const { port } = server.address() as AddressInfo

  const modelOf = (id: string | null | undefined): ServedModel => {
    const found = id == null ? models[0] : models.find((one) => one.id === id)
    if (found) return found
    const known = models.map((one) => one.id).join(' and ')
    throw new ApiError(404, 'model_not_found', `There is no model ${String(id)} here; there is ${known}.`, {
      param: 'model',
    })
  }
  const shown = ({ id }: ServedModel): object => ({
    id,
    object: 'model',
    created: began,
    owned_by: 'loracle',
  })

  const lookUp = (path: string): object | null => {
    if (path === '/v1/models') return { object: 'list', data: models.map(shown) }
    const id = /^\/v1\/models\/([^/]{1,256})$/.exec(path)?.[1]
    if (id !== undefined) return shown(modelOf(decoded(id)))
    return path === '/v1/loracle/load' ? loadOf(answering.load(), bodies.heldBytes) : null
  }

  const answer = async (request: IncomingMessage, response: ServerResponse, state: State): Promise<void> => {
    checkAccess(request, { port, key })
    const path = request.url?.split('?')[0] ?? ''
    const handler = Object.hasOwn(questions, path) ? questions[path] : undefined
    const method = handler ? 'POST' : 'GET'
    const looked = handler ? null : lookUp(path)
    if (!handler && !looked) throw new ApiError(404, 'not_found', `There is nothing at ${path}.`)
    if (request.method !== method)
      throw new ApiError(405, 'method_not_allowed', `${path} takes ${method} alone.`, {
        headers: { Allow: method },
      })
    if (ending.signal.aborted) throw endingError()
    if (!handler) return sendJson(response, looked, { readerMs })

    const gone = new AbortController()
    response.on('close', () => {
      if (!response.writableFinished) gone.abort()
    })
    const { value, release } = await bodies.read(request)
    response.on('close', release)
    if (response.destroyed) release()
    const handled = handler(value, {
      served,
      client: clientOf(value, request.socket),
      signal: AbortSignal.any([gone.signal, ending.signal]),
      modelOf,
      json: (result) => sendJson(response, result, { readerMs }),
      stream: () => (state.stream = eventStream(response, readerMs)),
    })
    await unlessEnding(handled, ending.signal)
    times.answered(state.began)
  }

  server.on('request', (request, response) => {
    const state: State = { began: performance.now(), stream: null }
    answer(request, response, state).catch(async (thrown: unknown) => {
      const error = apiErrorFor(thrown, retrySeconds(), ending.signal.aborted)
      if (state.stream?.begun) return state.stream.fail(error)
      // What is still sent is read on for a while, so that the client reads the answer instead of a broken pipe.
      if (!request.complete) {
        await drained(request)
        response.setHeader('Connection', 'close')
      }
      sendError(response, error, readerMs)
    })
  })
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket))

  return {
    address: `http://127.0.0.1:${port}/v1`,
    port,
    close: async () => {
      ending.abort()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 1_000).unref()
      await closed
    },
  }
}

function loadOf({ limitPerClient, ...load }: AnsweringLoad, heldBytes: number): object {
  return { ...load, limit_per_client: limitPerClient, held_bytes: heldBytes }
}

interface State {
  readonly began: number
  stream: EventStream | null
}

const connections = new WeakMap<Socket, symbol>()

/** A client is who it says it is in the field `user`; without it every connection is one. */
function clientOf(body: unknown, socket: Socket): Client {
  const user: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'user') : undefined
  if (typeof user === 'string' && user !== '') return `user ${user}`
  const known = connections.get(socket) ?? Symbol('connection')
  connections.set(socket, known)
  return known
}

function apiErrorFor(thrown: unknown, retrySeconds: number, isEnding: boolean): ApiError {
  if (thrown instanceof ApiError) return thrown
  return isEnding ? endingError() : apiErrorOf(errorValueOf(thrown), retrySeconds)
}

/** Does not wait for an answer that nobody wants any more: who ends the server must not wait for a model. */
async function unlessEnding(handled: Promise<void>, ending: AbortSignal): Promise<void> {
  const ended = Promise.withResolvers<never>()
  const end = (): void => ended.reject(endingError())
  if (ending.aborted) end()
  ending.addEventListener('abort', end)
  try {
    await Promise.race([handled, ended.promise])
  } finally {
    ending.removeEventListener('abort', end)
  }
}

function endingError(): ApiError {
  return new ApiError(503, 'server_ending', 'Loracle is closing. Ask again after the next start.')
}

/** Reads on what is still sent, for two seconds at most. */
function drained(request: IncomingMessage): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 2_000)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    request.once('end', done).once('close', done).once('error', done)
    request.resume()
    if (request.destroyed) done()
  })
}

const malformed: Readonly<Record<string, ApiError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new ApiError(408, 'request_timeout', 'The request came too slowly.'),
  HPE_HEADER_OVERFLOW: new ApiError(431, 'headers_too_large', 'The headers are too long.'),
}

/** Answers what is no HTTP, too slow or too long in its headers, and closes the connection. */
function refuse({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const error = malformed[code] ?? new ApiError(400, 'invalid_request', 'This is no HTTP request.')
  const body = JSON.stringify(errorBody(error))
  socket.end(
    [
      `HTTP/1.1 ${error.status} ${error.code}`,
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
  setTimeout(() => socket.destroy(), 1_000).unref()
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
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
