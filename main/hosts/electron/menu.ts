import { app, Menu, shell } from 'electron'
import type { MenuItemConstructorOptions } from 'electron'

/** The native menu: what every program has, and the home folder. */
export function setMenu(home: string): void {
  const view: MenuItemConstructorOptions[] = [
    { role: 'resetZoom' },
    { role: 'zoomIn' },
    { role: 'zoomOut' },
    { type: 'separator' },
    { role: 'togglefullscreen' },
  ]
  if (!app.isPackaged) view.push({ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' })
  const help: MenuItemConstructorOptions[] = [
    { label: 'Show Home Folder', click: () => void shell.openPath(home) },
    ...(process.platform === 'darwin' ? [] : [{ role: 'about' } as const]),
  ]
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : [{ role: 'fileMenu' } as const]),
    { role: 'editMenu' },
    { label: '&View', submenu: view },
    ...(process.platform === 'darwin' ? [{ role: 'windowMenu' } as const] : []),
    { role: 'help', submenu: help },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
