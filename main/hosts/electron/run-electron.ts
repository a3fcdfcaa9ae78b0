import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { app, BrowserWindow, powerMonitor } from 'electron'
import type { HostedApp } from '../../rpc/hosted-app.ts'
import { serveRpc } from '../../rpc/server.ts'
import type { Build } from '../window/build.ts'
import { createEnding } from './ending.ts'
import { guardContents, guardSession } from './guards.ts'
import { openMainWindow } from './main-window.ts'
import { setMenu } from './menu.ts'
import { answerNativeCalls } from './native-calls.ts'
import { serveWindows } from './rpc-messages.ts'
import { registerWindowScheme, serveWindowFiles } from './window-origin.ts'

export interface RunElectronOptions {
  readonly build: Build
  readonly home: string
  /** Called when Electron is ready: utility processes can be forked from then on. */
  readonly openApp: () => Promise<HostedApp>
}

/** Runs the desktop app: one process for a home folder; a second one shows the first one's window and ends. */
export async function runElectron({ build, home, openApp }: RunElectronOptions): Promise<void> {
  registerWindowScheme()
  app.enableSandbox()
  app.setName('Loracle')
  // Electron's own files, and with them the lock that keeps a second process away.
  const userData = join(home, 'electron')
  mkdirSync(userData, { recursive: true })
  app.setPath('userData', userData)
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  guardContents()

  await app.whenReady()
  guardSession()
  serveWindowFiles(build.rendererDir)
  setMenu(home)
  answerNativeCalls()
  const opening = openApp()
  opening.catch((thrown: unknown) => process.stderr.write(`${String(thrown)}\n`))
  serveWindows((transport) => serveRpc(transport, opening, { version: build.version }))

  const ending = createEnding(opening)
  const showWindow = (): void => {
    const [open] = BrowserWindow.getAllWindows()
    if (open) {
      if (open.isMinimized()) open.restore()
      open.show()
      open.focus()
      return
    }
    ending.guard(openMainWindow({ preloadPath: build.preloadPath, boundsPath: join(home, 'window.json') }))
  }
  app.on('second-instance', showWindow)
  app.on('activate', showWindow)
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') ending.request(false)
  })
  powerMonitor.on('shutdown', () => ending.request(false))
  showWindow()
}
