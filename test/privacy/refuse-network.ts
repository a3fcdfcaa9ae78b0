/**
 * Preloaded into every Node process of a journey (`NODE_OPTIONS=--require`): refuses whatever would leave the process by a
 * network, this machine's own included, and notes it in the file that LORACLE_NETWORK_LOG names. What listens still
 * may, and what a test brings in by it. Native code is not seen here: see trace.ts.
 */
import { appendFileSync } from 'node:fs'
import dgram from 'node:dgram'
import dns from 'node:dns'
import net from 'node:net'

const log = process.env['LORACLE_NETWORK_LOG']

function refused(what: string): Error {
  if (log !== undefined) appendFileSync(log, `${what}\n`)
  return Object.assign(new Error(`connect ECONNREFUSED (${what})`), { code: 'ECONNREFUSED', errno: -111 })
}

type Callback = (error: Error) => void

/** The callback at the end of a call's arguments, which Node calls with an error. */
function callbackOf(args: readonly unknown[]): Callback {
  const last = args.at(-1)
  return typeof last === 'function' ? (last as Callback) : () => undefined
}

type Ask = (...args: unknown[]) => unknown

/** Refuses to ask for a name. An address is its own answer, and a server that listens asks for it so. */
function refusing(name: string, ask: Ask, fail: (error: Error, args: readonly unknown[]) => unknown): Ask {
  return function (this: unknown, ...args) {
    if (name === 'lookup' && net.isIP(String(args[0])) !== 0) return ask.apply(this, args)
    return fail(refused(`${name} ${String(args[0])}`), args)
  }
}

const later = (error: Error, args: readonly unknown[]): void =>
  process.nextTick(() => callbackOf(args)(error))
const rejected = (error: Error): Promise<never> => Promise.reject(error)
// Names are looked up before they are connected to: both say what was wanted.
const asks = [
  'lookup',
  'lookupService',
  'resolve',
  'resolve4',
  'resolve6',
  'resolveAny',
  'resolveTxt',
  'reverse',
]
for (const [owner, fail] of [
  [dns, later],
  [dns.Resolver.prototype, later],
  [dns.promises, rejected],
  [dns.promises.Resolver.prototype, rejected],
] as const) {
  const methods = owner as unknown as Record<string, Ask | undefined>
  for (const name of asks) {
    const ask = methods[name]
    if (ask) methods[name] = refusing(name, ask, fail)
  }
}

/** What `connect` was given, in any of its forms: a port and a host, options, or a path. */
function targetOf(args: readonly unknown[]): string {
  const first = Array.isArray(args[0]) ? (args[0] as readonly unknown[])[0] : args[0]
  if (typeof first !== 'object' || first === null) return `${String(args[1] ?? 'localhost')}:${String(first)}`
  const { host = 'localhost', port, path } = first as Readonly<Record<string, unknown>>
  return path === undefined || path === null ? `${String(host)}:${String(port)}` : `path ${String(path)}`
}

Object.assign(net.Socket.prototype, {
  connect(this: net.Socket, ...args: unknown[]): net.Socket {
    const error = refused(`connect ${targetOf(args)}`)
    process.nextTick(() => this.destroy(error))
    return this
  },
})
for (const name of ['send', 'connect'])
  Object.assign(dgram.Socket.prototype, {
    [name](...args: unknown[]): void {
      const error = refused(`datagram ${args.filter((one) => typeof one !== 'object').join(' ')}`)
      process.nextTick(() => callbackOf(args)(error))
    },
  })
