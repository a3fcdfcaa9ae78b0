/** One kill: when it is due, whom it hits, and what it was found to have cut off. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RunDetail, RunPhase } from '../../main/contract/runs.ts'
import { hasEnded } from './job.ts'
import type { FaultyHost } from './processes.ts'

export type Target = 'trainer' | 'host' | 'both'

export interface Plan {
  readonly target: Target
  /** After so many milliseconds, or so many after the `nth` time that a file is seen to be written. */
  readonly trigger: { readonly kind: 'moment' | 'write'; readonly nth: number; readonly delayMs: number }
}

/** Where the trainer's files come to be, within a run's folder. */
const places = ['.', 'checkpoints', 'adapter']

/** The files of a run that are being written, with their bytes so far. */
export function unfinished(runDir: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>()
  for (const place of places)
    for (const name of namesIn(join(runDir, place)))
      if (name.endsWith('.tmp')) found.set(join(place, name), sizeOf(join(runDir, place, name)))
  return found
}

/** True of a checkpoint that was being written where it is there by its own name. */
export function isNamed(runDir: string, file: string): boolean {
  return file.startsWith('checkpoints') && existsSync(join(runDir, file.replace(/\.tmp$/, '')))
}

const namesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const sizeOf = (path: string): number => {
  try {
    return statSync(path).size
  } catch {
    return 0
  }
}

/** What a kill came upon: the phase that the window showed, and the files that were being written. */
export interface Struck {
  readonly phase: RunPhase
  readonly writing: ReadonlyMap<string, number>
}

/** Waits until a kill is due and kills; null where the run ended before. */
export async function strike(host: FaultyHost, run: RunDetail, plan: Plan): Promise<Struck | null> {
  const { target, trigger } = plan
  const watching = new AbortController()
  let phase: RunPhase = 'queued'
  let isOver = false
  const watch = host
    .call(
      'runs.watch',
      { runId: run.id, maxPoints: 2 },
      {
        signal: watching.signal,
        onEvent: (update) => {
          if (update.progress.phase !== 'queued' || phase === 'queued') phase = update.progress.phase
          if (update.run && hasEnded(update.run)) isOver = true
        },
      },
    )
    .catch(() => undefined)
  try {
    if (trigger.kind === 'write') {
      let seen = new Set<string>()
      for (let left = trigger.nth; left > 0;) {
        const now = new Set(unfinished(run.folder).keys())
        left -= [...now].filter((name) => !seen.has(name)).length
        seen = now
        if (isOver) return null
        await sleep(1)
      }
    }
    await sleep(trigger.delayMs)
    const trainers = host.trainers()
    if (target !== 'host' && trainers.length === 0 && isOver) return null
    if (target !== 'trainer') host.kill('SIGKILL')
    if (target !== 'host') for (const pid of await oneTrainer(host, () => isOver)) killNow(pid)
    return { phase, writing: unfinished(run.folder) }
  } finally {
    watching.abort()
    await watch
  }
}

/** The trainers at work; waits for one that is only just being started. */
async function oneTrainer(host: FaultyHost, isOver: () => boolean): Promise<readonly number[]> {
  for (let i = 0; i < 1_000; i++) {
    const found = host.trainers()
    if (found.length > 0 || isOver()) return found
    await sleep(2)
  }
  return []
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended by itself.
  }
}

/** The bytes that a checkpoint of the run has when it is whole; 0 before there is one. */
export function wholeCheckpoint(runDir: string): number {
  const folder = join(runDir, 'checkpoints')
  return Math.max(
    0,
    ...namesIn(folder).map((name) => (name.endsWith('.tmp') ? 0 : sizeOf(join(folder, name)))),
  )
}

/** Files of a run that bear their own names and are not whole. */
export function halfFiles(runDir: string): readonly string[] {
  const faults: string[] = []
  for (const place of places)
    for (const name of namesIn(join(runDir, place))) {
      const path = join(runDir, place, name)
      if (name.endsWith('.json') && !isJson(path)) faults.push(`${name} is no JSON`)
      if (name.endsWith('.safetensors') && !isWholeSafetensors(path)) faults.push(`${name} is not whole`)
    }
  return faults
}

function isJson(path: string): boolean {
  try {
    JSON.parse(readFileSync(path, 'utf8'))
    return true
  } catch {
    return false
  }
}

/** The header says how long the file is: 8 bytes of its own length, itself, and the last tensor's end. */
function isWholeSafetensors(path: string): boolean {
  try {
    const bytes = readFileSync(path)
    const header = Number(bytes.readBigUInt64LE())
    const entries = JSON.parse(bytes.subarray(8, 8 + header).toString()) as Record<
      string,
      { readonly data_offsets?: readonly [number, number] }
    >
    const ends = Object.values(entries).map(({ data_offsets: offsets }) => offsets?.[1] ?? 0)
    return bytes.byteLength === 8 + header + Math.max(0, ...ends)
  } catch {
    return false
  }
}
