/**
 * The crash matrix: a training job runs to its end once; then its processes are killed (SIGKILL) at seeded moments, a
 * share of them in the middle of writing a file, it is resumed, and what it ends with is compared with the first: byte
 * for byte the adapter, the checkpoints, the metrics and what the window shows.
 *
 *   npm exec -- node test/faults/crash-matrix.ts --seed 1 --count 100 --target mixed
 *
 * `--target trainer|host|both|mixed`: whom the kills hit. `--source` runs the sources instead of the build in `out/`
 * (`npm run build`). `--keep` leaves the folder. Ends with 1 where anything was lost, damaged, left behind or unequal.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { runMatrix } from './matrix.ts'
import type { Kill } from './matrix.ts'
import { trainersOf } from './processes.ts'
import type { Target } from './strike.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    target: { type: 'string', default: 'mixed' },
    source: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})
const allTargets: readonly Target[] = ['trainer', 'host', 'both']
const targets = values.target === 'mixed' ? allTargets : allTargets.filter((one) => one === values.target)
if (targets.length === 0)
  throw new Error(`--target is one of trainer, host, both, mixed, not ${values.target}.`)

const say = (text: string): void => void process.stdout.write(`${text}\n`)
const folder = await mkdtemp(join(tmpdir(), 'loracle-crash-'))
const clear = async (): Promise<void> => {
  for (const pid of trainersOf(join(folder, 'home'))) process.kill(pid, 'SIGKILL')
  if (values.keep) say(`Kept: ${folder}`)
  else await rm(folder, { recursive: true, force: true })
}
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void clear().finally(() => process.exit(130)))

try {
  const [seed, count] = [Number(values.seed), Number(values.count)]
  const result = await runMatrix({
    seed,
    count,
    targets,
    folder,
    fromSource: values.source,
    onKill: ({ target, phase }, done) => say(`${String(done).padStart(4)}  ${target.padEnd(8)}${phase}`),
  })
  const { kills, runs, resumed, equal, lost, faults, uninterruptedSeconds, seconds } = result
  say(
    `\nseed ${seed}: ${kills.length} kills in ${runs} runs, resumed ${resumed} times, ${seconds.toFixed(0)} s`,
  )
  say(`the uninterrupted run took ${uninterruptedSeconds.toFixed(1)} s\n`)
  for (const line of tableOf(kills)) say(line)
  const checkpoints = kills.filter(({ cutOff }) => cutOff?.file.startsWith('checkpoints'))
  const half = checkpoints.filter(({ cutOff }) => cutOff !== null && cutOff.share < 1)
  say(`\ninside a checkpoint write: ${checkpoints.length}, of these with the file half there: ${half.length}`)
  say(`equal ${equal} of ${runs}, lost ${lost}, faults ${faults.length}`)
  for (const fault of faults) say(`  ${fault}`)
  if (equal < runs || lost > 0 || faults.length > 0) process.exitCode = 1
} finally {
  await clear()
}

/** Kills by phase and target. */
function tableOf(kills: readonly Kill[]): readonly string[] {
  const phases = [...new Set(kills.map(({ phase }) => phase))].sort()
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(44) + cells.map((cell) => String(cell).padStart(9)).join('')
  const counts = (of: readonly Kill[]) => [
    ...allTargets.map((target) => of.filter((kill) => kill.target === target).length),
    of.length,
  ]
  return [
    row('killed while', [...allTargets, 'all']),
    ...phases.map((phase) => row(phase, counts(kills.filter((kill) => kill.phase === phase)))),
    row('all', counts(kills)),
  ]
}
