import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { withoutBrowser } from '../../../e2e/support/browser.ts'
import { launchStandIn } from '../../../support/electron/launch.ts'
import type { StandIn } from '../../../support/electron/launch.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { buildSmallElectron, framesOf, inPage, openConnection } from './small-electron.ts'

const here = dirname(fileURLToPath(import.meta.url))
let built = ''

async function launch(
  env: Record<string, string> = {},
  files: string[] = [],
): Promise<StandIn & { home: string }> {
  const home = await temporaryFolder()
  const main = join(built, 'main.js')
  const standIn = await launchStandIn({ main, files, env: { SMALL_BUILD: built, SMALL_HOME: home, ...env } })
  onTestFinished(() => standIn.close())
  await standIn.page.waitForSelector('body[data-loaded=yes]')
  return { ...standIn, home }
}

describe.skipIf(withoutBrowser)('the Electron host, in the stand-in', () => {
  beforeAll(async () => {
    built = await buildSmallElectron('test-electron')
  }, 60_000)

  test('calls are answered; a page that is loaded anew has a connection of its own', async () => {
    const { page } = await launch()
    await openConnection(page)
    await inPage(page, (window) => window.loracle.send('{"id":1,"method":"watch","args":{}}'))
    await expect
      .poll(() => framesOf(page))
      .toEqual([
        { ready: true, version: '1.2.3' },
        { id: 1, event: { started: 1 } },
      ])
    await page.reload()
    await openConnection(page)
    await inPage(page, (window) => window.loracle.send('{"id":1,"method":"echo","args":{"text":"again"}}'))
    await expect
      .poll(() => framesOf(page))
      .toEqual([
        { ready: true, version: '1.2.3' },
        { id: 1, result: { text: 'again' } },
      ])
  })

  test('closing the window ends the program in order', async () => {
    const { act, ended, home } = await launch()
    act('close-window')
    expect(await ended).toBe(0)
    expect(existsSync(join(home, 'disposed'))).toBe(true)
    expect(JSON.parse(await readFile(join(home, 'window.json'), 'utf8'))).toMatchObject({
      width: 1280,
      height: 800,
    })
  })

  test.each(['close-window', 'quit'] as const)('with a run at work, %s asks first', async (action) => {
    const { act, ended, home, calls, page, answerDialogs } = await launch({ SMALL_RUN: 'first run' })
    await answerDialogs({ showMessageBox: { response: 1 } })
    act(action)
    await expect
      .poll(() => calls.filter(({ call }) => call === 'showMessageBox'))
      .toMatchObject([
        {
          value: {
            buttons: ['Pause the run and quit', 'Cancel'],
            detail: expect.stringContaining('first run') as string,
          },
        },
      ])
    expect(await page.title()).toBe('Small')
    expect(existsSync(join(home, 'disposed'))).toBe(false)
    await answerDialogs({ showMessageBox: { response: 0 } })
    act(action)
    expect(await ended).toBe(0)
    expect(existsSync(join(home, 'disposed'))).toBe(true)
  })

  test('a signal ends the program in order without asking', async () => {
    const { pid, ended, home, calls } = await launch({ SMALL_RUN: 'first run' })
    process.kill(pid, 'SIGTERM')
    expect(await ended).toBe(0)
    expect(existsSync(join(home, 'disposed'))).toBe(true)
    expect(calls.filter(({ call }) => call === 'showMessageBox')).toEqual([])
  })

  test('a utility process gives its messages, its last lines, and how it ended', async () => {
    const { home } = await launch({ SMALL_WORKER: join(here, 'worker.mjs') })
    const path = join(home, 'outcomes.json')
    await expect.poll(() => existsSync(path), { timeout: 10_000 }).toBe(true)
    const outcomes = JSON.parse(await readFile(path, 'utf8')) as { ending: string }[]
    outcomes.sort((a, b) => a.ending.localeCompare(b.ending))
    expect(outcomes).toMatchObject([
      { ending: 'exit', exitCode: 3, signal: null, messages: [{ got: { kind: 'stop', keep: true } }] },
      { ending: 'SIGKILL', exitCode: null, signal: 'SIGKILL', lastLines: ['first line', 'last line'] },
      { ending: 'SIGTERM', exitCode: null, signal: 'SIGTERM', lastLines: ['first line', 'last line'] },
    ])
  })
})
