/** The web host as a program, around the small app. SMALL_FOLDER holds the window and takes the traces. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '../../../main/contract/errors.ts'
import { runWeb } from '../../../main/hosts/web/run-web.ts'
import { smallApp } from '../rpc/small-app.ts'

const {
  SMALL_FOLDER: folder = '',
  SMALL_RUN: run,
  SMALL_DISPOSE_MS: disposeMs = '0',
  SMALL_FAIL: fails,
} = process.env

await runWeb(process.argv.slice(2), {
  rendererDir: join(folder, 'renderer'),
  version: '1.2.3',
  openApp: (home) => {
    writeFileSync(join(folder, 'home'), String(home))
    if (fails) return Promise.reject(new AppError('store_in_use', 'Another Loracle has this folder open.'))
    const dispose = async (): Promise<void> => {
      await new Promise((resolve) => setTimeout(resolve, Number(disposeMs)))
      writeFileSync(join(folder, 'disposed'), '')
    }
    const activeRun = () => (run === undefined ? undefined : { name: run })
    return Promise.resolve({
      ...smallApp(undefined, { dispose, activeRun }),
      uploadsDir: join(folder, 'uploads'),
    })
  },
})
