import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import type { Page } from 'playwright-core'
import type { Question } from './questions.ts'

export interface StandInOptions {
  /** The built main, `out/main/index.js`. */
  readonly main: string
  readonly args?: readonly string[]
  /** Files, and folders with their files, whose paths the preload gives to the page. */
  readonly files?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Something that the program asked of the system. */
export interface SystemCall {
  readonly call: string
  readonly value: unknown
}

export interface StandIn {
  readonly page: Page
  readonly pid: number
  readonly calls: readonly SystemCall[]
  /** How the program ended: its exit code, null where a signal ended it. */
  readonly ended: Promise<number | null>
  /** What dialogs answer from now on, by method: `{ showMessageBox: { response: 1 } }`. */
  answerDialogs(answers: Readonly<Record<string, object>>): Promise<void>
  /** What a person does to the program. */
  act(action: 'close-window' | 'quit' | 'second-instance'): void
  /** Asks the program what a foreign page or the system would, and waits for its answer. */
  ask(question: Question): Promise<unknown>
  /** Ends it, if it has not ended. */
  close(): Promise<void>
}

/** Starts a built main in the stand-in and waits for its window. Whoever launches it closes it. */
export async function launchStandIn({ main, args = [], files = [], env }: StandInOptions): Promise<StandIn> {
  const folder = await mkdtemp(join(tmpdir(), 'loracle-stand-in-'))
  const dialogs = join(folder, 'dialogs.json')
  await writeFile(dialogs, '{}')
  const port = await freePort()
  const runMain = fileURLToPath(new URL('./run-main.ts', import.meta.url))
  const child = spawn(process.execPath, [runMain, main, ...args], {
    stdio: ['pipe', 'inherit', 'pipe'],
    env: {
      ...process.env,
      ...env,
      STAND_IN_PORT: String(port),
      STAND_IN_FILES: JSON.stringify(files),
      STAND_IN_DIALOGS: dialogs,
    },
  })
  const calls: SystemCall[] = []
  const said: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith('[stand-in] ')) calls.push(JSON.parse(line.slice(11)) as SystemCall)
    else said.push(line)
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
    await ended
    clearTimeout(timer)
    await rm(folder, { recursive: true, force: true })
  }
  const failed = ended.then((code): never => {
    throw new Error(`The program ended with ${code} before its window was there.\n${said.join('\n')}`)
  })
  try {
    const page = await Promise.race([windowPage(port), failed])
    failed.catch(() => undefined)
    return {
      page,
      pid: child.pid ?? 0,
      calls,
      ended,
      answerDialogs: (answers) => writeFile(dialogs, JSON.stringify(answers)),
      act: (action) => child.stdin.write(`${action}\n`),
      ask: async (question) => {
        const answers = () => calls.filter(({ call }) => call === 'answer')
        const before = answers().length
        child.stdin.write(`${JSON.stringify(question)}\n`)
        while (answers().length === before) await new Promise((resolve) => setTimeout(resolve, 5))
        return answers()[before]?.value
      },
      close,
    }
  } catch (thrown) {
    await close()
    throw thrown
  }
}

/** The page of the program's window, when it has one. */
async function windowPage(port: number): Promise<Page> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const browser = await chromium.connectOverCDP(`http://127.0.0.1:${port}`).catch(() => undefined)
    const isWindow = (page: Page): boolean => page.url().startsWith('https://')
    const page = browser
      ?.contexts()
      .flatMap((context) => context.pages())
      .find(isWindow)
    if (page) return page
    await browser?.close()
  }
  throw new Error('No window came within 30 seconds.')
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
