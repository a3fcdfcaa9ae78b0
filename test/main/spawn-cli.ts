import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface Finished {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  readonly finished: Promise<Finished>
  /** Resolves when standard output and error together contain the text. */
  sees(text: string): Promise<void>
  /** What it has written so far. */
  seen(): string
}

export const repository = fileURLToPath(new URL('../..', import.meta.url))

/** Starts a script of the repository as a process of its own, without a terminal; `env` beside PATH and HOME. */
export function start(
  script: string,
  args: readonly string[],
  cwd = repository,
  env: Readonly<Record<string, string>> = {},
): Running {
  const { PATH, HOME, NODE_COMPILE_CACHE } = process.env
  const child = spawn(
    process.execPath,
    [fileURLToPath(new URL(`../../${script}`, import.meta.url)), ...args],
    {
      cwd,
      env: { PATH, HOME, NODE_COMPILE_CACHE, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let stdout = ''
  let stderr = ''
  const watchers = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
    watchers.forEach((watch) => watch())
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr += chunk
    watchers.forEach((watch) => watch())
  })
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  const sees = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        if (!(stdout + stderr).includes(text)) return
        watchers.delete(watch)
        resolve()
      }
      watchers.add(watch)
      void finished.then(() => reject(new Error(`ended without ${text}: ${stdout}${stderr}`)))
      watch()
    })
  return { child, finished, sees, seen: () => stdout + stderr }
}

/** The JSON lines of a text; throws where a line is not JSON. */
export function jsonLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}

/** True while a process of that id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
