import { AppError } from '../contract/errors.ts'
import type { ErrorValue } from '../contract/errors.ts'
import { errorValue, withoutStack } from './error-value.ts'
import { readClientFrame } from './frames.ts'
import type { CallFrame, ServerFrame } from './frames.ts'
import type { Transport } from './transport.ts'

/** Handlers by method name, with whatever arguments and events each of them has; `Handlers` fits. */
export type HandlerTable = Readonly<
  Record<
    string,
    (
      args: never,
      context: { emit(event: never): void; signal: AbortSignal; caller: symbol },
    ) => Promise<unknown>
  >
>

/** The part of a zod type that the server uses. */
interface ArgumentCheck {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: unknown }
    | {
        readonly success: false
        readonly error: {
          readonly issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]
        }
      }
}

/** What each method accepts, by method name; `argumentChecks` fits. */
export type CheckTable = Readonly<Record<string, ArgumentCheck>>

/** What is served. */
export interface RpcService {
  readonly handlers: HandlerTable
  readonly checks: CheckTable
  /** The value of what a handler threw; unforeseen errors are `internal`. */
  toErrorValue(thrown: unknown): ErrorValue
}

export interface ServeOptions {
  /** Sent to the client first. */
  readonly version: string
  /** The most calls that may be open at once on this connection. */
  readonly maxCalls?: number
}

type AnyHandler = (
  args: unknown,
  context: { emit(event: unknown): void; signal: AbortSignal; caller: symbol },
) => Promise<unknown>

/**
 * Answers the calls that come over a transport until it closes; the calls that are then open are cancelled.
 *
 * @param service may still be on its way: calls wait for it. Where it fails, every call gets that error.
 */
export function serveRpc(
  transport: Transport,
  service: RpcService | Promise<RpcService>,
  { version, maxCalls = 256 }: ServeOptions,
): void {
  const opening = Promise.resolve(service)
  let toErrorValue = errorValue
  opening.then(
    (ready) => (toErrorValue = (thrown) => ready.toErrorValue(thrown)),
    // Each call reports this failure; without calls nobody needs to hear of it.
    () => undefined,
  )
  const calls = new Map<number, AbortController>()
  const caller = Symbol('connection')

  const answer = (frame: ServerFrame & { readonly id: number }): void => {
    try {
      transport.send(frame)
    } catch (thrown) {
      // Too long, or no JSON: the caller must hear of it all the same.
      const said = thrown instanceof Error ? thrown.message : String(thrown)
      const message = `The answer cannot be sent: ${said} Ask for less at once.`
      transport.send({ id: frame.id, error: { code: 'internal', message, details: {} } })
    }
  }

  const run = async (call: CallFrame, { signal }: AbortController): Promise<unknown> => {
    const { handlers, checks } = await untilAborted(opening, signal)
    // Cancelled after the app had opened and before this went on: a handler only hears of what comes later.
    signal.throwIfAborted()
    // Names from outside: `constructor` and `__proto__` are no methods.
    const handler = Object.hasOwn(handlers, call.method) ? handlers[call.method] : undefined
    const check = Object.hasOwn(checks, call.method) ? checks[call.method] : undefined
    if (!handler || !check) throw unknownMethod(call.method)
    const checked = check.safeParse(call.args ?? {})
    if (!checked.success) throw argumentsInvalid(call.method, checked.error.issues)
    const emit = (event: unknown): void => {
      if (calls.has(call.id) && !signal.aborted) transport.send({ id: call.id, event: event ?? null })
    }
    return (handler as AnyHandler)(checked.data, { emit, signal, caller })
  }

  const take = async (call: CallFrame): Promise<void> => {
    const { id } = call
    if (calls.size >= maxCalls) return answer({ id, error: errorValue(tooManyCalls(maxCalls)) })
    const controller = new AbortController()
    calls.set(id, controller)
    const { signal } = controller
    let outcome: ServerFrame & { readonly id: number }
    try {
      const result = await run(call, controller)
      // Work that was done in spite of the cancel is told; a stream has nothing to tell.
      outcome = signal.aborted && result == null ? { id, error: cancelled } : { id, result: result ?? null }
    } catch (thrown) {
      outcome = {
        id,
        error: signal.aborted && isAbort(thrown, signal) ? cancelled : clean(toErrorValue(thrown)),
      }
    }
    calls.delete(id)
    answer(outcome)
  }

  transport.onMessage((message) => {
    const frame = readClientFrame(message)
    // What is no frame, or calls twice under one id, does not come from a client of ours.
    if (!frame || ('method' in frame && calls.has(frame.id))) transport.close()
    else if ('cancel' in frame) calls.get(frame.id)?.abort()
    else void take(frame)
  })
  transport.onClose(() => {
    // A handler can tell a caller that has gone from one that has changed its mind.
    const gone = new AppError('connection_lost', 'Whoever asked is gone.')
    for (const controller of calls.values()) controller.abort(gone)
  })
  transport.send({ ready: true, version })
}

const cancelled: ErrorValue = { code: 'cancelled', message: 'Stopped.', details: {} }

function clean(value: ErrorValue): ErrorValue {
  return value.code === 'internal' ? { ...value, details: withoutStack(value.details) } : value
}

function unknownMethod(method: string): AppError {
  const shown = method.slice(0, 100)
  const message = `Loracle knows no method ${shown}. Reload the window: it may be of another version.`
  return new AppError('unknown_method', message, { method: shown })
}

function argumentsInvalid(
  method: string,
  issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[],
): AppError {
  const path = issues[0]?.path.map(String).join('.') ?? ''
  const where = path === '' ? 'the arguments' : path
  const message = `${method} cannot use what it was given: ${where}: ${issues[0]?.message ?? 'invalid'}.`
  return new AppError('arguments_invalid', message, { method, path })
}

function tooManyCalls(maxCalls: number): AppError {
  return new AppError('too_many_calls', `More than ${maxCalls} calls are open. Wait for some to end.`, {
    maxCalls,
  })
}

/** Errors that only say that the signal was aborted. */
function isAbort(thrown: unknown, signal: AbortSignal): boolean {
  return (
    thrown === signal.reason ||
    (thrown instanceof Error &&
      (thrown.name === 'AbortError' || ('code' in thrown && thrown.code === 'cancelled')))
  )
}

function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error)
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}
