import { request } from 'node:http'
import type { Agent, OutgoingHttpHeaders } from 'node:http'

export interface ApiTarget {
  readonly port: number
  readonly key: string | null
}

export interface ApiRequest {
  readonly method?: string
  /** Sent as JSON where it is no text. */
  readonly body?: unknown
  readonly headers?: OutgoingHttpHeaders
  readonly agent?: Agent
  /** Aborting it breaks the connection, as a client does that goes away. */
  readonly signal?: AbortSignal
  /** Every piece of a streamed answer as it comes. */
  readonly onChunk?: (text: string) => void
}

export interface ApiReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** One request over a plain connection. */
export function callApi(target: ApiTarget, path: string, options: ApiRequest = {}): Promise<ApiReply> {
  const { body, headers = {}, agent, signal, onChunk, method = body === undefined ? 'GET' : 'POST' } = options
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port: target.port,
        path,
        method,
        headers: {
          ...(target.key === null ? {} : { Authorization: `Bearer ${target.key}` }),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...headers,
        },
        agent: agent ?? false,
        ...(signal ? { signal } : {}),
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => {
          text += chunk
          onChunk?.(chunk)
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        )
        response.on('error', reject)
      },
    )
    sent.on('error', reject)
    sent.end(body === undefined || typeof body === 'string' ? body : JSON.stringify(body))
  })
}

interface Choice {
  readonly text?: string
  readonly delta?: { readonly content?: string }
  readonly message?: { readonly content: string }
}

interface Answered {
  readonly choices: readonly Choice[]
}

/** The answer's text, streamed or not. */
export function answerText({ text, headers }: ApiReply): string {
  const streamed = String(headers['content-type']).startsWith('text/event-stream')
  const parts = (streamed ? streamedEvents(text) : [JSON.parse(text)]) as Answered[]
  return parts
    .flatMap(({ choices }) => choices)
    .map(({ text: plain, delta, message }) => plain ?? delta?.content ?? message?.content ?? '')
    .join('')
}

/** The events of a stream, without the mark of the end; throws where that is missing. */
export function streamedEvents(text: string): unknown[] {
  const events = text.split('\n\n').filter((part) => part !== '')
  if (events.pop() !== 'data: [DONE]') throw new Error(`The stream has no end: ${text}`)
  return events.map((event) => JSON.parse(event.replace(/^data: /, '')) as unknown)
}
