import { join, resolve } from 'node:path'
import { findBuild } from '../window/build.ts'
import { runWeb } from './run-web.ts'

const { root, version, rendererDir, workerPath } = findBuild(import.meta.url)

await runWeb(process.argv.slice(2), {
  rendererDir,
  version,
  openApp: async (asked) => {
    // Only now: the services load while the window does.
    const { createApp, defaultHome, forkTrainer } = await import('../../app.ts')
    const home = asked ?? defaultHome()
    const app = await createApp({
      home,
      root,
      version,
      host: 'web',
      startTrainer: () => forkTrainer(workerPath),
    })
    return { ...app, uploadsDir: join(resolve(home), 'uploads') }
  },
})
