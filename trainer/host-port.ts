import { dieWithParent } from './host-watch.ts'
import type { HostMessage, TrainerMessage } from './protocol.ts'

/** How a trainer process and its host talk; a forked Node process and Electron's utility process both offer it. */
export interface HostPort {
  onMessage(listener: (message: HostMessage) => void): void
  /** Called when the host is gone. */
  onClose(listener: () => void): void
  /** Ends this process at once where its host is gone: it may have slept, and another may work on its files by now. */
  requireHost(): void
  /** Resolves when the message has left this process. */
  send(message: TrainerMessage): Promise<void>
}

/** What Electron gives a utility process instead of `process.send`. */
interface ParentPort {
  on(event: 'message', listener: (event: { readonly data: unknown }) => void): void
  on(event: 'close', listener: () => void): void
  postMessage(message: unknown): void
}

/** The port to the host that started this process; null where it was started by hand. */
export function openHostPort(): HostPort | null {
  const { parentPort } = process as NodeJS.Process & { readonly parentPort?: ParentPort }
  if (parentPort) return utilityPort(parentPort)
  return process.send ? forkedPort() : null
}

function forkedPort(): HostPort {
  const parent = process.ppid
  return {
    requireHost: () => {
      if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
    },
    onMessage: (listener) => process.on('message', (message) => listener(message as HostMessage)),
    onClose: (listener) => {
      process.on('disconnect', listener)
      dieWithParent()
    },
    send: (message) =>
      new Promise((resolve) => {
        if (!process.connected || !process.send) resolve()
        else process.send(message, undefined, undefined, () => resolve())
      }),
  }
}

function utilityPort(parentPort: ParentPort): HostPort {
  return {
    onMessage: (listener) => parentPort.on('message', ({ data }) => listener(data as HostMessage)),
    // Electron ends its utility processes itself.
    requireHost: () => undefined,
    // It may never come.
    onClose: (listener) => {
      parentPort.on('close', listener)
    },
    send: async (message) => {
      parentPort.postMessage(message)
      // There is no callback: the port writes in turns of the event loop, and exiting at once would overtake it.
      await new Promise((resolve) => setTimeout(resolve, 20))
    },
  }
}
