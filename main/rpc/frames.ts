/**
 * What goes over a transport, as plain JSON data. A call is one frame from the client, any number of events and
 * then exactly one result or error from the server. `undefined` does not exist on the way: it becomes null.
 */
import type { ErrorValue } from '../contract/errors.ts'

export interface CallFrame {
  /** Chosen by the client; unique among its open calls. */
  readonly id: number
  readonly method: string
  readonly args: unknown
}

export interface CancelFrame {
  readonly id: number
  readonly cancel: true
}

export type ClientFrame = CallFrame | CancelFrame

/** The server's first frame: from now on it takes calls. */
export interface ReadyFrame {
  readonly ready: true
  readonly version: string
}

export interface EventFrame {
  readonly id: number
  readonly event: unknown
}

export interface ResultFrame {
  readonly id: number
  readonly result: unknown
}

export interface ErrorFrame {
  readonly id: number
  readonly error: ErrorValue
}

export type ServerFrame = ReadyFrame | EventFrame | ResultFrame | ErrorFrame

export type Frame = ClientFrame | ServerFrame

/** The most characters that a frame may have as JSON text, either way. */
export const maxFrameLength = 8 * 1024 * 1024

/** What a client sent, where it is a frame at all. */
export function readClientFrame(value: unknown): ClientFrame | undefined {
  if (!isRecord(value)) return undefined
  const { id, method, cancel } = value
  if (!Number.isSafeInteger(id)) return undefined
  if (cancel === true) return { id: id as number, cancel }
  return typeof method === 'string' ? { id: id as number, method, args: value['args'] } : undefined
}

/** What a server sent, where it is a frame at all. */
export function readServerFrame(value: unknown): ServerFrame | undefined {
  if (!isRecord(value)) return undefined
  const { ready, version, error } = value
  if (ready === true) return { ready, version: String(version) }
  const id = value['id']
  if (typeof id !== 'number') return undefined
  if (Object.hasOwn(value, 'event')) return { id, event: value['event'] }
  if (Object.hasOwn(value, 'result')) return { id, result: value['result'] }
  return isErrorValue(error) ? { id, error } : undefined
}

function isErrorValue(value: unknown): value is ErrorValue {
  return isRecord(value) && typeof value['code'] === 'string' && typeof value['message'] === 'string'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
