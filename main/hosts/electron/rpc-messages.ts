import { ipcMain } from 'electron'
import type { WebContents } from 'electron'
import { textTransport } from '../../rpc/text-transport.ts'
import type { TextTransport } from '../../rpc/text-transport.ts'
import type { Transport } from '../../rpc/transport.ts'
import { openMessage, rpcChannel } from './channels.ts'
import { isFromWindow } from './window-origin.ts'

/** Serves every page that opens a connection; it ends when the page is left, reloaded or gone. */
export function serveWindows(serve: (transport: Transport) => void): void {
  const connections = new Map<number, TextTransport>()
  ipcMain.on(rpcChannel, (event, message: unknown) => {
    if (!isFromWindow(event)) return
    const { sender } = event
    if (message !== openMessage) {
      connections.get(sender.id)?.receive(message)
      return
    }
    connections.get(sender.id)?.close()
    const transport = connect(sender)
    connections.set(sender.id, transport)
    transport.onClose(() => {
      if (connections.get(sender.id) === transport) connections.delete(sender.id)
    })
    serve(transport)
  })
}

function connect(contents: WebContents): TextTransport {
  const transport = textTransport({
    send: (text) => {
      if (!contents.isDestroyed()) contents.send(rpcChannel, text)
    },
    close: () => undefined,
  })
  const end = (): void => transport.closed()
  const leave = (details: { readonly isMainFrame: boolean; readonly isSameDocument: boolean }): void => {
    if (details.isMainFrame && !details.isSameDocument) end()
  }
  contents.once('destroyed', end)
  contents.on('render-process-gone', end)
  contents.on('did-start-navigation', leave)
  transport.onClose(() => {
    contents.off('destroyed', end)
    contents.off('render-process-gone', end)
    contents.off('did-start-navigation', leave)
  })
  return transport
}
