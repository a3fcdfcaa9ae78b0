import { app, session, shell } from 'electron'
import { isWindowUrl } from './window-origin.ts'

/** Refuses whatever would lead a page out of the window: other addresses, new windows, embedded pages. */
export function guardContents(): void {
  app.on('web-contents-created', (_event, contents) => {
    const stay = (event: { readonly url: string; preventDefault(): void }): void => {
      if (!isWindowUrl(event.url)) event.preventDefault()
    }
    contents.on('will-navigate', stay)
    contents.on('will-redirect', stay)
    contents.on('will-frame-navigate', stay)
    contents.on('will-attach-webview', (event) => event.preventDefault())
    contents.setWindowOpenHandler(({ url }) => {
      if (isWebAddress(url)) void shell.openExternal(url)
      return { action: 'deny' }
    })
  })
}

/** Refuses permissions, devices, downloads and the network; the window needs none of them. To be called when ready. */
export function guardSession(): void {
  const { defaultSession } = session
  const mayCopy = (permission: string, address: string | undefined): boolean =>
    permission === 'clipboard-sanitized-write' && address !== undefined && isWindowUrl(address)
  defaultSession.setPermissionRequestHandler((_contents, permission, decide, { requestingUrl }) =>
    decide(mayCopy(permission, requestingUrl)),
  )
  defaultSession.setPermissionCheckHandler((_contents, permission, origin) => mayCopy(permission, origin))
  defaultSession.setDevicePermissionHandler(() => false)
  defaultSession.on('will-download', (event) => event.preventDefault())
  defaultSession.webRequest.onBeforeRequest(
    { urls: ['*://*/*', 'ws://*/*', 'wss://*/*'] },
    (_details, decide) => decide({ cancel: true }),
  )
}

/** Only these are given to the person's browser: other schemes may start any program. */
function isWebAddress(address: string): boolean {
  const url = URL.parse(address)
  return url?.protocol === 'https:' && url.username === '' && url.password === ''
}
