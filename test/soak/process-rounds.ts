import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { liveMb } from './collect-garbage.ts'
import { folderSize } from './folder-size.ts'
import { childrenOf, processFigures } from './process-figures.ts'
import type { ProcessFigures } from './process-figures.ts'
import type { ProcessWay, Scene } from './process-ways.ts'
import { openSoakApp } from './soak-app.ts'
import { makeSoakProject, writeSoakFiles } from './soak-project.ts'

/** What this process holds after a way was gone to its end. */
export interface Round extends ProcessFigures {
  readonly way: string
  readonly liveMb: number
  readonly timers: number
  readonly handles: number
  readonly exitListeners: number
  /** Files in the folders of runs, and in the folder for temporary ones. */
  readonly files: number
}

export interface Rounds {
  readonly rounds: readonly Round[]
  readonly faults: readonly string[]
}

/**
 * Goes a row of ways one after another, in this process as the host, and looks after each what it has left behind.
 * Temporary files of this process and those that it starts go into `folder` meanwhile.
 *
 * @param graceMs how long a process may take to be gone
 */
export async function goThrough(
  folder: string,
  ways: readonly (readonly [name: string, way: ProcessWay])[],
  seed: number,
  graceMs = 10_000,
): Promise<Rounds> {
  const temporary = join(folder, 'temporary')
  await mkdir(temporary)
  const before = process.env['TMPDIR']
  process.env['TMPDIR'] = temporary
  const faults: string[] = []
  const onWarning = ({ message }: Error): void => void faults.push(`Node warns: ${message}`)
  process.on('warning', onWarning)
  const home = join(folder, 'home')
  const files = await writeSoakFiles(folder, { seed, rows: 40 })
  const soak = await openSoakApp(home)
  const scene: Scene = { home, soak, files, ...(await makeSoakProject(soak.client, files)) }
  const others = new Set(childrenOf(process.pid).map(({ pid }) => pid))
  const rounds: Round[] = []
  try {
    for (const [name, way] of ways) {
      await way(scene)
      const left = await leftBehind(others, graceMs)
      if (left.length > 0)
        faults.push(`${name}: ${left.length} processes are left behind (${left.join(', ')})`)
      for (const pid of left) process.kill(pid, 'SIGKILL')
      rounds.push(await look(name, scene, temporary))
    }
  } finally {
    await scene.soak.close()
    process.off('warning', onWarning)
    if (before === undefined) delete process.env['TMPDIR']
    else process.env['TMPDIR'] = before
  }
  return { rounds, faults }
}

/** The processes that were started since and have not ended within the grace; one that was not waited for counts. */
async function leftBehind(others: ReadonlySet<number>, graceMs: number): Promise<readonly number[]> {
  const end = performance.now() + graceMs
  for (;;) {
    const left = childrenOf(process.pid).flatMap(({ pid }) => (others.has(pid) ? [] : pid))
    if (left.length === 0 || performance.now() > end) return left
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function look(way: string, { home, projectId }: Scene, temporary: string): Promise<Round> {
  const resources = process.getActiveResourcesInfo()
  const timers = resources.filter((name) => name === 'Timeout').length
  const runs = await folderSize(join(home, 'projects', projectId, 'runs'))
  return {
    way,
    liveMb: await liveMb(),
    timers,
    handles: resources.length - timers,
    exitListeners: process.listenerCount('exit'),
    files: runs.files + (await folderSize(temporary)).files,
    ...processFigures(process.pid),
  }
}
