import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createMetricsReader, readCourse } from '../../../main/runs/metrics-reader.ts'
import { readRunFolder } from '../../../main/runs/run-folder.ts'
import { checkpointStep, readResultFile } from '../../../main/runs/saved-state.ts'
import { loadCheckpoint } from '../../../trainer/checkpoint/checkpoint.ts'
import { readSafetensorsHeader } from '../../../trainer/checkpoint/safetensors.ts'
import { finetune } from '../../../trainer/finetune.ts'
import { tinyCommand } from '../../support/tiny-run.ts'
import { Fault, outcomeOf } from '../outcome.ts'

let loaded = 0
/** Of the runs whose checkpoint is taken so many are gone on with: that takes as long as a hundred readings. */
const resumeEvery = 40

/** Reads a run's folder as the host does when it starts, and its checkpoint as the trainer does when it resumes. */
export async function readRun(folder: string): Promise<readonly string[]> {
  const run = join(folder, 'run')
  const origin = await readFile(join(folder, 'origin'), 'utf8')
  const fingerprint = await fingerprintOf(origin)
  const shown = await outcomeOf(async () => {
    await readRunFolder(run)
    return 'settings'
  })
  const host = await outcomeOf(async () => {
    const [step, result] = [await checkpointStep(run), await readResultFile(run)]
    if (!Number.isSafeInteger(step) || step < 0) throw new Fault(`the step is ${step}`)
    if (
      result &&
      ![result.runDir, result.adapter ?? run].every((path) => path === run || path.startsWith(`${run}/`))
    )
      throw new Fault(
        `the result lies in ${result.runDir.slice(0, 100)} and ${result.adapter?.slice(0, 100)}`,
      )
    return result ? 'result' : 'no result'
  })
  const course = await outcomeOf(async () => {
    await createMetricsReader().read(run)
    ;(await readCourse(run)).series(1000)
    return 'course'
  })
  const resumed = await outcomeOf(async () => {
    const checkpoint = await loadCheckpoint(run, fingerprint)
    if (!checkpoint) return 'no checkpoint'
    if (loaded++ % resumeEvery !== 0) return 'checkpoint'
    const never = new AbortController().signal
    const command = tinyCommand(origin, run, { settings: { epochs: 1, saveEvery: 2 }, resume: true })
    await finetune(command, { report: () => undefined, stop: never, keep: never })
    return 'resumed'
  })
  return [shown, host, course, resumed]
}

const known = new Map<string, string>()

/** What the sound run was started with. */
async function fingerprintOf(origin: string): Promise<string> {
  const there = known.get(origin)
  if (there !== undefined) return there
  const { metadata } = await readSafetensorsHeader(join(origin, 'run/checkpoints/step-00000005.safetensors'))
  const { fingerprint } = JSON.parse(metadata['state'] ?? '{}') as { readonly fingerprint: string }
  known.set(origin, fingerprint)
  return fingerprint
}
