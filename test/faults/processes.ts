/** Real hosts and trainers to be killed, stopped and starved: started as a person starts them, called as a window calls. */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { WebSocket } from 'ws'
import type { Methods } from '../../main/contract/methods.ts'
import { createClient } from '../../main/rpc/client.ts'
import type { Client } from '../../main/rpc/client.ts'
import { webSocketTransport } from '../../main/rpc/web-socket-transport.ts'
import { repository } from '../main/spawn-cli.ts'

export interface HostOptions {
  readonly home: string
  /** True for the sources, false for the build in `out/`. */
  readonly fromSource: boolean
  /** Modules of `preloads/` that host and trainers load first, and what these read from the environment. */
  readonly preloads?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface FaultyHost {
  readonly pid: number
  readonly call: Client<Methods>['call']
  /** The pids of every trainer that was started over this home, whatever host started it. */
  trainers(): readonly number[]
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void
  /** What the host has written. */
  seen(): string
  /** Resolves when it has ended, with its exit code. */
  readonly ended: Promise<number | null>
  /** Ends it as Ctrl-C does. */
  quit(): Promise<void>
}

const pidFolder = (home: string): string => `${home}-processes`

/** Starts the web host over a home folder and connects to it. The caller ends it by `quit`, or kills it. */
export async function startHost(options: HostOptions): Promise<FaultyHost> {
  const { home, fromSource, preloads = [], env = {} } = options
  mkdirSync(pidFolder(home), { recursive: true })
  const modules = ['note-process', ...preloads].map((name) =>
    pathToFileURL(join(import.meta.dirname, 'preloads', `${name}.ts`)),
  )
  const entry = fromSource ? 'main/hosts/web/main.ts' : 'out/main/web.js'
  const child = spawn(process.execPath, [entry, '--web', '--no-open', '--port', '0', '--home', home], {
    cwd: repository,
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      NODE_OPTIONS: modules.map(({ href }) => `--import=${href}`).join(' '),
      LORACLE_FAULT_PROCESSES: pidFolder(home),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let written = ''
  const address = Promise.withResolvers<string>()
  const look = (chunk: string): void => {
    written += chunk
    const found = /listening on (http:\S+)/.exec(written)
    if (found?.[1]) address.resolve(found[1])
  }
  child.stdout.setEncoding('utf8').on('data', look)
  child.stderr.setEncoding('utf8').on('data', look)
  const ended = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  void ended.then((code) => address.reject(new HostEnded(`The host ended (${code}): ${written}`)))
  const client = address.promise.then((found) =>
    createClient<Methods>(() => webSocketTransport(openSocket(new URL(found))), { firstDelayMs: 20 }),
  )
  // A host that is killed while it starts has no address, which is for `call` to tell.
  client.catch(() => undefined)
  void ended.then(() => client.then((connected) => connected.close())).catch(() => undefined)
  return {
    pid: child.pid ?? 0,
    call: async (method, args, options) => (await client).call(method, args, options),
    trainers: () => trainersOf(home),
    kill: (signal) => void child.kill(signal),
    seen: () => written,
    ended,
    quit: async () => {
      child.kill('SIGINT')
      const insist = setTimeout(() => child.kill('SIGKILL'), 30_000)
      await ended
      clearTimeout(insist)
    },
  }
}

/** The host went before it was connected to. */
export class HostEnded extends Error {}

function openSocket(address: URL): WebSocket {
  const { port, searchParams, origin } = address
  const cookie = `loracle-${port}=${searchParams.get('token') ?? ''}`
  return new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers: { Cookie: cookie, Origin: origin } })
}

/** The trainers that were started over a home folder and still run. */
export function trainersOf(home: string): readonly number[] {
  return readdirSync(pidFolder(home))
    .flatMap((name) => Number(/^trainer-(\d+)$/.exec(name)?.[1] ?? NaN) || [])
    .filter(isRunning)
}

/** True while a process runs; one that has ended and was not yet reaped by its parent does not. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  if (process.platform !== 'linux') return true
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    return false
  }
}
