import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { repository } from '../../main/spawn-cli.ts'
import { launchElectron } from '../../support/electron/launch-electron.ts'
import { launchStandIn } from '../../support/electron/launch.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openBrowser } from './browser.ts'
import { commandOf, descendantsOf, startWebHost } from './web-host.ts'

export interface WindowOptions {
  readonly width?: number
  readonly height?: number
  /** Files and folders that are dropped or chosen: the stand-in has to know their paths. */
  readonly files?: readonly string[]
  /** A home folder of an earlier window; a new one without it. */
  readonly home?: string
  readonly host?: HostKind
  /** Of the web host, beside PATH and HOME. */
  readonly env?: Readonly<Record<string, string>>
}

/** A window over the real built app, with a home folder of its own; closed after the test, with all it started. */
export interface OpenWindow {
  readonly page: Page
  readonly home: string
  /** What the page complained about in its console. */
  readonly complaints: readonly string[]
  /** What the page asked for by a network: addresses of requests and sockets. */
  readonly requests: readonly string[]
  /** The trainer processes at work; none where the host's processes cannot be told apart. */
  trainers(): readonly number[]
  /** Ends the host in order, as quitting does. */
  quit(): Promise<void>
}

export type HostKind = 'web' | 'stand-in' | 'electron'

/** The host that the specs run in: `LORACLE_E2E_HOST`, else the web host. */
export const usualHost = (process.env['LORACLE_E2E_HOST'] ?? 'web') as HostKind

export async function openWindow(options: WindowOptions = {}): Promise<OpenWindow> {
  const home = options.home ?? (await temporaryFolder())
  const { page, ...rest } = await hosts[options.host ?? usualHost](home, options)
  const { width = 1280, height = 800 } = options
  // A window of Electron has its own size, which the specs do not depend on.
  if (page.viewportSize() !== null) await page.setViewportSize({ width, height })
  await page.emulateMedia({ reducedMotion: 'reduce' })
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  const requests: string[] = []
  page.on('request', (request) => requests.push(request.url()))
  page.on('websocket', (socket) => requests.push(socket.url()))
  // The last hook runs first: the window is still there.
  onTestFinished(async ({ task }) => {
    if (task.result?.state !== 'fail') return
    const name = `${task.name.replace(/\W+/g, '-')}-${Date.now()}.png`
    await page.screenshot({ path: join(repository, 'test-results', name) }).catch(() => undefined)
  })
  await page.getByRole('heading', { level: 1 }).waitFor()
  return { page, home, complaints, requests, ...rest }
}

type Opened = Pick<OpenWindow, 'page' | 'trainers' | 'quit'>

const hosts: Readonly<Record<HostKind, (home: string, options: WindowOptions) => Promise<Opened>>> = {
  web: async (home, { env }) => {
    const host = await startWebHost(home, env)
    onTestFinished(() => host.stop())
    const browser = await openBrowser()
    onTestFinished(() => browser.close())
    const page = await (await browser.newContext()).newPage()
    await page.goto(host.address)
    return { page, trainers: host.trainers, quit: host.stop }
  },
  'stand-in': async (home, { files = [] }) => {
    const main = join(repository, 'out', 'main', 'index.js')
    const standIn = await launchStandIn({ main, args: ['--home', home], files })
    onTestFinished(() => standIn.close())
    await standIn.answerDialogs({ showMessageBox: { response: 0 } })
    return {
      page: standIn.page,
      trainers: () => descendantsOf(standIn.pid).filter((pid) => commandOf(pid).includes('worker.js')),
      quit: standIn.close,
    }
  },
  electron: async (home) => {
    const app = await launchElectron(home)
    onTestFinished(() => app.close())
    return { page: app.page, trainers: () => [], quit: app.close }
  },
}
