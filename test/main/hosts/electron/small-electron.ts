import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { build } from 'vite'
import { repository } from '../../spawn-cli.ts'
import { writeSmallWindow } from '../small-window.ts'

interface Loracle {
  send(text: string): void
  onMessage(listener: (text: string) => void): void
  pathForFile(file: File): string
  chooseFiles(): Promise<string[]>
  chooseFolder(): Promise<string | null>
  showItem(path: string): void
}
export interface WindowSurface {
  readonly loracle: Loracle
  frames: string[]
}

/** Builds the small app's main, preload and window into a folder of `out/` of that name. @returns the folder */
export async function buildSmallElectron(name: string): Promise<string> {
  const built = join(repository, 'out', name)
  await mkdir(built, { recursive: true })
  await writeSmallWindow(join(built, 'renderer'))
  await bundle(built, 'test/main/hosts/electron/small-main.ts', { name: 'main.js', format: 'es' })
  await bundle(built, 'main/hosts/electron/preload.ts', { name: 'preload.cjs', format: 'cjs' })
  return built
}

async function bundle(
  built: string,
  entry: string,
  { name, format }: { readonly name: string; readonly format: 'es' | 'cjs' },
): Promise<void> {
  await build({
    configFile: false,
    root: repository,
    logLevel: 'error',
    build: {
      ssr: join(repository, entry),
      outDir: built,
      emptyOutDir: false,
      rolldownOptions: { external: ['electron'], output: { format, entryFileNames: name } },
    },
  })
}

export const inPage = <R>(page: Page, run: (window: WindowSurface) => R | Promise<R>): Promise<R> =>
  page.evaluate(`(${run.toString()})(window)`) as Promise<R>

/** Opens the connection of a page, whose frames are kept in it. */
export const openConnection = (page: Page): Promise<void> =>
  inPage(page, (window) => {
    window.frames = []
    window.loracle.onMessage((text) => window.frames.push(text))
  })

export const framesOf = async (page: Page): Promise<unknown[]> =>
  (await inPage(page, (window) => window.frames)).map((text) => JSON.parse(text) as unknown)
