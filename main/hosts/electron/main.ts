import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { app } from 'electron'
import { createApp, defaultHome } from '../../app.ts'
import { findBuild } from '../window/build.ts'
import { runElectron } from './run-electron.ts'
import { forkUtilityTrainer } from './utility-trainer.ts'

const build = findBuild(import.meta.url)
const { root, version, workerPath } = build

// Not strict: Chromium's own switches are among the arguments.
const { values } = parseArgs({
  args: process.argv.slice(app.isPackaged ? 1 : 2),
  options: { home: { type: 'string' } },
  strict: false,
})
const home = typeof values.home === 'string' ? resolve(values.home) : defaultHome()

// Not awaited: Electron becomes ready only when this module has been evaluated.
void runElectron({
  build,
  home,
  openApp: () =>
    createApp({
      home,
      root,
      version,
      host: 'electron',
      startTrainer: () => forkUtilityTrainer(workerPath),
    }),
})
