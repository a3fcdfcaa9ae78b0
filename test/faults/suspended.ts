/** Stops (SIGSTOP) trainer, host or both in the middle of a run for a while, and compares what the run ends with. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { seededRandom } from '../../trainer/data/random.ts'
import { folderEnding, logOf, shownEnding } from './endings.ts'
import { storeFaults, temporaries } from './home-state.ts'
import { hasEnded, jobSettings, makeJob, startRun, until } from './job.ts'
import { endingFaults } from './matrix.ts'
import { startHost } from './processes.ts'
import type { FaultyHost } from './processes.ts'
import type { Target } from './strike.ts'

export interface SuspendOptions {
  readonly seed: number
  readonly count: number
  readonly sleepMs: number
  /** An empty folder. */
  readonly folder: string
  readonly fromSource: boolean
  onCase?(text: string): void
}

export interface SuspendResult {
  /** Runs that were stopped before they had ended. */
  readonly slept: number
  readonly equal: number
  readonly faults: readonly string[]
}

/** Stops host, trainers or both for a while, as a machine that sleeps does. */
export async function sleepAll(host: FaultyHost, ms: number, target: Target = 'both'): Promise<void> {
  const stopped = target === 'host' ? [] : host.trainers()
  for (const pid of stopped) process.kill(pid, 'SIGSTOP')
  if (target !== 'trainer') host.kill('SIGSTOP')
  await sleep(ms)
  if (target !== 'trainer') host.kill('SIGCONT')
  for (const pid of stopped) process.kill(pid, 'SIGCONT')
}

const targets: readonly Target[] = ['both', 'trainer', 'host']

export async function suspendRuns(options: SuspendOptions): Promise<SuspendResult> {
  const { seed, count, sleepMs, folder, fromSource } = options
  const random = seededRandom('suspended', seed)
  const home = join(folder, 'home')
  const host = await startHost({ home, fromSource })
  const faults: string[] = []
  let [slept, equal] = [0, 0]
  try {
    const job = await makeJob(host, join(folder, 'tiny'))
    const whole = await startRun(host, job)
    await until(host, whole.id, hasEnded)
    const expected = { folder: await folderEnding(whole.folder), shown: await shownEnding(host, whole.id) }
    for (let index = 0; index < count; index++) {
      const target = targets[index % targets.length] ?? 'both'
      const run = await startRun(host, job, jobSettings)
      const from = Math.floor(random() * 60)
      const before = await until(host, run.id, (one) => one.step > from || hasEnded(one))
      await sleepAll(host, sleepMs, target)
      if (!hasEnded(before)) slept++
      const ended = await until(host, run.id, hasEnded)
      const found = [
        ...(ended.status === 'finished' ? [] : [`${ended.status}: ${ended.error?.message ?? ''}`]),
        ...(await endingFaults(host, ended, expected)),
        ...(await logOf(host, run.id))
          .filter(({ level }) => level === 'error')
          .map(({ text }) => `told: ${text}`),
      ]
      if (found.length === 0) equal++
      for (const text of found) faults.push(`${target} asleep after step ${before.step}: ${text}`)
      options.onCase?.(`${target} asleep for ${sleepMs} ms after step ${before.step}: ${ended.status}`)
    }
    await host.quit()
    faults.push(...(await storeFaults(home)), ...(await temporaries(home)), ...host.trainers().map(String))
    return { slept, equal, faults }
  } finally {
    host.kill('SIGKILL')
    await host.ended
  }
}
