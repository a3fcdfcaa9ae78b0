import { EventEmitter } from 'node:events'
import { browser } from './browser.ts'

const loaded = Promise.withResolvers<undefined>()

/** Called when the main module has been evaluated: Electron is not ready before. */
export function codeLoaded(): void {
  loaded.resolve(undefined)
}

class App extends EventEmitter {
  readonly isPackaged = false
  private readonly paths = new Map<string, string>()

  async whenReady(): Promise<void> {
    await loaded.promise
    await browser
  }

  enableSandbox(): void {
    // The page's process has no Node in any case.
  }

  setName(name: string): void {
    process.title = name
  }

  setPath(name: string, path: string): void {
    this.paths.set(name, path)
  }

  getPath(name: string): string {
    const path = this.paths.get(name)
    if (path === undefined) throw new Error(`Failed to get '${name}' path`)
    return path
  }

  requestSingleInstanceLock(): boolean {
    return true
  }

  quit(): void {
    let isPrevented = false
    this.emit('before-quit', { preventDefault: () => (isPrevented = true) })
    if (!isPrevented) this.exit(0)
  }

  exit(code: number): void {
    void browser.then((open) => open.close()).finally(() => process.exit(code))
  }
}

export const app = new App()
