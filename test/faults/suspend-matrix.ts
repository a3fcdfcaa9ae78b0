/**
 * The machine suspended: trainer, host or both are stopped (SIGSTOP) in the middle of a run and go on later (SIGCONT).
 * Nothing is to be taken for hung or lost, and the run is to end as an undisturbed one.
 *
 *   npm exec -- node test/faults/suspend-matrix.ts --seed 1 --count 3 --seconds 60
 *
 * `--source` runs the sources instead of the build in `out/`. Ends with 1 on any miss.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { suspendRuns } from './suspended.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '60' },
    source: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const folder = await mkdtemp(join(tmpdir(), 'loracle-asleep-'))
const clear = (): Promise<void> => rm(folder, { recursive: true, force: true })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void clear().finally(() => process.exit(130)))
try {
  const count = Number(values.count)
  const { slept, equal, faults } = await suspendRuns({
    seed: Number(values.seed),
    count,
    sleepMs: 1_000 * Number(values.seconds),
    folder,
    fromSource: values.source,
    onCase: say,
  })
  say(
    `\nseed ${values.seed}: ${count} runs, ${slept} asleep for ${values.seconds} s, ${equal} equal, ${faults.length} faults`,
  )
  for (const fault of faults) say(`  ${fault}`)
  if (equal < count || slept < count || faults.length > 0) process.exitCode = 1
} finally {
  await clear()
}
