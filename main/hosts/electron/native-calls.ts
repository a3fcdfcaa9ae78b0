import { stat } from 'node:fs/promises'
import { isAbsolute } from 'node:path'
import { BrowserWindow, dialog, ipcMain, shell } from 'electron'
import type { IpcMainInvokeEvent, OpenDialogOptions } from 'electron'
import { chooseFilesChannel, chooseFolderChannel, showItemChannel } from './channels.ts'
import { isFromWindow } from './window-origin.ts'

/** What the window can ask of the system: its dialogs, and its file manager. */
export function answerNativeCalls(): void {
  ipcMain.handle(chooseFilesChannel, (event) => choose(event, ['openFile', 'multiSelections']))
  ipcMain.handle(chooseFolderChannel, async (event) => {
    const [folder] = await choose(event, ['openDirectory', 'createDirectory'])
    return folder ?? null
  })
  ipcMain.on(showItemChannel, (event, path: unknown) => {
    if (isFromWindow(event) && typeof path === 'string') void show(path)
  })
}

async function choose(
  event: IpcMainInvokeEvent,
  properties: NonNullable<OpenDialogOptions['properties']>,
): Promise<readonly string[]> {
  if (!isFromWindow(event)) return []
  const window = BrowserWindow.fromWebContents(event.sender)
  const { canceled, filePaths } = window
    ? await dialog.showOpenDialog(window, { properties })
    : await dialog.showOpenDialog({ properties })
  return canceled ? [] : filePaths
}

/** Shows a file in its folder, without opening it. Windows would sign in to a server that a path names. */
async function show(path: string): Promise<void> {
  if (!isAbsolute(path) || /^[\\/]{2}/.test(path)) return
  const found = await stat(path).catch(() => undefined)
  if (found) shell.showItemInFolder(path)
}
