import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { withoutBrowser } from '../../../e2e/support/browser.ts'
import { launchStandIn } from '../../../support/electron/launch.ts'
import type { StandIn } from '../../../support/electron/launch.ts'
import { temporaryFolder } from '../../../support/temporary-folder.ts'
import { writeSmallWindow } from '../small-window.ts'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..', '..', '..')
const built = join(root, 'out', 'test-electron')

interface Loracle {
  send(text: string): void
  onMessage(listener: (text: string) => void): void
  pathForFile(file: File): string
  chooseFiles(): Promise<string[]>
  chooseFolder(): Promise<string | null>
  showItem(path: string): void
}
interface WindowSurface {
  readonly loracle: Loracle
  frames: string[]
}

async function bundle(entry: string, name: string, format: 'es' | 'cjs'): Promise<void> {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: join(root, entry),
      outDir: built,
      emptyOutDir: false,
      rolldownOptions: { external: ['electron'], output: { format, entryFileNames: name } },
    },
  })
}

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

const inPage = <R>(page: Page, run: (window: WindowSurface) => R | Promise<R>): Promise<R> =>
  page.evaluate(`(${run.toString()})(window)`) as Promise<R>

const openConnection = (page: Page): Promise<void> =>
  inPage(page, (window) => {
    window.frames = []
    window.loracle.onMessage((text) => window.frames.push(text))
  })

const framesOf = async (page: Page): Promise<unknown[]> =>
  (await inPage(page, (window) => window.frames)).map((text) => JSON.parse(text) as unknown)

describe.skipIf(withoutBrowser)('the Electron host, in the stand-in', () => {
  beforeAll(async () => {
    await mkdir(built, { recursive: true })
    await writeSmallWindow(join(built, 'renderer'))
    await bundle('test/main/hosts/electron/small-main.ts', 'main.js', 'es')
    await bundle('main/hosts/electron/preload.ts', 'preload.cjs', 'cjs')
  })

  test('the preload offers its one small object, and the page has no Node', async () => {
    const { page } = await launch()
    const surface = await inPage(page, (window) => [
      Object.keys(window.loracle).sort().join(' '),
      String(Object.isFrozen(window.loracle)),
      typeof (window as unknown as { require?: unknown }).require,
      typeof (window as unknown as { process?: unknown }).process,
    ])
    expect(surface).toEqual([
      'chooseFiles chooseFolder onMessage pathForFile platform send showItem',
      'true',
      'undefined',
      'undefined',
    ])
  })

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

  test('the window stays where it is: no other address, no new window, no request', async () => {
    const { page, calls } = await launch()
    const address = page.url()
    await page.evaluate("location.href = 'https://evil.example/'").catch(() => undefined)
    const allowed = 'https://huggingface.co/google/flan-t5-small'
    const opened = () => calls.filter(({ call }) => call === 'openExternal').map(({ value }) => value)
    // While the refused navigation is under way the page opens nothing: it is asked again.
    await expect
      .poll(async () => {
        if (opened().length === 0)
          await page.evaluate(`void window.open('${allowed}')`).catch(() => undefined)
        return opened()[0]
      })
      .toBe(allowed)
    await page.evaluate("void window.open('file:///etc/passwd')").catch(() => undefined)
    const fetched = await page.evaluate("fetch('https://evil.example/').then(() => 'sent', () => 'refused')")
    expect(fetched).toBe('refused')
    expect(new Set(opened())).toEqual(new Set([allowed]))
    expect(page.url()).toBe(address)
    expect(await page.title()).toBe('Small')
  })

  test('app:// serves the window’s files under the policy, and nothing beside them', async () => {
    const { page } = await launch()
    await writeFile(join(built, 'renderer', '..', 'secret.txt'), 'secret')
    const answer = await page.evaluate(async () => {
      const found = await fetch('/assets/small-1.js')
      const beside = await fetch('/..%2fsecret.txt')
      return [found.status, found.headers.get('content-security-policy'), beside.status, await beside.text()]
    })
    expect(answer).toEqual([
      200,
      expect.stringContaining("default-src 'none'"),
      404,
      'There is nothing here.\n',
    ])
    // The policy is at work: what is written into the page does not run.
    await page.evaluate(
      "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 1\">')",
    )
    await page.waitForTimeout(100)
    expect(await page.evaluate('window.hit')).toBeUndefined()
  })

  test('dialogs give paths, and a file can be shown', async () => {
    const folder = await temporaryFolder()
    const { page, calls, answerDialogs } = await launch()
    expect(await inPage(page, (window) => window.loracle.chooseFolder())).toBeNull()
    await answerDialogs({ showOpenDialog: { canceled: false, filePaths: [folder] } })
    expect(await inPage(page, (window) => window.loracle.chooseFolder())).toBe(folder)
    expect(await inPage(page, (window) => window.loracle.chooseFiles())).toEqual([folder])
    for (const path of ['relative', '\\\\server\\share', '//server/share', '/no/such/file', folder])
      await page.evaluate(`window.loracle.showItem(${JSON.stringify(path)})`)
    await expect
      .poll(() => calls.filter(({ call }) => call === 'showItemInFolder').map(({ value }) => value))
      .toEqual([folder])
  })

  test('a dropped file has its path', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'questions.csv'), 'question,answer\n')
    const { page } = await launch({}, [folder])
    await page.evaluate("document.body.insertAdjacentHTML('beforeend', '<input type=file>')")
    await page.setInputFiles('input', join(folder, 'questions.csv'))
    const path = await page.evaluate("window.loracle.pathForFile(document.querySelector('input').files[0])")
    expect(path).toBe(join(folder, 'questions.csv'))
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
