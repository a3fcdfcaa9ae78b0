import { describe, expect, test } from 'vitest'
import { AppError } from '../../../main/contract/errors.ts'
import { createClient } from '../../../main/rpc/client.ts'
import type { Client } from '../../../main/rpc/client.ts'
import { maxFrameLength } from '../../../main/rpc/frames.ts'
import { memoryTransportPair } from '../../support/memory-transport.ts'
import { serveRpc } from '../../../main/rpc/server.ts'
import type { RpcService } from '../../../main/rpc/server.ts'
import { textTransport } from '../../../main/rpc/text-transport.ts'
import type { Transport } from '../../../main/rpc/transport.ts'
import { smallApp } from './small-app.ts'
import type { SmallMethods, SmallState } from './small-app.ts'

function joined(
  service: RpcService | Promise<RpcService> = smallApp(),
  options: { readonly maxCalls?: number } = {},
): { client: Client<SmallMethods>; cut: () => void } {
  let server: Transport | undefined
  const client = createClient<SmallMethods>(
    () => {
      const [near, far] = memoryTransportPair()
      server = far
      serveRpc(far, service, { version: '1.2.3', ...options })
      return near
    },
    { firstDelayMs: 5, maxDelayMs: 20 },
  )
  return { client, cut: () => server?.close() }
}

const rejection = async (promise: Promise<unknown>): Promise<AppError> => {
  const thrown: unknown = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(thrown instanceof AppError)) throw new Error(`expected an AppError, got ${String(thrown)}`)
  return thrown
}

describe('calls', () => {
  test('a call made before the connection is ready is answered', async () => {
    const { client } = joined()
    expect(await client.call('echo', { text: 'Grüße\u{1F600}\0' })).toEqual({ text: 'Grüße\u{1F600}\0' })
  })

  test('events come in order, all of them before the result', async () => {
    const { client } = joined()
    const seen: number[] = []
    const result = await client.call('count', { to: 5000 }, { onEvent: (n) => seen.push(n) })
    expect(result).toEqual({ counted: 5000 })
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, index) => index + 1))
  })

  test('an error keeps its code, its sentence and its details', async () => {
    const { client } = joined()
    const error = await rejection(client.call('fail', { how: 'known' }))
    expect(error).toMatchObject({
      code: 'project_missing',
      message: 'There is no such project.',
      details: { id: 7 },
    })
  })

  test('an unforeseen error is internal and keeps its stack to itself', async () => {
    const { client } = joined()
    const error = await rejection(client.call('fail', { how: 'odd' }))
    expect(error.code).toBe('internal')
    expect(error.message).toContain('the cat sat on it')
    expect(JSON.stringify([error.message, error.details])).not.toContain('small-app')
  })

  test.each(['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'nothing'])(
    'the name %s is no method',
    async (name) => {
      const { client } = joined()
      expect((await rejection(client.call(name as 'echo', { text: '' }))).code).toBe('unknown_method')
    },
  )

  test('arguments that do not fit are refused with their path', async () => {
    const { client } = joined()
    const error = await rejection(client.call('echo', { text: 7 as unknown as string }))
    expect(error).toMatchObject({ code: 'arguments_invalid', details: { method: 'echo', path: 'text' } })
    const more = { text: '', more: 1 }
    expect((await rejection(client.call('echo', more))).code).toBe('arguments_invalid')
  })

  test('arguments too long to be sent fail alone', async () => {
    const { client } = joined()
    const long = client.call('echo', { text: 'x'.repeat(maxFrameLength) })
    const short = client.call('echo', { text: 'short' })
    expect((await rejection(long)).code).toBe('arguments_invalid')
    expect(await short).toEqual({ text: 'short' })
  })

  test('a result too long to be sent is an error of that call', async () => {
    const { client } = joined()
    expect((await rejection(client.call('fill', { length: maxFrameLength }))).code).toBe('internal')
    expect(await client.call('fill', { length: 3 })).toBe('xxx')
  })

  test('no more calls than the limit are open at once', async () => {
    const { client } = joined(smallApp(), { maxCalls: 3 })
    const stop = new AbortController()
    const watches = [1, 2, 3].map(() => rejection(client.call('watch', {}, { signal: stop.signal })))
    expect((await rejection(client.call('watch', {}))).code).toBe('too_many_calls')
    stop.abort()
    expect((await Promise.all(watches)).map(({ code }) => code)).toEqual([
      'cancelled',
      'cancelled',
      'cancelled',
    ])
    expect(await client.call('echo', { text: 'room' })).toEqual({ text: 'room' })
  })
})

describe('cancelling', () => {
  test('a call at work is told and ends as cancelled', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const { client } = joined(smallApp(state))
    const stop = new AbortController()
    const ended = rejection(client.call('watch', {}, { signal: stop.signal, onEvent: () => stop.abort() }))
    expect((await ended).code).toBe('cancelled')
    expect(state).toMatchObject({ started: 1, watchers: 0 })
  })

  test('a call that waits for the handlers ends at once', async () => {
    const { client } = joined(new Promise<RpcService>(() => undefined))
    const stop = new AbortController()
    const ended = rejection(client.call('echo', { text: '' }, { signal: stop.signal }))
    setTimeout(() => stop.abort(), 5)
    expect((await ended).code).toBe('cancelled')
  })

  test('a call with a signal already aborted is never made', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const { client } = joined(smallApp(state))
    expect((await rejection(client.call('watch', {}, { signal: AbortSignal.abort() }))).code).toBe(
      'cancelled',
    )
    await client.call('echo', { text: '' })
    expect(state.started).toBe(0)
  })

  test('the end of the connection cancels what is at work', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const { client } = joined(smallApp(state))
    let begun = (): void => undefined
    const first = new Promise<void>((resolve) => (begun = resolve))
    const ended = rejection(client.call('watch', {}, { onEvent: () => begun() }))
    await first
    client.close()
    expect((await ended).code).toBe('cancelled')
    await expect.poll(() => state.watchers).toBe(0)
  })
})

describe('until the handlers are ready', () => {
  test('calls wait and are answered in the order in which they were made', async () => {
    const order: string[] = []
    const { promise, resolve: open } = Promise.withResolvers<RpcService>()
    const { client } = joined(promise)
    const calls = ['a', 'b', 'c'].map(async (text) => order.push((await client.call('echo', { text })).text))
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(order).toEqual([])
    open(smallApp())
    await Promise.all(calls)
    expect(order).toEqual(['a', 'b', 'c'])
  })

  test('where they cannot be had, every call says why', async () => {
    const error = new AppError('store_in_use', 'Another Loracle has this folder open. Close it first.')
    const { client } = joined(Promise.reject(error))
    for (const text of ['before', 'after'])
      expect(await rejection(client.call('echo', { text }))).toMatchObject({
        code: 'store_in_use',
        message: error.message,
      })
  })
})

describe('a lost connection', () => {
  test('a watch begins again, another call fails, later calls wait', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const { client, cut } = joined(smallApp(state))
    const states: string[] = []
    client.onStatus((status) => states.push(status.state))
    const events: number[] = []
    const stop = new AbortController()
    const onEvent = (event: { readonly started: number }): void => void events.push(event.started)
    const kept = rejection(client.call('watch', {}, { retry: true, signal: stop.signal, onEvent }))
    const lost = rejection(client.call('watch', {}))
    await expect.poll(() => state.watchers).toBe(2)
    cut()
    expect((await lost).code).toBe('connection_lost')
    expect(await client.call('echo', { text: 'later' })).toEqual({ text: 'later' })
    await expect.poll(() => events).toEqual([1, 3])
    stop.abort()
    expect((await kept).code).toBe('cancelled')
    await expect.poll(() => state.watchers).toBe(0)
    expect(states).toEqual(['connecting', 'ready', 'lost', 'connecting', 'ready'])
  })

  test('is tried again at once where that is asked for', async () => {
    const { client, cut } = joined(smallApp({ watchers: 0, started: 0, disposed: false }))
    await client.call('echo', { text: 'first' })
    const states: string[] = []
    client.onStatus((status) => states.push(status.state))
    cut()
    await expect.poll(() => states).toContain('lost')
    client.reconnect()
    client.reconnect()
    expect(states).toEqual(['ready', 'lost', 'connecting'])
    expect(await client.call('echo', { text: 'later' })).toEqual({ text: 'later' })
  })

  test('a call cancelled while there is no connection is not made again', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const { client, cut } = joined(smallApp(state))
    const stop = new AbortController()
    const ended = rejection(client.call('watch', {}, { retry: true, signal: stop.signal }))
    await expect.poll(() => state.watchers).toBe(1)
    client.onStatus(({ state: now }) => {
      if (now === 'lost') stop.abort()
    })
    cut()
    expect((await ended).code).toBe('cancelled')
    await client.call('echo', { text: '' })
    expect(state.started).toBe(1)
  })
})

describe('foreign frames', () => {
  test.each<[string, unknown]>([
    ['a number', 7],
    ['a list', []],
    ['no id', { method: 'echo' }],
    ['an id that is no integer', { id: 1.5, method: 'echo' }],
    ['a method that is no text', { id: 1, method: { toString: 'echo' } }],
    ['a server frame', { id: 1, result: 1 }],
  ])('%s closes the connection', async (_name, frame) => {
    const [near, far] = memoryTransportPair()
    serveRpc(far, smallApp(), { version: '1' })
    const closed = new Promise<void>((resolve) => near.onClose(resolve))
    near.send(frame as never)
    await closed
  })

  test('an id that is in use closes the connection and cancels its call', async () => {
    const state: SmallState = { watchers: 0, started: 0, disposed: false }
    const [near, far] = memoryTransportPair()
    serveRpc(far, smallApp(state), { version: '1' })
    const closed = new Promise<void>((resolve) => near.onClose(resolve))
    near.send({ id: 1, method: 'watch', args: {} })
    near.send({ id: 1, method: 'watch', args: {} })
    await closed
    await expect.poll(() => state.watchers).toBe(0)
  })

  test.each(['cancelled', 'gone'])('a caller %s at any moment leaves nothing at work', async (how) => {
    for (let turns = 0; turns < 10; turns++) {
      const state: SmallState = { watchers: 0, started: 0, disposed: false }
      const sent: string[] = []
      const transport = textTransport({ send: (text) => sent.push(text), close: () => undefined })
      serveRpc(transport, smallApp(state), { version: '1' })
      transport.receive('{"id":1,"method":"watch","args":{}}')
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      if (how === 'gone') transport.closed()
      else transport.receive('{"id":1,"cancel":true}')
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect([turns, state.watchers]).toEqual([turns, 0])
      if (how === 'cancelled') expect(sent.at(-1)).toMatch(/^{"id":1,"error":{"code":"cancelled"/)
    }
  })

  test('a cancel of a call that is over is ignored', async () => {
    const [near, far] = memoryTransportPair()
    serveRpc(far, smallApp(), { version: '1' })
    const frames: unknown[] = []
    near.onMessage((frame) => frames.push(frame))
    near.send({ id: 9, cancel: true })
    near.send({ id: 1, method: 'echo', args: { text: 'a' } })
    await expect
      .poll(() => frames)
      .toEqual([
        { ready: true, version: '1' },
        { id: 1, result: { text: 'a' } },
      ])
  })
})
