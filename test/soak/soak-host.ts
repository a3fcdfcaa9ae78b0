import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import type { Methods } from '../../main/contract/methods.ts'
import type { Client } from '../../main/rpc/client.ts'
import { repository } from '../main/spawn-cli.ts'
import { connectTo } from './connect.ts'
import { openInspector } from './inspector.ts'
import type { Inspector } from './inspector.ts'
import { childrenOf } from './process-figures.ts'

/** The built web host, whose process and trainers can be looked into. */
export interface SoakHost {
  readonly pid: number
  readonly child: ChildProcess
  readonly address: string
  readonly inspector: Inspector
  /** A window's connection, without the window. */
  connect(): Client<Methods>
  /** The inspector of the trainer process of that id. */
  inspectTrainer(pid: number): Promise<Inspector>
  /** Processes that it has started and that are there still. */
  trainers(): readonly number[]
  /** All that it and its trainers have written. */
  seen(): string
  /** Ends it as a terminal's Ctrl-C does, and waits. */
  stop(): Promise<void>
}

const listening = /Debugger listening on (ws:\S+)/g

/** Starts the built web host on a home folder, with the inspector open in it and in every trainer. */
export async function startSoakHost(home: string): Promise<SoakHost> {
  const child = spawn(
    process.execPath,
    ['out/main/web.js', '--web', '--no-open', '--port', '0', '--home', home],
    {
      cwd: repository,
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        NODE_OPTIONS: '--inspect=127.0.0.1:0',
        // Passes on what trainers write, where their inspectors are among it.
        LORACLE_DEBUG: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  let written = ''
  const address = await new Promise<string>((resolve, reject) => {
    const look = (chunk: string): void => {
      written += chunk
      const found = /Loracle is listening on (http:\S+)/.exec(written)
      if (found?.[1]) resolve(found[1])
    }
    child.stdout.setEncoding('utf8').on('data', look)
    child.stderr.setEncoding('utf8').on('data', look)
    child.on('exit', (code) => reject(new Error(`The web host ended with ${code}: ${written}`)))
  })
  const inspectors = (): string[] => [...written.matchAll(listening)].flatMap(([, found]) => found ?? [])
  const pid = child.pid ?? -1
  const inspector = await openInspector(inspectors()[0] ?? '')
  const clients: Client<Methods>[] = []
  return {
    pid,
    child,
    address,
    inspector,
    connect: () => {
      const { client } = connectTo(address)
      clients.push(client)
      return client
    },
    inspectTrainer: async (trainer) => {
      for (const found of inspectors().reverse()) {
        const opened = await openInspector(found).catch(() => null)
        if ((await opened?.evaluate('process.pid').catch(() => null)) === trainer && opened) return opened
        opened?.close()
      }
      throw new Error(`The process ${trainer} has no inspector that could be opened.`)
    },
    trainers: () => childrenOf(pid).map((found) => found.pid),
    seen: () => written,
    stop: async () => {
      clients.forEach((client) => client.close())
      inspector.close()
      child.kill('SIGINT')
      const insist = setTimeout(() => child.kill('SIGKILL'), 60_000)
      await ended
      clearTimeout(insist)
    },
  }
}
