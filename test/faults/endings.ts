/** What a run ended with, as far as it may not depend on what happened to it on the way. */
import { createHash } from 'node:crypto'
import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LogLine, RunDetail, RunUpdate } from '../../main/contract/runs.ts'
import { readSafetensors, readSafetensorsHeader } from '../../trainer/checkpoint/safetensors.ts'
import { seriesOf } from './job.ts'
import type { FaultyHost } from './processes.ts'

/** Texts and digests under the names of what they are of; equal runs have equal endings. */
export type Ending = Readonly<Record<string, string>>

/** What the host adds to a finished run when it finds the time. */
const ofHost = /^run\.json/

/** Reads the folder of a finished run: adapter, checkpoints, metrics and result. */
export async function folderEnding(runDir: string): Promise<Ending> {
  const names = (await readdir(runDir)).filter((name) => !ofHost.test(name)).sort()
  const ending: Record<string, string> = { folder: names.join(' ') }
  for (const file of await readdir(join(runDir, 'adapter')))
    ending[`adapter/${file}`] = digest(await readFile(join(runDir, 'adapter', file)))
  const checkpoints = (await readdir(join(runDir, 'checkpoints'))).sort()
  ending['checkpoints'] = checkpoints.join(' ')
  for (const file of checkpoints.filter((name) => name.endsWith('.safetensors')))
    ending[`checkpoints/${file}`] = await checkpointEnding(join(runDir, 'checkpoints', file))
  const lines = (await readFile(join(runDir, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n')
  ending['metrics'] = lines.map((line) => untimed(JSON.parse(line) as object)).join('\n')
  ending['result'] = untimed(JSON.parse(await readFile(join(runDir, 'result.json'), 'utf8')) as object)
  return ending
}

/** All tensors of a checkpoint (parameters, best parameters, moments) and its state without its times. */
async function checkpointEnding(path: string): Promise<string> {
  const { metadata } = await readSafetensorsHeader(path)
  const hash = createHash('sha256').update(untimed(JSON.parse(metadata['state'] ?? '{}') as object))
  for (const [name, { data }] of await readSafetensors(path))
    hash.update(name).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
  return hash.digest('hex')
}

/** What is measured, or names the run's own folder, differs from run to run. */
const own = new Set([
  ...['seconds', 'elapsedSeconds', 'secondsLeft', 'tokensPerSecond', 'peakRssMb', 'rssMb'],
  ...['processorPercent', 'memoryMb', 'runDir', 'adapter'],
])

function untimed(value: object): string {
  return JSON.stringify(value, (key, inner: unknown) => (own.has(key) ? undefined : inner))
}

const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** What the window shows of a finished run: its course, its scores, how it stands. */
export async function shownEnding(host: FaultyHost, runId: string): Promise<Ending> {
  const run = await host.call('runs.get', { runId })
  const { recorded, points, validations } = await seriesOf(host, runId)
  const { status, step, steps, error, resumable, before, after, stopped, usable, bestStep, checkpointStep } =
    run
  return {
    recorded: String(recorded),
    points: points.map((point) => untimed(point)).join('\n'),
    validations: validations.map((point) => untimed(point)).join('\n'),
    run: JSON.stringify({ status, step, steps, error, resumable, before, after, stopped, usable, bestStep }),
    checkpointStep: String(checkpointStep),
  }
}

/** The log of a run, as whoever watches it is first told. */
export async function logOf({ call }: FaultyHost, runId: string): Promise<readonly LogLine[]> {
  const stopping = new AbortController()
  const seen = Promise.withResolvers<RunUpdate>()
  const watching = call(
    'runs.watch',
    { runId, maxPoints: 100 },
    { onEvent: (update) => seen.resolve(update), signal: stopping.signal },
  )
  watching.catch((thrown: unknown) => seen.reject(thrown as Error))
  try {
    const first = await seen.promise
    return first.kind === 'snapshot' ? first.log : []
  } finally {
    stopping.abort()
    await watching.catch(() => undefined)
  }
}

/** The names of what differs between two endings, with the beginning of either side. */
export function differences(expected: Ending, found: Ending): readonly string[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)])
  return [...names].flatMap((name) => {
    const [a = 'nothing', b = 'nothing'] = [expected[name], found[name]]
    if (a === b) return []
    let at = 0
    while (at < a.length && a[at] === b[at]) at++
    const from = Math.max(0, at - 40)
    return [`${name}: expected …${a.slice(from, at + 80)}, found …${b.slice(from, at + 80)}`]
  })
}

/** Where a run's steps are not 1, 2, … each once, or its validations not in order. */
export function courseFaults({ steps }: RunDetail, series: Awaited<ReturnType<typeof seriesOf>>): string[] {
  const faults: string[] = []
  const { points, validations, recorded } = series
  points.forEach(({ step }, index) => {
    if (step !== index + 1) faults.push(`the point ${index + 1} is of step ${step}`)
  })
  if (recorded !== points.length)
    faults.push(`${recorded} steps are said to be recorded, of ${points.length}`)
  if (points.length !== steps) faults.push(`${points.length} points of ${steps} steps`)
  validations.forEach(({ step }, index) => {
    if (step <= (validations[index - 1]?.step ?? 0)) faults.push(`a validation of step ${step} out of order`)
  })
  return faults.slice(0, 3)
}
