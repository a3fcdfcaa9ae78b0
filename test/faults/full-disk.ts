/** Lets the disk be full at seeded writes of a run, makes room again, and compares what the resumed run ends with. */
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { seededRandom } from '../../trainer/data/random.ts'
import { folderEnding, logOf, shownEnding } from './endings.ts'
import { storeFaults, temporaries } from './home-state.ts'
import { hasEnded, jobSettings, makeJob, startRun, until } from './job.ts'
import { endingFaults } from './matrix.ts'
import { startHost } from './processes.ts'
import type { FaultyHost } from './processes.ts'
import { halfFiles } from './strike.ts'

export type FullPart = 'trainer' | 'host' | 'store'

export interface FullDiskOptions {
  readonly seed: number
  readonly count: number
  readonly parts: readonly FullPart[]
  /** An empty folder. */
  readonly folder: string
  readonly fromSource: boolean
  readonly settings?: Readonly<Record<string, unknown>>
  /** How much of a whole job's writes the settings make. */
  readonly share?: number
  onCase?(text: string): void
}

export interface FullDiskResult {
  readonly cases: number
  /** Cases in which the disk was full before the run had ended. */
  readonly struck: number
  readonly equal: number
  readonly faults: readonly string[]
}

/** The writes of a part between which a moment is drawn. */
const writes: Readonly<Record<FullPart, readonly [number, number]>> = {
  trainer: [0, 280],
  host: [0, 12],
  store: [0, 90],
}

export async function fillDisks(options: FullDiskOptions): Promise<FullDiskResult> {
  const { seed, count, parts, folder, fromSource, settings = jobSettings, share = 1 } = options
  const random = seededRandom('full disk', seed)
  const [home, control] = [join(folder, 'home'), join(folder, 'full.json')]
  const faults: string[] = []
  let [struck, equal] = [0, 0]
  const open = (): Promise<FaultyHost> =>
    startHost({ home, fromSource, preloads: ['full-disk'], env: { LORACLE_FAULT_FULL: control } })
  let host = await open()
  try {
    const job = await makeJob(host, join(folder, 'tiny'))
    const whole = await startRun(host, job, settings)
    await until(host, whole.id, ({ status }) => status === 'finished')
    const expected = { folder: await folderEnding(whole.folder), shown: await shownEnding(host, whole.id) }
    for (let index = 0; index < count; index++) {
      const part = parts[index % parts.length] ?? 'trainer'
      const [least, most] = writes[part]
      const after = least + Math.floor(random() * share * (most - least))
      const name = `${part}, full after ${after} writes`
      const fault = (text: string): void => void faults.push(`${name}: ${text}`)
      // The control file is read when a process starts: of the host, a new one.
      if (part !== 'trainer') await host.quit()
      await writeFile(control, JSON.stringify({ role: part, after, part: random() }))
      if (part !== 'trainer') host = await open()

      const refused = await startRun(host, job, settings).then(
        () => null,
        (thrown: unknown) => thrown as { readonly code?: string; readonly message: string },
      )
      if (refused && refused.code !== 'disk_full')
        fault(`starting failed with ${refused.code ?? ''} ${refused.message}`)
      if (refused && !/disk is full.*Free some space/.test(refused.message)) fault(`said: ${refused.message}`)
      if (refused) {
        // A host whose store could not even be opened says so to every call.
        await rm(control)
        await host.quit()
        host = await open()
        await startRun(host, job, settings)
      }
      const [run = whole] = await host.call('runs.list', { projectId: job.projectId })
      const isStuck = async (): Promise<boolean> =>
        (await logOf(host, run.id)).some(({ text }) => /store could not be written.*disk is full/.test(text))
      let ended = await until(host, run.id, hasEnded, part === 'store' && !refused ? 8_000 : 60_000).catch(
        () => null,
      )
      const isTold = ended === null ? await isStuck() : ended.error?.code === 'disk_full'
      if (refused || isTold) struck++
      if (ended === null && !isTold) fault('the run neither ended nor said that the disk is full')
      for (const found of halfFiles(run.folder)) fault(found)
      for (const found of await storeFaults(home)) fault(found)
      await rm(control, { force: true })
      ended ??= await until(host, run.id, hasEnded)
      if (ended.status === 'failed' && ended.error?.code !== 'disk_full')
        fault(`failed: ${ended.error?.message ?? ''}`)
      if (ended.resumable) {
        await host.call('runs.resume', { runId: run.id })
        ended = await until(host, run.id, hasEnded)
      }
      // What could not be stored at once is stored later: the log lacks nothing.
      const saves = (await logOf(host, run.id)).filter(({ text }) => text.startsWith('Saved a checkpoint'))
      const due = new Set(Array.from({ length: Math.floor(ended.steps / 4) }, (_, i) => 4 * (i + 1))).add(
        ended.steps,
      )
      if (part === 'store' && saves.length !== due.size)
        fault(`${saves.length} of ${due.size} checkpoints are in the log`)
      const found = ended.status === 'finished' ? await endingFaults(host, ended, expected) : [ended.status]
      if (found.length === 0) equal++
      found.forEach(fault)
      for (const path of await temporaries(run.folder)) fault(`left behind: ${path}`)
      options.onCase?.(`${name}: ${refused ? 'refused' : isTold ? 'told' : 'not reached'}`)
    }
    await host.quit()
    for (const found of await storeFaults(home)) faults.push(found)
    return { cases: count, struck, equal, faults }
  } finally {
    host.kill('SIGKILL')
    await host.ended
  }
}
