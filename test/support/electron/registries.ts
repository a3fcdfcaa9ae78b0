import { EventEmitter } from 'node:events'

class IpcMain extends EventEmitter {
  private readonly handlers = new Map<string, (event: object, ...args: readonly unknown[]) => unknown>()

  handle(channel: string, handler: (event: object, ...args: readonly unknown[]) => unknown): void {
    if (this.handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.handlers.set(channel, handler)
  }

  invoke(channel: string, event: object, args: readonly unknown[]): unknown {
    const handler = this.handlers.get(channel)
    if (!handler) throw new Error(`No handler registered for '${channel}'`)
    return handler(event, ...args)
  }
}

export const ipcMain = new IpcMain()

/** What `protocol.handle` was given, by scheme. */
export const protocolHandlers = new Map<string, (request: Request) => Response | Promise<Response>>()

/** What `webRequest.onBeforeRequest` was given: each says whether it cancels an address. */
export const requestFilters: ((url: string) => boolean)[] = []

type PermissionRequestHandler = (
  contents: unknown,
  permission: string,
  decide: (isGranted: boolean) => void,
  details: { readonly requestingUrl: string },
) => void
type PermissionCheckHandler = (contents: unknown, permission: string, origin: string) => boolean

/** Who decides on permissions; Electron grants them where nobody does. */
class Permissions {
  request: PermissionRequestHandler = (_contents, _permission, decide) => decide(true)
  check: PermissionCheckHandler = () => true
  device: (details: object) => boolean = () => true

  decide(permission: string, url: string): { request: boolean; check: boolean; device: boolean } {
    let request = true
    this.request(null, permission, (isGranted) => (request = isGranted), { requestingUrl: url })
    return {
      request,
      check: this.check(null, permission, url),
      device: this.device({ deviceType: permission }),
    }
  }
}

export const permissions = new Permissions()
