import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron } from 'playwright-core'
import type { Page } from 'playwright-core'
import { findElectron } from '../../../main/hosts/start/electron-binary.ts'

/** The real desktop app with its window, as the window's tests use it. */
export interface DesktopApp {
  readonly page: Page
  /** What dialogs answer from now on, by method: `{ showMessageBox: { response: 1 } }`. */
  answerDialogs(answers: Readonly<Record<string, object>>): Promise<void>
  /** Ends it in order: a run at work is paused. */
  close(): Promise<void>
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')

/** Starts the built app in the real Electron. Whoever launches it closes it. @throws where Electron is missing */
export async function launchElectron(home: string): Promise<DesktopApp> {
  const executablePath = findElectron(root)
  if (executablePath === undefined)
    throw new Error('Electron’s program is not installed. To have it: npx install-electron')
  const electron = await _electron.launch({ executablePath, args: [root, '--home', home] })
  const page = await electron.firstWindow()
  const answerDialogs = async (answers: Readonly<Record<string, object>>): Promise<void> => {
    await electron.evaluate(({ dialog }, given) => {
      for (const [method, answer] of Object.entries(given))
        Object.assign(dialog, { [method]: () => Promise.resolve(answer) })
    }, answers)
  }
  return {
    page,
    answerDialogs,
    close: async () => {
      await answerDialogs({ showMessageBox: { response: 0 } })
      await electron.close()
    },
  }
}
