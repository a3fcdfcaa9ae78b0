import { app, session } from 'electron'
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
    // Without a listener Electron takes the first device that it finds.
    contents.on('select-bluetooth-device', (event, _devices, choose) => {
      event.preventDefault()
      choose('')
    })
    // The window has no links out of the app, so that nothing a page opens is the person's wish.
    contents.setWindowOpenHandler(() => ({ action: 'deny' }))
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
