/** What `import 'electron'` gets in the stand-in: the part that the main process uses. */
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { tell } from './browser.ts'
import { permissions, protocolHandlers, requestFilters } from './registries.ts'

export { BrowserWindow } from './browser-window.ts'
export { app, codeLoaded } from './program.ts'
export { ipcMain } from './registries.ts'
export { utilityProcess } from './utility-process.ts'

/** The answer of a dialog, from the file of answers as it is now. */
function answerOf(method: string, options: unknown, usual: object): Promise<object> {
  tell(method, options)
  const path = process.env['STAND_IN_DIALOGS']
  const answers = path ? (JSON.parse(readFileSync(path, 'utf8')) as Record<string, object>) : {}
  return Promise.resolve(answers[method] ?? usual)
}

export const dialog = {
  showOpenDialog: (...args: readonly unknown[]) =>
    answerOf('showOpenDialog', args.at(-1), { canceled: true, filePaths: [] }),
  showMessageBox: (...args: readonly unknown[]) => answerOf('showMessageBox', args.at(-1), { response: 0 }),
}

export const shell = {
  openExternal: (url: string): Promise<void> => Promise.resolve(tell('openExternal', url)),
  openPath: (path: string): Promise<void> => Promise.resolve(tell('openPath', path)),
  showItemInFolder: (path: string): void => tell('showItemInFolder', path),
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes: unknown): void => tell('registerSchemesAsPrivileged', schemes),
  handle: (scheme: string, handler: (request: Request) => Response | Promise<Response>): void => {
    protocolHandlers.set(scheme, handler)
  },
}

class Session extends EventEmitter {
  readonly webRequest = {
    onBeforeRequest: (
      _filter: unknown,
      listener: (details: { url: string }, decide: (decision: { cancel?: boolean }) => void) => void,
    ): void => {
      requestFilters.push((url) => {
        let isCancelled = false
        listener({ url }, ({ cancel = false }) => (isCancelled = cancel))
        return isCancelled
      })
    },
  }

  // Chromium asks nobody when it runs without a head: a test asks the handlers themselves.
  setPermissionRequestHandler(handler: typeof permissions.request): void {
    permissions.request = handler
  }

  setPermissionCheckHandler(handler: typeof permissions.check): void {
    permissions.check = handler
  }

  setDevicePermissionHandler(handler: typeof permissions.device): void {
    permissions.device = handler
  }
}

export const session = { defaultSession: new Session() }
export const Menu = {
  buildFromTemplate: (template: unknown): unknown => template,
  setApplicationMenu: (): void => undefined,
}
export const nativeTheme = { shouldUseDarkColors: false }
export const powerMonitor = new EventEmitter()
export const screen = {
  getDisplayMatching: () => ({ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }),
}
