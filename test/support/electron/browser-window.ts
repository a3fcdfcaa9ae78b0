import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import type { CDPSession, Page, Request as PageRequest, Route } from 'playwright-core'
import { fromChromium, toChromium } from './app-addresses.ts'
import { browser, droppableFiles } from './browser.ts'
import { app } from './program.ts'
import { ipcMain, protocolHandlers, requestFilters } from './registries.ts'
import './page/codec.js'

interface Codec {
  encode(value: unknown): string
  decode(text: string): unknown
}
const { standInCodec: codec } = globalThis as unknown as { readonly standInCodec: Codec }
const pageScript = (name: string): string => readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8')

interface WindowOptions {
  readonly width?: number
  readonly height?: number
  readonly webPreferences?: Readonly<Record<string, unknown>>
}

interface FromPreload {
  readonly kind: 'send' | 'invoke'
  readonly id: number
  readonly channel: string
  readonly args: readonly unknown[]
}

const preventable = (more: object = {}) => ({
  ...more,
  defaultPrevented: false,
  preventDefault() {
    this.defaultPrevented = true
  },
})

let lastId = 0

class WebContents extends EventEmitter {
  readonly id = ++lastId
  openHandler: (details: { url: string }) => unknown = () => ({ action: 'deny' })
  readonly window: BrowserWindow

  constructor(window: BrowserWindow) {
    super()
    this.window = window
  }

  isDestroyed(): boolean {
    return this.window.isDestroyed()
  }

  send(channel: string, ...args: readonly unknown[]): void {
    this.window.deliver({ kind: 'message', channel, args })
  }

  setWindowOpenHandler(handler: (details: { url: string }) => unknown): void {
    this.openHandler = handler
  }

  reload(): void {
    void this.window.page?.reload()
  }
}

export class BrowserWindow extends EventEmitter {
  private static readonly all = new Set<BrowserWindow>()
  readonly webContents: WebContents
  page: Page | undefined
  private readonly opening: Promise<void>
  private readonly options: WindowOptions
  private cdp: CDPSession | undefined
  private preloadContext: number | undefined
  private destroyed = false
  /** True while the program itself loads an address, which asks nobody. */
  private loading = false

  static getAllWindows(): BrowserWindow[] {
    return [...BrowserWindow.all]
  }

  static fromWebContents(contents: WebContents): BrowserWindow {
    return contents.window
  }

  constructor(options: WindowOptions = {}) {
    super()
    const { sandbox, contextIsolation, nodeIntegration } = options.webPreferences ?? {}
    if (sandbox !== true || contextIsolation !== true || nodeIntegration !== false)
      throw new Error('The stand-in shows only sandboxed, isolated windows without Node.')
    this.options = options
    this.webContents = new WebContents(this)
    BrowserWindow.all.add(this)
    app.emit('web-contents-created', {}, this.webContents)
    this.opening = this.openPage()
  }

  private async openPage(): Promise<void> {
    const { width = 800, height = 600, webPreferences = {} } = this.options
    const context = await (await browser).newContext({ viewport: { width, height } })
    await context.route('**/*', (route) => this.answer(route))
    const page = await context.newPage()
    this.page = page
    // A page of its own is what a refused new window leaves.
    context.on('page', (other) => void other.close())
    page.on('close', () => this.closed())
    const cdp = await context.newCDPSession(page)
    this.cdp = cdp
    cdp.on('Runtime.executionContextCreated', ({ context: { id, name } }) => {
      if (name === 'preload') this.preloadContext = id
    })
    cdp.on('Runtime.bindingCalled', ({ name, payload }) => {
      if (name === 'standInSend') void this.receive(codec.decode(payload) as FromPreload)
    })
    await cdp.send('Page.enable')
    await cdp.send('Runtime.enable')
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source: pageScript('main-world.js') })
    await cdp.send('Runtime.addBinding', { name: 'standInSend', executionContextName: 'preload' })
    const preload = readFileSync(String(webPreferences['preload']), 'utf8')
    const source = `const standInFiles = ${JSON.stringify(droppableFiles())};
      ${pageScript('codec.js')}\n${pageScript('isolated.js')}
      ;((require, module, exports, process) => {${preload}\n})(
        (name) => { if (name === 'electron') return standInElectron; throw new Error('module not found: ' + name) },
        { exports: {} }, {}, { platform: '${process.platform}', env: {} })`
    await cdp.send('Page.addScriptToEvaluateOnNewDocument', { source, worldName: 'preload' })
  }

  /** Answers a page's request as Electron does: guards first, then the scheme's handler. */
  private async answer(route: Route): Promise<void> {
    const request = route.request()
    const url = fromChromium(request.url())
    if (request.isNavigationRequest() && !this.letsNavigate(request, url)) return route.abort('aborted')
    const scheme = URL.parse(url)?.protocol.slice(0, -1) ?? ''
    const handler = protocolHandlers.get(scheme)
    if (!handler) {
      if (!requestFilters.some((filter) => filter(url)))
        throw new Error(`The window would have loaded ${url}.`)
      return route.abort('blockedbyclient')
    }
    const response = await handler(new Request(url, { method: request.method() }))
    const body = Buffer.from(await response.arrayBuffer())
    await route.fulfill({ status: response.status, headers: Object.fromEntries(response.headers), body })
  }

  private letsNavigate(request: PageRequest, url: string): boolean {
    if (!this.isOfPage(request)) {
      this.webContents.openHandler({ url })
      return false
    }
    const isMainFrame = request.frame() === this.page?.mainFrame()
    if (!this.loading) {
      const event = preventable({ url })
      if (isMainFrame) this.webContents.emit('will-navigate', event, url)
      this.webContents.emit('will-frame-navigate', event)
      if (event.defaultPrevented) return false
    }
    this.webContents.emit('did-start-navigation', { url, isMainFrame, isSameDocument: false })
    return true
  }

  /** A new window's first request comes before its page is known. */
  private isOfPage(request: PageRequest): boolean {
    try {
      return request.frame().page() === this.page
    } catch {
      return false
    }
  }

  private async receive(message: FromPreload): Promise<void> {
    const { kind, id, channel, args } = message
    const senderFrame = { url: fromChromium(this.page?.url() ?? ''), parent: null }
    const event = { sender: this.webContents, senderFrame }
    if (kind === 'send') {
      ipcMain.emit(channel, event, ...args)
      return
    }
    try {
      this.deliver({ kind: 'answer', id, value: await ipcMain.invoke(channel, event, args) })
    } catch (thrown) {
      this.deliver({
        kind: 'answer',
        id,
        error: `Error invoking remote method '${channel}': ${String(thrown)}`,
      })
    }
  }

  deliver(message: object): void {
    if (this.destroyed || this.preloadContext === undefined) return
    const expression = `standInReceive(${JSON.stringify(codec.encode(message))})`
    // The page may have been left in this moment.
    this.cdp?.send('Runtime.evaluate', { expression, contextId: this.preloadContext }).catch(() => undefined)
  }

  private closed(): void {
    if (this.destroyed) return
    this.destroyed = true
    BrowserWindow.all.delete(this)
    this.webContents.emit('destroyed')
    this.emit('closed')
    if (BrowserWindow.all.size === 0) app.emit('window-all-closed')
  }

  async loadURL(url: string): Promise<void> {
    await this.opening
    this.loading = true
    await this.page?.goto(toChromium(url)).finally(() => (this.loading = false))
    this.emit('ready-to-show')
  }

  close(): void {
    const event = preventable()
    this.emit('close', event)
    if (!event.defaultPrevented) void this.page?.close()
  }

  isDestroyed(): boolean {
    return this.destroyed
  }

  isMinimized(): boolean {
    return false
  }

  isMaximized(): boolean {
    return false
  }

  getNormalBounds(): { x: number; y: number; width: number; height: number } {
    const { width = 800, height = 600 } = this.options
    return { x: 0, y: 0, width, height }
  }

  show(): void {
    this.emit('show')
  }

  focus(): void {
    this.emit('focus')
  }
}
