/**
 * Gives hostile files, thousands of them and always the same for one seed, to what reads files from elsewhere, as the
 * app does it. Every one must end in a result or an error with a code, within ten seconds of the processor and the
 * memory of its target (`targets.ts`), and write nothing outside of its folder.
 *
 *   npm exec -- node test/fuzz/main.ts --target safetensors --seed 1 --count 100000
 *   npm exec -- node test/fuzz/main.ts --target all --seed 1 --count 1000
 *   npm exec -- node test/fuzz/main.ts --target config --seed 1 --only 1234
 *
 * Targets: readers (of datasets and documents), safetensors (weights, shards), config (config.json), tokenizer
 * (tokenizer.json and the older vocabulary files), adapter (PEFT folders), checkpoint (a run's folder), squad (the
 * trainer's own data form). Prints how many ended how, the slowest and the largest; ends with 1 where one failed.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fuzz } from './fuzz.ts'
import { targets } from './targets.ts'
import type { TargetName } from './targets.ts'

const { values } = parseArgs({
  options: {
    target: { type: 'string', default: 'all' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '5000' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
  },
})
const names = Object.keys(targets) as TargetName[]
const chosen = names.filter((name) => values.target === 'all' || values.target === name)
if (chosen.length === 0) {
  process.stderr.write(`There is no target ${values.target}. Choose one of: all, ${names.join(', ')}.\n`)
  process.exit(2)
}
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    interrupted.abort()
  })

let failed = false
for (const target of chosen) {
  if (interrupted.signal.aborted) break
  const folder = await mkdtemp(join(tmpdir(), `loracle-fuzz-${target}-`))
  const start = performance.now()
  const seconds = () => Math.round((performance.now() - start) / 1000)
  const summary = await fuzz({
    target,
    seed: Number(values.seed),
    from: Number(values.only ?? values.from),
    count: values.only === undefined ? Number(values.count) : 1,
    folder,
    signal: interrupted.signal,
    onFailure: ({ index, path, story, fault }) => {
      process.stdout.write(
        `--target ${target} --seed ${values.seed} --only ${index}  ${story}\n  ${path}\n  ${fault.replaceAll('\n', '\n  ')}\n`,
      )
    },
    onProgress: (done) => {
      if (done % 1000 === 0) process.stderr.write(`${target}: ${done} cases, ${seconds()} s\n`)
    },
  })
  const counts = Object.entries(summary.outcomes).sort(([, a], [, b]) => b - a)
  process.stdout.write(
    `${target}, seed ${values.seed}: ${summary.cases} cases, ${summary.failures.length} failures; ${counts.map(([name, many]) => `${name} ${many}`).join(', ')}; slowest ${Math.round(summary.slowest)} ms (${summary.slowestCase}), largest ${Math.round(summary.largest / 1e6)} of ${targets[target].memory} MB (${summary.largestCase}), ${seconds()} s\n`,
  )
  // What failed is left to be looked at.
  const isClean = summary.failures.length === 0
  if (isClean) await rm(folder, { recursive: true })
  failed ||= !isClean
}
process.exitCode = failed ? 1 : 0
