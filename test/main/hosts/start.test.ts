import { spawnSync } from 'node:child_process'
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { findElectron } from '../../../main/hosts/start/electron-binary.ts'
import { isBuildStale } from '../../../main/hosts/start/stale.ts'
import { readStartOptions } from '../../../main/hosts/window/options.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

async function write(root: string, path: string, time: number, text = ''): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
  await utimes(join(root, path), time, time)
}

/** A tree of which every file was built after it was written. */
async function builtTree(): Promise<string> {
  const root = await temporaryFolder()
  for (const path of ['main/app.ts', 'trainer/deep/worker.ts', 'renderer/App.svelte', 'package.json'])
    await write(root, path, 1000)
  for (const folder of ['main', 'trainer', 'trainer/deep', 'renderer'])
    await utimes(join(root, folder), 1000, 1000)
  const outputs = ['main/index.js', 'main/web.js', 'main/cli.js', 'main/worker.js', 'preload/preload.cjs']
  for (const output of [...outputs, 'renderer/index.html']) await write(root, `out/${output}`, 2000)
  return root
}

describe('what is built anew', () => {
  test('nothing, where the build is newer than its sources', async () => {
    expect(isBuildStale(await builtTree())).toBe(false)
  })

  test.each([
    'main/app.ts',
    'trainer/deep/worker.ts',
    'renderer/App.svelte',
    'package.json',
    'electron.config.ts',
  ])('a change of %s', async (path) => {
    const root = await builtTree()
    await write(root, path, 3000)
    expect(isBuildStale(root)).toBe(true)
  })

  test('a source that was removed', async () => {
    const root = await builtTree()
    await rm(join(root, 'trainer/deep/worker.ts'))
    expect(isBuildStale(root)).toBe(true)
  })

  test.each(['main/index.js', 'renderer/index.html', 'preload/preload.cjs'])(
    'an output %s that is missing',
    async (path) => {
      const root = await builtTree()
      await rm(join(root, 'out', path))
      expect(isBuildStale(root)).toBe(true)
    },
  )
})

describe('Electron’s program', () => {
  const install = async (root: string): Promise<void> => {
    await write(root, 'package.json', 1000, '{}')
    await write(root, 'node_modules/electron/package.json', 1000, '{"name":"electron"}')
    // What the package runs when it is asked for the program: it would download.
    await write(root, 'node_modules/electron/index.js', 1000, 'throw new Error("downloads")')
  }

  test('is found where it was fetched, without asking the package', async () => {
    const root = await temporaryFolder()
    await install(root)
    expect(findElectron(root)).toBeUndefined()
    await write(root, 'node_modules/electron/path.txt', 1000, 'electron')
    expect(findElectron(root)).toBeUndefined()
    await write(root, 'node_modules/electron/dist/electron', 1000)
    expect(findElectron(root)).toBe(join(root, 'node_modules/electron/dist/electron'))
  })

  test('is missing where the package is', async () => {
    const root = await temporaryFolder()
    await write(root, 'package.json', 1000, '{}')
    expect(findElectron(root)).toBeUndefined()
  })
})

describe('the options', () => {
  test('are read', () => {
    expect(readStartOptions([])).toEqual({ help: false, web: false, port: 0, open: true, home: undefined })
    expect(readStartOptions(['--web', '--port=80', '--no-open', '--home', 'a b'])).toEqual({
      help: false,
      web: true,
      port: 80,
      open: false,
      home: 'a b',
    })
  })

  test.each([
    ['--nothing'],
    ['-x'],
    ['word'],
    ['--web=yes'],
    ['--port', '1.5'],
    ['--port', '-1'],
    ['--home='],
  ])('%s %s is refused', (...args) => expect(() => readStartOptions(args)).toThrow(/^[^\n]+\.$/))

  test('npm start says what it takes, and what it does not take', () => {
    const start = fileURLToPath(new URL('../../../main/hosts/start/main.ts', import.meta.url))
    const run = (word: string) => spawnSync(process.execPath, [start, word], { encoding: 'utf8' })
    expect(run('--help')).toMatchObject({
      status: 0,
      stderr: '',
      stdout: expect.stringContaining('--no-open') as string,
    })
    expect(run('--nonsense')).toMatchObject({
      status: 1,
      stdout: '',
      stderr: 'There is no option --nonsense. See npm start -- --help.\n',
    })
  })
})
