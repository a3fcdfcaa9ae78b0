import type { ServerResponse } from 'node:http'
import { errorBody } from './api-error.ts'
import type { ApiError } from './api-error.ts'

/** A reader that has let so many bytes pile up no longer reads. */
const maxBuffered = 256 * 1024

/** Answers with JSON; a reader that does not take it in time is let go. */
export function sendJson(
  response: ServerResponse,
  value: unknown,
  { status = 200, headers = {}, readerMs }: JsonOptions,
): void {
  if (response.destroyed || response.headersSent) return
  const body = JSON.stringify(value)
  response.writeHead(status, {
    'Content-Type': 'application/json; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  })
  response.end(body)
  letGoUnread(response, readerMs)
}

export interface JsonOptions {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly readerMs: number
}

export function sendError(response: ServerResponse, error: ApiError, readerMs: number): void {
  sendJson(response, errorBody(error), { status: error.status, headers: error.headers, readerMs })
}

/** Server-sent events as the OpenAI API streams them. */
export interface EventStream {
  readonly begun: boolean
  send(value: unknown): void
  /** Sends the mark of the end. */
  end(): void
  /** Tells an error in the stream, or as the answer where nothing was sent yet. */
  fail(error: ApiError): void
}

/** A stream whose headers go with its first event. A reader that does not read is let go. */
export function eventStream(response: ServerResponse, readerMs: number): EventStream {
  let stalled: NodeJS.Timeout | undefined
  response.on('drain', () => {
    clearTimeout(stalled)
    stalled = undefined
  })
  response.on('close', () => clearTimeout(stalled))
  const write = (text: string): void => {
    if (response.destroyed) return
    if (!response.headersSent)
      response.writeHead(200, {
        'Content-Type': 'text/event-stream; charset=utf-8',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
      })
    const taken = response.write(`data: ${text}\n\n`)
    if (response.writableLength > maxBuffered) response.destroy()
    else if (!taken) stalled ??= setTimeout(() => response.destroy(), readerMs)
  }
  const finish = (): void => {
    response.end()
    letGoUnread(response, readerMs)
  }
  return {
    get begun() {
      return response.headersSent
    },
    send: (value) => write(JSON.stringify(value)),
    end: () => {
      write('[DONE]')
      finish()
    },
    fail: (error) => {
      if (!response.headersSent) {
        sendError(response, error, readerMs)
        return
      }
      write(JSON.stringify(errorBody(error)))
      finish()
    },
  }
}

function letGoUnread(response: ServerResponse, readerMs: number): void {
  if (response.writableFinished) return
  const timer = setTimeout(() => response.destroy(), readerMs)
  timer.unref()
  response.once('close', () => clearTimeout(timer))
}
