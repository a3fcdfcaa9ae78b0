import { tell } from './browser.ts'
import type { BrowserWindow } from './browser-window.ts'
import { ipcMain, permissions } from './registries.ts'

interface Frame {
  readonly url: string
  /** Null of a page's own frame. */
  readonly parent: object | null
}

/** What a page that is not the window's, or the system, would ask of the program. */
export type Question =
  | {
      readonly ask: 'send' | 'invoke'
      readonly frame: Frame | null
      readonly channel: string
      readonly args: readonly unknown[]
    }
  | { readonly ask: 'permission'; readonly permission: string; readonly url: string }
  | { readonly ask: 'contents'; readonly event: 'will-attach-webview' | 'select-bluetooth-device' }

/** Asks the program; what it answers is told as `answer`. */
export async function askProgram(question: Question, { webContents: sender }: BrowserWindow): Promise<void> {
  if (question.ask === 'permission') {
    tell('answer', permissions.decide(question.permission, question.url))
    return
  }
  if (question.ask === 'contents') {
    const event = { defaultPrevented: false, preventDefault: () => (event.defaultPrevented = true) }
    let chosen: unknown
    sender.emit(question.event, event, [{ deviceId: 'first' }], (id: unknown) => (chosen = id))
    tell('answer', { isPrevented: event.defaultPrevented, chosen })
    return
  }
  const { ask, frame, channel, args } = question
  const event = { sender, senderFrame: frame }
  if (ask === 'send') ipcMain.emit(channel, event, ...args)
  tell('answer', ask === 'send' ? 'sent' : await ipcMain.invoke(channel, event, args))
}
