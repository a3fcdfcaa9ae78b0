import { readdirSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'
import { browserPath } from '../../e2e/support/browser.ts'

/** The Chromium that shows the windows; tests reach their pages through its debugging port. */
export const browser: Promise<Browser> = chromium.launch({
  ...(browserPath === null ? {} : { executablePath: browserPath }),
  args: [
    `--remote-debugging-port=${process.env['STAND_IN_PORT'] ?? '0'}`,
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
})

interface DroppableFile {
  readonly path: string
  readonly name: string
  /** Null for a folder. */
  readonly size: number | null
}

/** The files whose paths a page may learn, folders with all that they hold. */
export function droppableFiles(): readonly DroppableFile[] {
  const walk = (path: string): DroppableFile[] => {
    const found = statSync(path)
    const inside = found.isDirectory() ? readdirSync(path).flatMap((name) => walk(join(path, name))) : []
    return [{ path, name: basename(path), size: found.isDirectory() ? null : found.size }, ...inside]
  }
  return (JSON.parse(process.env['STAND_IN_FILES'] ?? '[]') as string[]).flatMap(walk)
}

/** Tells the test what was asked of the system, as one line. */
export function tell(call: string, value: unknown): void {
  process.stderr.write(`[stand-in] ${JSON.stringify({ call, value })}\n`)
}
