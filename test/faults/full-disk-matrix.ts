/**
 * The disk full at seeded writes: of the trainer (a part of a file is written, the rest is not), of the host, or of its
 * store. The run is to say so in a sentence, to leave all that was saved, and to end as an undisturbed one does once
 * there is room.
 *
 *   npm exec -- node test/faults/full-disk-matrix.ts --seed 1 --count 30 --part trainer,host,store
 *
 * `--source` runs the sources instead of the build in `out/`. Ends with 1 where anything was lost, damaged or unequal.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fillDisks } from './full-disk.ts'
import type { FullPart } from './full-disk.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '30' },
    part: { type: 'string', default: 'trainer,host,store' },
    source: { type: 'boolean', default: false },
  },
})
const say = (text: string): void => void process.stdout.write(`${text}\n`)
const folder = await mkdtemp(join(tmpdir(), 'loracle-full-'))
const clear = (): Promise<void> => rm(folder, { recursive: true, force: true })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => void clear().finally(() => process.exit(130)))
try {
  const { cases, struck, equal, faults } = await fillDisks({
    seed: Number(values.seed),
    count: Number(values.count),
    parts: values.part.split(',') as FullPart[],
    folder,
    fromSource: values.source,
    onCase: say,
  })
  say(
    `\nseed ${values.seed}: ${cases} runs, ${struck} of them met a full disk, ${equal} equal, ${faults.length} faults`,
  )
  for (const fault of faults) say(`  ${fault}`)
  if (equal < cases || faults.length > 0 || struck === 0) process.exitCode = 1
} finally {
  await clear()
}
