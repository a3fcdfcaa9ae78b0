import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, onTestFinished, test } from 'vitest'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { writeSmallWindow } from './small-window.ts'

const program = fileURLToPath(new URL('./small-web-main.ts', import.meta.url))

interface Program {
  readonly child: ChildProcess
  readonly folder: string
  readonly said: { out: string; err: string }
  readonly ended: Promise<number | null>
}

async function run(args: readonly string[], env: Record<string, string> = {}): Promise<Program> {
  const folder = await temporaryFolder()
  await writeSmallWindow(join(folder, 'renderer'))
  const child = spawn(process.execPath, [program, '--no-open', ...args], {
    env: { ...process.env, SMALL_FOLDER: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = { out: '', err: '' }
  child.stdout?.on('data', (chunk) => (said.out += String(chunk)))
  child.stderr?.on('data', (chunk) => (said.err += String(chunk)))
  // Not the child's own 'close': it never comes where this side has closed the channel.
  const closed = [child.stdout, child.stderr].map((stream) => stream && once(stream, 'close'))
  const ended = Promise.all([once(child, 'exit'), ...closed]).then(([[code]]) => code as number | null)
  return { child, folder, said, ended }
}

async function running(args: readonly string[] = [], env: Record<string, string> = {}): Promise<Program> {
  const started = await run(args, env)
  await expect.poll(() => started.said.out, { timeout: 10_000 }).toContain('\n')
  return started
}

describe('the web host as a program', () => {
  test('it prints its address as its one line, and the address gives the window', async () => {
    const { said, folder } = await running(['--home', 'somewhere'])
    expect(said.out).toMatch(/^Loracle is listening on http:\/\/127\.0\.0\.1:\d+\/\?token=[\w-]{43}\n$/)
    const address = said.out.trim().split(' ').at(-1) ?? ''
    expect(await (await fetch(address)).text()).toContain('<h1>Small</h1>')
    expect(await readFile(join(folder, 'home'), 'utf8')).toBe('somewhere')
    expect(said).toEqual({ out: said.out, err: '' })
  })

  test('a port that is taken is told in a sentence', async () => {
    const first = await running()
    const port = new URL(first.said.out.trim().split(' ').at(-1) ?? '').port
    const second = await run(['--port', port])
    expect(await second.ended).toBe(1)
    expect(second.said.out).toBe('')
    expect(second.said.err).toMatch(new RegExp(`^Port ${port} cannot be used: .*--port away\\.\\n$`))
  })

  test.each([
    [['--nonsense']],
    [['--port', '65536']],
    [['--port', 'x']],
    [['--port']],
    [['word']],
    [['--home']],
  ])('%j is told in a sentence', async (args) => {
    const { ended, said } = await run(args)
    expect(await ended).toBe(1)
    expect(said.out).toBe('')
    expect(said.err).toMatch(/^[^\n]+\.\n$/)
  })

  test('an app that does not open says why, and the window can be told', async () => {
    const { said, child } = await running([], { SMALL_FAIL: '1' })
    await expect.poll(() => said.err).toBe('Another Loracle has this folder open.\n')
    expect(child.exitCode).toBeNull()
  })

  test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it in order', async (signal) => {
    const { child, folder, ended, said } = await running([], { SMALL_RUN: 'first run' })
    child.kill(signal)
    expect(await ended).toBe(0)
    expect(existsSync(join(folder, 'disposed'))).toBe(true)
    expect(said.err).toMatch(/^Pausing the run first run/)
  })

  test('it ends in order with the process that started it', async () => {
    const { child, folder, ended } = await running()
    child.disconnect()
    expect(await ended).toBe(0)
    expect(existsSync(join(folder, 'disposed'))).toBe(true)
  })

  test('a second Ctrl-C ends it at once, and one that comes twice is one', async () => {
    const { child, folder, ended } = await running([], { SMALL_DISPOSE_MS: '30000' })
    child.kill('SIGINT')
    child.kill('SIGINT')
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(child.exitCode).toBeNull()
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(existsSync(join(folder, 'disposed'))).toBe(false)
  })
})
