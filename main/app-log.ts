import { appendFile, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { ErrorValue } from './contract/errors.ts'
import { makeFolder } from './store/files.ts'

/** What the app tells of itself, for whoever looks for a fault: starts, ends, and errors that were not foreseen. */
export interface AppLog {
  note(event: string, facts?: Readonly<Record<string, unknown>>): void
  /** Notes an error of the app's own making or of its trainer; what a person did wrong is no fault. */
  error(error: ErrorValue): void
  /** Waits until everything is written. */
  close(): Promise<void>
}

const largest = 1_000_000
const faults: ReadonlySet<string> = new Set(['internal', 'trainer_crashed', 'store_damaged'])

/** The log of an app that may write nothing. */
export const noLog: AppLog = { note: () => undefined, error: () => undefined, close: () => Promise.resolve() }

/** Where the log of a home folder lies: the newer file, and the one before it. */
export function appLogFiles(home: string): readonly [string, string] {
  return [join(home, 'logs', 'app.jsonl'), join(home, 'logs', 'app.before.jsonl')]
}

/**
 * The log of a home folder: JSON lines in two files of at most a megabyte. A log that cannot be written is no reason
 * to stop anything.
 */
export function createAppLog(home: string, now: () => number = Date.now): AppLog {
  const [path, before] = appLogFiles(home)
  let last: Promise<unknown> = Promise.resolve()
  const write = (line: string): void => {
    last = last
      .then(async () => {
        await makeFolder(join(home, 'logs'))
        const size = await stat(path).then(
          (found) => found.size,
          () => 0,
        )
        if (size + line.length > largest) await rename(path, before)
        await appendFile(path, line)
      })
      .catch(() => undefined)
  }
  const note: AppLog['note'] = (event, facts = {}) =>
    write(`${JSON.stringify({ at: new Date(now()).toISOString(), event, ...facts }).slice(0, 20_000)}\n`)
  return {
    note,
    error: ({ code, message, details }) => {
      if (faults.has(code)) note('error', { code, message, details })
    },
    close: async () => {
      await last
    },
  }
}
