/** Kills a training job time and again at seeded moments, resumes it, and compares what it ends with. */
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunDetail } from '../../main/contract/runs.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { courseFaults, differences, folderEnding, logOf, shownEnding } from './endings.ts'
import type { Ending } from './endings.ts'
import { storeFaults, temporaries } from './home-state.ts'
import { hasEnded, jobSettings, makeJob, seriesOf, startRun, until } from './job.ts'
import type { Job } from './job.ts'
import { startHost, trainersOf } from './processes.ts'
import type { FaultyHost } from './processes.ts'
import { sleepAll } from './suspended.ts'
import { halfFiles, isNamed, strike, unfinished, wholeCheckpoint } from './strike.ts'
import type { Plan, Target } from './strike.ts'

export interface MatrixOptions {
  readonly seed: number
  readonly count: number
  readonly targets: readonly Target[]
  /** An empty folder. */
  readonly folder: string
  readonly fromSource: boolean
  readonly settings?: Readonly<Record<string, unknown>>
  readonly mostPerRun?: number
  /** The clock of host and trainers jumps by these hours, one after the other. */
  readonly clockHours?: readonly number[]
  /** Before each kill host and trainers sleep so long (SIGSTOP). */
  readonly sleepMs?: number
  onKill?(kill: Kill, done: number): void
}

export interface Kill {
  readonly target: Target
  /** What the window showed, `host start`, or the file that was being written. */
  readonly phase: string
  /** Where it came upon a file that was being written: its name, and the share of it that was there. */
  readonly cutOff: { readonly file: string; readonly share: number } | null
}

export interface MatrixResult {
  readonly kills: readonly Kill[]
  readonly runs: number
  readonly resumed: number
  /** Runs that ended as the uninterrupted one did, in their folders and in the window. */
  readonly equal: number
  readonly lost: number
  readonly faults: readonly string[]
  readonly uninterruptedSeconds: number
  readonly seconds: number
}

/** Milliseconds within which a trainer has to be gone after its host. */
const orphanMs = 20_000
const slowMs = 20

/** The host's process must be reaped by this one; runs in sequence, on a home folder that all of them share. */
export async function runMatrix(options: MatrixOptions): Promise<MatrixResult> {
  const { seed, count, targets, folder, fromSource, settings = jobSettings, mostPerRun = 5 } = options
  const { clockHours = [], sleepMs = 0 } = options
  const random = seededRandom('crash matrix', seed)
  const home = join(folder, 'home')
  const began = performance.now()
  const faults: string[] = []
  const kills: Kill[] = []
  const runIds: string[] = []
  let [resumed, equal] = [0, 0]
  let host = await open()

  function open(): Promise<FaultyHost> {
    const env = { LORACLE_FAULT_SLOW_MS: String(slowMs), LORACLE_FAULT_CLOCK_HOURS: clockHours.join() }
    return startHost({ home, fromSource, preloads: ['slow-disk', 'jumping-clock'], env })
  }
  const note = (kill: Kill): void => {
    kills.push(kill)
    options.onKill?.(kill, kills.length)
  }
  const fault = (text: string): void => {
    faults.push(`after kill ${kills.length}: ${text}`)
  }

  /** What a dead host leaves: no trainer, and a whole store. */
  const lookAtRemains = async (): Promise<void> => {
    const end = performance.now() + orphanMs
    while (trainersOf(home).length > 0 && performance.now() < end) await sleep(10)
    for (const pid of trainersOf(home)) fault(`the trainer ${pid} outlives its host`)
    for (const found of await storeFaults(home)) fault(found)
  }

  const reopen = async (target: Target): Promise<void> => {
    await host.ended
    await lookAtRemains()
    // Now and then the next host dies, too, while it sets right what the last one left.
    while (kills.length < count && random() < 0.2) {
      host = await open()
      await sleep(random() * (fromSource ? 2_000 : 800))
      host.kill('SIGKILL')
      await host.ended
      note({ target, phase: 'host start', cutOff: null })
      await lookAtRemains()
    }
    host = await open()
  }

  const draw = (lengthMs: number): Plan => {
    const target = targets[Math.floor(random() * targets.length)] ?? 'trainer'
    const atWrite = random() < 0.5
    const delayMs = random() * (atWrite ? 2 * slowMs : lengthMs)
    return {
      target,
      trigger: { kind: atWrite ? 'write' : 'moment', nth: 1 + Math.floor(random() * 12), delayMs },
    }
  }

  /** Kills once; false where the run ended before. */
  const killOnce = async (run: RunDetail, plan: Plan): Promise<boolean> => {
    if (sleepMs > 0) await sleepAll(host, sleepMs)
    const struck = await strike(host, run, plan)
    if (struck === null) return false
    if (plan.target !== 'trainer') {
      await host.ended
      await lookAtRemains()
    } else await until(host, run.id, hasEnded)
    const whole = wholeCheckpoint(run.folder)
    // The host removes what a trainer left, so of that is told what was there at the kill; a checkpoint that got its
    // name after all was not cut off.
    const writing = plan.target === 'trainer' ? struck.writing : unfinished(run.folder)
    const cutOffs = [...writing].filter(([file]) => !isNamed(run.folder, file))
    const cut = cutOffs.map(([file, bytes]) => ({
      file: file.replace(/\d{8}/, 'N'),
      share: whole > 0 && file.startsWith('checkpoints') ? bytes / whole : NaN,
    }))
    const [cutOff = null] = cut
    note({
      target: plan.target,
      phase: cutOff ? `writing ${cutOff.file.replace(/\.tmp$/, '')}` : struck.phase,
      cutOff,
    })
    for (const found of halfFiles(run.folder)) fault(found)
    if (plan.target !== 'trainer') await reopen(plan.target)
    return true
  }

  const trainThroughKills = async (job: Job, lengthMs: number): Promise<void> => {
    const run = await startRun(host, job, settings)
    runIds.push(run.id)
    const endings: string[] = []
    const perRun = 1 + Math.floor(random() * mostPerRun)
    for (let i = 0; i < perRun && kills.length < count; i++) {
      if (!(await killOnce(run, draw(lengthMs)))) break
      const left = await host.call('runs.get', { runId: run.id })
      if (left.status === 'finished') break
      if (!left.resumable) continue
      endings.push(left.status)
      if (left.status === 'failed' && left.error?.code !== 'trainer_crashed')
        fault(`failed with ${left.error?.code ?? 'no error'}: ${left.error?.message ?? ''}`)
      await host.call('runs.resume', { runId: run.id })
      resumed++
    }
    let ended = await until(host, run.id, hasEnded)
    if (ended.resumable) {
      // The last kill came upon a run that was waiting to go on by itself.
      await host.call('runs.resume', { runId: run.id })
      ended = await until(host, run.id, hasEnded)
    }
    const found = [
      ...(ended.status === 'finished' ? [] : [`${ended.status}: ${ended.error?.message ?? ''}`]),
      ...(await endingFaults(host, ended, { folder: expected, shown: expectedShown })),
      ...logFaults(await logOf(host, run.id), endings),
    ]
    if (found.length === 0) equal++
    for (const text of found) fault(`${run.name}: ${text}`)
  }

  const job = await makeJob(host, join(folder, 'tiny'))
  const start = performance.now()
  const whole = await startRun(host, job, settings)
  runIds.push(whole.id)
  await until(host, whole.id, ({ status }) => status === 'finished')
  const lengthMs = performance.now() - start
  const [expected, expectedShown] = [await folderEnding(whole.folder), await shownEnding(host, whole.id)]

  try {
    while (kills.length < count) await trainThroughKills(job, lengthMs)
    const listed = new Set((await host.call('runs.list', { projectId: job.projectId })).map(({ id }) => id))
    const lost = runIds.filter((id) => !listed.has(id)).length
    await host.quit()
    await lookAtRemains()
    for (const path of await temporaries(home)) fault(`left behind: ${path.slice(home.length)}`)
    const seconds = (performance.now() - began) / 1000
    const uninterruptedSeconds = lengthMs / 1000
    return { kills, runs: runIds.length - 1, resumed, equal, lost, faults, uninterruptedSeconds, seconds }
  } finally {
    host.kill('SIGKILL')
    await host.ended
  }
}

/** What a finished run has otherwise than the uninterrupted one. */
export async function endingFaults(
  host: FaultyHost,
  run: RunDetail,
  expected: { readonly folder: Ending; readonly shown: Ending },
): Promise<readonly string[]> {
  if (run.status !== 'finished') return []
  return [
    ...differences(expected.folder, await folderEnding(run.folder)),
    ...differences(expected.shown, await shownEnding(host, run.id)),
    ...courseFaults(run, await seriesOf(host, run.id)),
  ]
}

/** A run's log tells of each time that it was cut off, once, and of its end. */
function logFaults(log: readonly { readonly text: string }[], endings: readonly string[]): readonly string[] {
  const count = (pattern: RegExp): number => log.filter(({ text }) => pattern.test(text)).length
  const crashes = endings.filter((status) => status === 'failed').length
  const interruptions = endings.filter((status) => status === 'interrupted').length
  const told = {
    crashes: count(/^The trainer process (was ended by SIGKILL|ended by itself)/),
    interruptions: count(/^Loracle ended while the run/),
    ends: count(/^Finished after step|^The run had ended when Loracle was closed|^The run had ended/),
  }
  const wanted = { crashes, interruptions, ends: 1 }
  const [a, b] = [JSON.stringify(wanted), JSON.stringify(told)]
  return a === b ? [] : [`the log tells of ${b}, not of ${a}`]
}
