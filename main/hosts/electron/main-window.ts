import { BrowserWindow, nativeTheme } from 'electron'
import { keepWindowBounds, minimum, readWindowBounds } from './window-bounds.ts'
import { windowUrl } from './window-origin.ts'

export interface MainWindowOptions {
  readonly preloadPath: string
  /** The file that keeps the window's place. */
  readonly boundsPath: string
}

const maxReloads = 3

/** Opens the window: a sandboxed page without Node, shown when it has something to show. */
export function openMainWindow({ preloadPath, boundsPath }: MainWindowOptions): BrowserWindow {
  const { maximized, ...bounds } = readWindowBounds(boundsPath)
  const window = new BrowserWindow({
    ...bounds,
    minWidth: minimum.width,
    minHeight: minimum.height,
    show: false,
    title: 'Loracle',
    // What is seen until the page has drawn.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#16181d' : '#ffffff',
    webPreferences: {
      preload: preloadPath,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
    },
  })
  if (maximized) window.maximize()
  window.once('ready-to-show', () => window.show())
  window.on('close', () => keepWindowBounds(boundsPath, window))

  let reloads = 0
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit' || reloads >= maxReloads || window.isDestroyed()) return
    reloads += 1
    window.webContents.reload()
  })
  void window.loadURL(windowUrl)
  return window
}
