/** `npm start`: builds what is stale, then opens the window in Electron, or in the browser. */
import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { findBuild } from '../window/build.ts'
import { readStartOptions, usage } from '../window/options.ts'
import type { StartOptions } from '../window/options.ts'
import { findElectron } from './electron-binary.ts'
import { isBuildStale } from './stale.ts'

const { root } = findBuild(import.meta.url)
const argv = process.argv.slice(2)

const options = readOptions()
if (options?.help) process.stdout.write(usage)
else if (options && build()) open(options)

function readOptions(): StartOptions | undefined {
  try {
    return readStartOptions(argv)
  } catch (thrown) {
    process.stderr.write(`${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    process.exitCode = 1
    return undefined
  }
}

/** @returns false where the build failed */
function build(): boolean {
  if (!isBuildStale(root)) return true
  process.stderr.write('Building what has changed …\n')
  const { npm_execpath: npm } = process.env
  // Standard output is for the address alone.
  const stdio = ['ignore', 2, 2] as const
  const words = ['run', '--silent', 'build']
  const { status } = npm
    ? spawnSync(process.execPath, [npm, ...words], { cwd: root, stdio: [...stdio] })
    : spawnSync('npm', words, { cwd: root, stdio: [...stdio], shell: process.platform === 'win32' })
  if (status === 0) return true
  process.stderr.write('The build failed: the lines above say where. Mend it, then run npm start again.\n')
  process.exitCode = 1
  return false
}

function open({ web }: StartOptions): void {
  const electron = web ? undefined : findElectron(root)
  if (!web && !electron)
    process.stderr.write(
      'Electron’s program is not installed, so the window opens in the browser. To have it: npx install-electron\n',
    )
  // Electron takes the folder, whose package.json names its main file.
  const child = electron
    ? spawn(electron, [root, ...argv], { stdio: 'inherit' })
    : spawn(process.execPath, [join(root, 'out', 'main', 'web.js'), ...argv], {
        // The channel tells the host when this process is gone.
        stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
      })
  // The terminal sends Ctrl-C to the child too; whoever stops npm stops this process alone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128 + 15)
    process.removeAllListeners()
  })
}
