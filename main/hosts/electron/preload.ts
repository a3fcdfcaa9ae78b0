/** The window's only way out of its sandbox: messages as text, the system's dialogs, and the paths of dropped files. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import {
  chooseFilesChannel,
  chooseFolderChannel,
  openMessage,
  rpcChannel,
  showItemChannel,
} from './channels.ts'

let listener: ((text: string) => void) | undefined

ipcRenderer.on(rpcChannel, (_event, text: unknown) => {
  if (typeof text === 'string') listener?.(text)
})

contextBridge.exposeInMainWorld(
  'loracle',
  Object.freeze({
    platform: process.platform,
    send: (text: string): void => ipcRenderer.send(rpcChannel, text),
    /** Opens the connection; a second call opens a new one and closes the first. */
    onMessage: (then: (text: string) => void): void => {
      listener = then
      ipcRenderer.send(rpcChannel, openMessage)
    },
    pathForFile: (file: File): string => webUtils.getPathForFile(file),
    chooseFiles: (): Promise<unknown> => ipcRenderer.invoke(chooseFilesChannel),
    chooseFolder: (): Promise<unknown> => ipcRenderer.invoke(chooseFolderChannel),
    showItem: (path: string): void => ipcRenderer.send(showItemChannel, path),
  }),
)
