import { expect, test } from 'vitest'
import { httpRequests } from '../../fuzz/protocol/http-requests.ts'
import { fuzzRpc } from '../../fuzz/protocol/rpc.ts'
import { websocketBytes } from '../../fuzz/protocol/websocket-bytes.ts'
import { fuzzWire } from '../../fuzz/protocol/wire.ts'

// The long runs, by hand: npm exec -- node test/fuzz/protocol/main.ts --target rpc --seed 1 --count 100000
test('hostile HTTP requests are answered or refused, and the owner is served', async () => {
  const { failures, outcomes } = await fuzzWire(httpRequests, { seed: 7, from: 0, count: 250 })
  expect(failures).toEqual([])
  for (const status of ['200', '400', '401', '403', '404']) expect(outcomes[status]).toBeGreaterThan(0)
})

test('hostile bytes on WebSockets end their connection alone', async () => {
  const { failures, outcomes } = await fuzzWire(websocketBytes, { seed: 7, from: 0, count: 150 })
  expect(failures).toEqual([])
  for (const outcome of ['101', '400', 'end 1002']) expect(outcomes[outcome]).toBeGreaterThan(0)
})

test('hostile calls are answered with results or codes by the whole app', async () => {
  const { failures, outcomes } = await fuzzRpc({ seed: 7, from: 0, count: 120 })
  expect(failures).toEqual([])
  for (const outcome of ['result', 'arguments_invalid', 'unknown_method', 'cancelled'])
    expect(outcomes[outcome]).toBeGreaterThan(0)
})
