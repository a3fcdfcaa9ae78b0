/**
 * Speaks to Loracle's host as hostile clients would, thousands of times and always alike for one seed: calls of the
 * RPC against the whole app, bytes on WebSockets, HTTP requests. Each case must end in an answer or an error with a
 * code within ten seconds, in bounded memory, with the host alive and nothing written where it does not belong.
 *
 *   npm exec -- node test/fuzz/protocol/main.ts --target rpc --seed 1 --count 100000
 *   npm exec -- node test/fuzz/protocol/main.ts --target websocket --seed 1 --only 1234
 */
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { httpRequests } from './http-requests.ts'
import { casesPerApp, fuzzRpc } from './rpc.ts'
import { printed } from './protocol-summary.ts'
import type { ProtocolOptions, ProtocolSummary } from './protocol-summary.ts'
import { websocketBytes } from './websocket-bytes.ts'
import { fuzzWire } from './wire.ts'

const targets: Readonly<Record<string, (options: ProtocolOptions) => Promise<ProtocolSummary>>> = {
  rpc: fuzzRpc,
  websocket: (options) => fuzzWire(websocketBytes, options),
  http: (options) => fuzzWire(httpRequests, options),
}

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'rpc' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100000' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})
const fuzz = Object.hasOwn(targets, values.target) ? targets[values.target] : undefined
if (!fuzz)
  throw new Error(`There is no target ${values.target}. Choose one of: ${Object.keys(targets).join(', ')}.`)
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
// What is alive is measured, not what waits to be collected.
setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc') as NodeJS.GCFunction

const seed = Number(values.seed)
const only = values.only === undefined ? null : Number(values.only)
// The cases before it in the same home folder lead up to a case of the RPC.
const leadUp = only === null || values.target !== 'rpc' ? 0 : only % casesPerApp
const start = performance.now()
const summary = await fuzz({
  seed,
  from: only === null ? Number(values.from) : only - leadUp,
  count: only === null ? Number(values.count) : leadUp + 1,
  leadUp,
  onFailure: ({ index, fault }) => {
    process.stdout.write(`--only ${index}  ${fault.replaceAll('\n', '\n  ')}\n`)
  },
  onProgress: (done) => {
    if (done % 2000 === 0)
      process.stderr.write(`${done} cases, ${Math.round((performance.now() - start) / 1000)} s\n`)
  },
})
process.stdout.write(printed(values.target, seed, summary))
process.exitCode = summary.failures.length === 0 ? 0 : 1
