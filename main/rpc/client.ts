import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'
import { readServerFrame } from './frames.ts'
import type { ServerFrame } from './frames.ts'
import { FrameTooLargeError } from './transport.ts'
import type { Transport } from './transport.ts'

interface Method {
  readonly args: unknown
  readonly result: unknown
  readonly event: unknown
}

export interface CallOptions<E> {
  readonly onEvent?: (event: E) => void
  readonly signal?: AbortSignal
  /**
   * True for a call that may be made again when the connection was lost: a watch. Its events then begin anew.
   * Any other open call fails with `connection_lost`, since nobody knows how far it came.
   */
  readonly retry?: boolean
}

export type ConnectionStatus =
  | { readonly state: 'connecting' }
  | { readonly state: 'ready'; readonly version: string }
  /** The connection was lost or refused; the next attempt comes after `retryInMs`. */
  | { readonly state: 'lost'; readonly attempts: number; readonly retryInMs: number }
  | { readonly state: 'closed' }

export interface Client<T extends { readonly [M in keyof T]: Method }> {
  /** @throws AppError with the code that the server gave, or `connection_lost`, or `cancelled` */
  call<M extends keyof T & string>(
    method: M,
    args: T[M]['args'],
    options?: CallOptions<T[M]['event']>,
  ): Promise<T[M]['result']>
  /** Calls the listener with the present status and with every change. @returns a function that ends this */
  onStatus(listener: (status: ConnectionStatus) => void): () => void
  /** Where the connection is lost, makes the next attempt now rather than after its delay. */
  reconnect(): void
  /** Ends all calls with `cancelled` and connects no more. */
  close(): void
}

interface OpenCall {
  readonly method: string
  readonly args: unknown
  readonly options: CallOptions<unknown>
  readonly resolve: (result: unknown) => void
  readonly reject: (error: AppError) => void
  sent: boolean
}

export interface ClientOptions {
  /** Milliseconds before the first new attempt; doubled from one to the next. */
  readonly firstDelayMs?: number
  readonly maxDelayMs?: number
}

/**
 * A client that connects at once, keeps calls until the server is ready, and connects again when the connection
 * is lost.
 *
 * @param open makes a transport; it may still be opening, since nothing is sent before the server's first frame
 *
 * ```ts
 * const client = createClient<Methods>(() => webSocketTransport(new WebSocket(address)))
 * await client.call('runs.watch', { runId }, { onEvent: show, signal, retry: true })
 * ```
 */
export function createClient<T extends { readonly [M in keyof T]: Method }>(
  open: () => Transport,
  { firstDelayMs = 250, maxDelayMs = 5_000 }: ClientOptions = {},
): Client<T> {
  // In the order in which they were made, which is the order in which they are sent.
  const calls = new Map<number, OpenCall>()
  const statusListeners = new Set<(status: ConnectionStatus) => void>()
  let status: ConnectionStatus = { state: 'connecting' }
  let transport: Transport | undefined
  let nextId = 1
  let attempts = 0
  let timer: ReturnType<typeof setTimeout> | undefined

  const setStatus = (next: ConnectionStatus): void => {
    status = next
    for (const listener of statusListeners) listener(next)
  }

  const sendCall = (id: number, call: OpenCall): void => {
    call.sent = true
    try {
      transport?.send({ id, method: call.method, args: call.args ?? null })
    } catch (thrown) {
      if (!(thrown instanceof FrameTooLargeError)) throw thrown
      calls.delete(id)
      call.reject(new AppError('arguments_invalid', thrown.message, { method: call.method }))
    }
  }

  const receive = (frame: ServerFrame): void => {
    if ('ready' in frame) {
      attempts = 0
      setStatus({ state: 'ready', version: frame.version })
      for (const [id, call] of [...calls]) if (!call.sent) sendCall(id, call)
      return
    }
    const call = calls.get(frame.id)
    if (!call) return
    if ('event' in frame) {
      call.options.onEvent?.(frame.event)
      return
    }
    calls.delete(frame.id)
    if ('result' in frame) call.resolve(frame.result)
    else call.reject(asAppError(frame.error))
  }

  const lost = (): void => {
    transport = undefined
    if (status.state === 'closed') return
    for (const [id, call] of [...calls]) {
      if (!call.sent) continue
      call.sent = false
      if (call.options.signal?.aborted) settle(id, cancelledError())
      else if (call.options.retry !== true) settle(id, connectionLost(call.method))
    }
    const delay = Math.min(firstDelayMs * 2 ** attempts, maxDelayMs)
    attempts += 1
    // Clients that lost one server do not all come back in the same instant.
    const retryInMs = Math.round(delay * (0.75 + Math.random() / 4))
    setStatus({ state: 'lost', attempts, retryInMs })
    timer = setTimeout(connect, retryInMs)
  }

  function settle(id: number, error: AppError): void {
    const call = calls.get(id)
    calls.delete(id)
    call?.reject(error)
  }

  function connect(): void {
    const current = open()
    transport = current
    setStatus({ state: 'connecting' })
    current.onMessage((message) => {
      const frame = readServerFrame(message)
      if (frame) receive(frame)
      else current.close()
    })
    current.onClose(lost)
  }

  connect()

  return {
    call: (method, args, options = {}) =>
      new Promise<never>((resolve, reject) => {
        const { signal } = options
        if (status.state === 'closed' || signal?.aborted) {
          reject(cancelledError())
          return
        }
        const id = nextId++
        const cancel = (): void => {
          if (calls.get(id)?.sent) transport?.send({ id, cancel: true })
          else settle(id, cancelledError())
        }
        const done = (): void => signal?.removeEventListener('abort', cancel)
        signal?.addEventListener('abort', cancel, { once: true })
        const call: OpenCall = {
          method,
          args,
          options: options as CallOptions<unknown>,
          resolve: (result) => {
            done()
            resolve(result as never)
          },
          reject: (error) => {
            done()
            reject(error)
          },
          sent: false,
        }
        calls.set(id, call)
        if (status.state === 'ready') sendCall(id, call)
      }),
    onStatus: (listener) => {
      statusListeners.add(listener)
      listener(status)
      return () => statusListeners.delete(listener)
    },
    reconnect: () => {
      if (status.state !== 'lost') return
      clearTimeout(timer)
      connect()
    },
    close: () => {
      if (status.state === 'closed') return
      clearTimeout(timer)
      setStatus({ state: 'closed' })
      for (const id of [...calls.keys()]) settle(id, cancelledError())
      transport?.close()
    },
  }
}

function asAppError({ code, message, details }: ErrorValue): AppError {
  return new AppError(code, message, details)
}

function cancelledError(): AppError {
  return new AppError('cancelled', 'Stopped.')
}

function connectionLost(method: string): AppError {
  return new AppError(
    'connection_lost',
    'The connection to Loracle was lost before the answer came. See whether it is still running, then try again.',
    { method },
  )
}
