/**
 * Damages the samples of all import cases, thousands of times and always alike for one seed, and reads what comes of
 * it as the app does. Every file must give rows, passages or errors with a code, within ten seconds and a gigabyte.
 *
 *   npm exec -- node test/fuzz/readers.ts --seed 1 --count 5000
 *   npm exec -- node test/fuzz/readers.ts --seed 1 --only 1234
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzzReaders } from './fuzz.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '5000' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})
const [seed, count, from] = [Number(values.seed), Number(values.count), Number(values.from)]
const folder = await mkdtemp(join(tmpdir(), 'loracle-fuzz-'))
const start = performance.now()
const summary = await fuzzReaders({
  seed,
  from: values.only === undefined ? from : Number(values.only),
  count: values.only === undefined ? count : 1,
  folder,
  onFailure: ({ index, path, story, fault }) => {
    process.stdout.write(`--only ${index}  ${story}\n  ${path}\n  ${fault.replaceAll('\n', '\n  ')}\n`)
  },
  onProgress: (done) => {
    if (done % 250 === 0)
      process.stderr.write(`${done} cases, ${Math.round((performance.now() - start) / 1000)} s\n`)
  },
})
const counts = Object.entries(summary.outcomes).sort(([, a], [, b]) => b - a)
process.stdout.write(
  `seed ${seed}: ${summary.cases} files, ${summary.failures.length} failures; ${counts.map(([name, many]) => `${name} ${many}`).join(', ')}; slowest ${Math.round(summary.slowest)} ms, largest ${Math.round(summary.largest / 1e6)} MB, ${Math.round((performance.now() - start) / 1000)} s\n`,
)
// What failed is left to be looked at.
if (summary.failures.length === 0) await rm(folder, { recursive: true })
process.exitCode = summary.failures.length === 0 ? 0 : 1
