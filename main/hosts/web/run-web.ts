import { readStartOptions, usage, UsageError } from '../window/options.ts'
import { openBrowser } from './open-browser.ts'
import { startWebHost } from './web-host.ts'
import type { WebApp, WebHost } from './web-host.ts'

export interface RunWebOptions {
  /** Opens the app of the home folder that was asked for; without one, of the usual one. */
  readonly openApp: (home: string | undefined) => Promise<WebApp>
  readonly rendererDir: string
  readonly version: string
}

/** How long an orderly end may take; a large checkpoint on a slow disk has to fit in. */
const endBoundMs = 90_000
/** Terminals and npm both pass a Ctrl-C on: two so close together are one. */
const sameSignalMs = 400

/**
 * Runs the web host as a program: prints its address, opens the browser, and on Ctrl-C, SIGTERM or the end of the
 * process that started it pauses what is at work before it goes. A second Ctrl-C ends it at once.
 *
 * @param argv what stands after the program's name
 */
export async function runWeb(argv: readonly string[], options: RunWebOptions): Promise<void> {
  const { openApp, rendererDir, version } = options
  try {
    const { help, port, open, home } = readStartOptions(argv)
    if (help) {
      process.stdout.write(usage)
      return
    }
    const opening = Promise.withResolvers<WebApp>()
    const host = await startWebHost({ app: opening.promise, port, rendererDir, version }).catch(
      (thrown: unknown) => {
        throw isPortTaken(thrown) ? new UsageError(portTaken(port)) : thrown
      },
    )
    // The window loads while the store opens.
    opening.resolve(openApp(home))
    opening.promise.catch((thrown: unknown) => process.stderr.write(`${messageOf(thrown)}\n`))
    endOnSignals(host, opening.promise)
    process.stdout.write(`Loracle is listening on ${host.address}\n`)
    if (open) openBrowser(host.address)
  } catch (thrown) {
    process.stderr.write(`${messageOf(thrown)}\n`)
    process.exitCode = 1
  }
}

function endOnSignals(host: WebHost, app: Promise<WebApp>): void {
  let endingSince: number | undefined
  const end = (signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'disconnect'): void => {
    const now = performance.now()
    if (endingSince !== undefined) {
      if (signal === 'SIGINT' && now - endingSince > sameSignalMs) process.exit(130)
      return
    }
    endingSince = now
    setTimeout(() => process.exit(1), endBoundMs).unref()
    // A store that never opened has nothing to close.
    const disposed = app.then(
      (opened) => {
        const run = opened.activeRun()
        if (run) process.stderr.write(`Pausing the run ${run.name} … Ctrl-C again ends at once.\n`)
        return opened.dispose()
      },
      () => undefined,
    )
    void disposed.then(() => host.close()).finally(() => process.exit(0))
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(signal))
  // Started with a channel, the host does not outlive whoever started it.
  if (process.send) process.on('disconnect', () => end('disconnect'))
}

function isPortTaken(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'EADDRINUSE' || thrown.code === 'EACCES')
  )
}

function portTaken(port: number): string {
  return `Port ${port} cannot be used: another program has it, or it is reserved. Choose another with --port, or leave --port away.`
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
