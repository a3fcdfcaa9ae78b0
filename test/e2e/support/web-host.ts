import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { repository } from '../../main/spawn-cli.ts'

/** A running web host of the built app. */
export interface WebHost {
  readonly child: ChildProcess
  readonly address: string
  readonly home: string
  /** What it has written so far. */
  seen(): string
  /** The processes that it started and that still run: trainers. */
  trainers(): readonly number[]
  /** Ends it as a terminal's Ctrl-C does, and waits. */
  stop(): Promise<void>
}

/** Starts the built web host, as `npm start -- --web` does, with a home folder of its own; `more` beside PATH and HOME in its environment. */
export async function startWebHost(
  home: string,
  more: Readonly<Record<string, string>> = {},
): Promise<WebHost> {
  const child = spawn(
    process.execPath,
    ['out/main/web.js', '--web', '--no-open', '--port', '0', '--home', home],
    {
      cwd: repository,
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...more },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let written = ''
  const address = await new Promise<string>((resolve, reject) => {
    const look = (chunk: string): void => {
      written += chunk
      const found = /listening on (http:\S+)/.exec(written)
      if (found?.[1]) resolve(found[1])
    }
    child.stdout.setEncoding('utf8').on('data', look)
    child.stderr.setEncoding('utf8').on('data', look)
    child.on('exit', (code) => reject(new Error(`The web host ended with ${code}: ${written}`)))
  })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  return {
    child,
    address,
    home,
    seen: () => written,
    trainers: () => descendantsOf(child.pid ?? -1),
    stop: async () => {
      child.kill('SIGINT')
      const insist = setTimeout(() => child.kill('SIGKILL'), 30_000)
      await ended
      clearTimeout(insist)
    },
  }
}

/** The processes below one, by Linux's /proc. */
export function descendantsOf(pid: number): number[] {
  const parents = new Map<number, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [state, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (state !== 'Z') parents.set(Number(name), Number(parent))
    } catch {
      // It ended in between.
    }
  }
  const below = (one: number): number[] =>
    [...parents].flatMap(([child, parent]) => (parent === one ? [child, ...below(child)] : []))
  return below(pid)
}

/** The command line of a process; empty where it has ended. */
export function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
