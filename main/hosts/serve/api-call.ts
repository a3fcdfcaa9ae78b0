import type { Client } from '../../app.ts'
import type { EventStream } from './responses.ts'
import type { Served, ServedModel } from './served.ts'

/** One request, as the handlers of the API see it. */
export interface ApiCall {
  readonly served: Served
  /** Whose turn it is: clients take turns, and each one is answered in its order. */
  readonly client: Client
  /** Aborted when the client is gone or the server ends. */
  readonly signal: AbortSignal
  /** The model of an id, the first where none is named. @throws ApiError 404. */
  modelOf(id: string | null | undefined): ServedModel
  json(value: unknown): void
  /** The answer as a stream of events; what is thrown afterwards is told in it. */
  stream(): EventStream
}
