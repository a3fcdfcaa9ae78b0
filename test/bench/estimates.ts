import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { writeRandomModel } from './write-random-model.ts'
import type { PublishedShape } from './write-random-model.ts'

// Compares the memory that a run is estimated to take with what its process has had at most (Linux), for the shapes
// and settings of the training bench. Random weights are written to a temporary folder, or lie in --models, a folder
// with one folder for each shape.
//   npm exec -- node test/bench/estimates.ts [--models FOLDER] [--only TEXT]

const { values } = parseArgs({
  options: { models: { type: 'string' }, only: { type: 'string', default: '' } },
})

interface Work {
  readonly shape: PublishedShape
  readonly sizes: readonly [batch: number, source: number, target: number]
  readonly layers: string
}

const works: readonly Work[] = [
  { shape: 'flan-t5-small', sizes: [8, 256, 16], layers: 'q,v' },
  { shape: 'flan-t5-small', sizes: [8, 256, 16], layers: 'all-linear' },
  { shape: 'flan-t5-small', sizes: [8, 512, 32], layers: 'q,v' },
  { shape: 'flan-t5-small', sizes: [8, 512, 32], layers: 'all-linear' },
  { shape: 'gpt-neo-125m', sizes: [4, 1, 255], layers: 'q_proj,v_proj' },
  { shape: 'gpt-neo-125m', sizes: [1, 480, 32], layers: 'q_proj,v_proj' },
  { shape: 'bert-base', sizes: [8, 384, 2], layers: 'query,value' },
]
const changes: readonly Readonly<Record<string, unknown>>[] = [
  {},
  { gradientCheckpointing: 'selective' },
  { gradientCheckpointing: 'blocks' },
  { dropout: 0.1 },
  { weightPrecision: 'int8' },
]

const folder = await mkdtemp(join(tmpdir(), 'loracle-estimates-'))
const written = new Set<PublishedShape>()
try {
  process.stdout.write(
    '| work | settings | estimated MB | measured MB | ratio |\n| --- | --- | --- | --- | --- |\n',
  )
  for (const { shape, sizes, layers } of works)
    for (const change of changes) {
      const row = `${shape} ${sizes.join('×')} ${layers} | ${JSON.stringify(change).replace(/[{}"]/g, '') || 'as they are'}`
      if (!row.includes(values.only)) continue
      const model = join(values.models ?? folder, shape)
      if (values.models === undefined && !written.has(shape)) await writeRandomModel(model, shape, 'F32')
      written.add(shape)
      const targetModules = layers === 'all-linear' ? layers : layers.split(',')
      const settings = JSON.stringify({ dropout: 0, rank: 8, alpha: 16, ...change, targetModules })
      const script = fileURLToPath(new URL('./estimate-point.ts', import.meta.url))
      const { stdout } = await promisify(execFile)(process.execPath, [
        script,
        model,
        ...sizes.map(String),
        settings,
      ])
      const { estimated, measured } = JSON.parse(stdout) as { estimated: number; measured: number }
      process.stdout.write(`| ${row} | ${estimated} | ${measured} | ${(estimated / measured).toFixed(2)} |\n`)
    }
} finally {
  await rm(folder, { recursive: true, force: true })
}
