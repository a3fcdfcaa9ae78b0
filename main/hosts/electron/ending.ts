import { app, dialog } from 'electron'
import type { BrowserWindow } from 'electron'
import type { HostedApp } from '../../rpc/hosted-app.ts'

export interface Ending {
  /** Ends the program in order; asks first where a run is at work, unless `ask` is false. */
  request(ask: boolean): void
  /** Keeps a closing window open until the program has ended. */
  guard(window: BrowserWindow): void
}

/** How long an orderly end may take; a large checkpoint on a slow disk has to fit in. */
const endBoundMs = 90_000

/**
 * The program's end: a run at work is paused, the trainer processes and the store are closed, and only then the
 * window goes.
 */
export function createEnding(opening: Promise<HostedApp>): Ending {
  let state: 'open' | 'asking' | 'ending' = 'open'
  let hosted: HostedApp | undefined
  let mainWindow: BrowserWindow | undefined
  opening.then((opened) => (hosted = opened)).catch(() => undefined)

  const end = async (ask: boolean): Promise<void> => {
    if (state === 'ending' || (state === 'asking' && ask)) return
    state = 'asking'
    const run = hosted?.activeRun()
    if (run && ask && !(await confirms(run.name, mainWindow))) {
      if (state === 'asking') state = 'open'
      return
    }
    if (isEnding(state)) return
    state = 'ending'
    // An app that is still opening is let open, since only then it can be closed in order.
    const disposed = opening.then(
      (opened) => opened.dispose(),
      () => undefined,
    )
    await Promise.race([disposed, new Promise((resolve) => setTimeout(resolve, endBoundMs))])
    app.exit(0)
  }
  const request = (ask: boolean): void => void end(ask)

  app.on('before-quit', (event) => {
    event.preventDefault()
    request(true)
  })
  // A system that shuts down does not wait for an answer.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => request(false))

  return {
    request,
    guard: (window) => {
      mainWindow = window
      window.on('close', (event) => {
        // On macOS a program goes on in the dock without its window, and so does its run.
        if (process.platform === 'darwin' && state === 'open') return
        event.preventDefault()
        request(true)
      })
      window.on('closed', () => (mainWindow = undefined))
    },
  }
}

/** The state may change while the question is open. */
function isEnding(state: string): boolean {
  return state === 'ending'
}

async function confirms(run: string, window: BrowserWindow | undefined): Promise<boolean> {
  const question = {
    type: 'question' as const,
    message: 'A run is at work.',
    detail: `${run} is being trained. It is paused where it stands, and can be resumed the next time.`,
    buttons: ['Pause the run and quit', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
    noLink: true,
  }
  const { response } = window
    ? await dialog.showMessageBox(window, question)
    : await dialog.showMessageBox(question)
  return response === 0
}
