import { execFile } from 'node:child_process'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { cases } from './cases.ts'
import { help, parseOptions } from './options.ts'
import type { BenchOptions } from './options.ts'
import { runCase } from './run-case.ts'
import type { CaseResult } from './run-case.ts'
import { formatTable } from './table.ts'

const usageError = 2
const interrupted = 130
const stepsForFigures = 7

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Measures the chosen cases one after the other and returns the exit code. */
async function bench(options: BenchOptions, signal: AbortSignal): Promise<number> {
  if (options.steps < stepsForFigures)
    tell(`${options.steps} steps show that it works; take at least ${stepsForFigures} for figures.`)
  const folder = await mkdtemp(join(tmpdir(), 'loracle-bench-'))
  const results: CaseResult[] = []
  try {
    const models = options.cases.some((name) => cases[name]?.kind !== 'tokenization')
    if (models && options.weights === null) {
      tell('writing random weights of the Flan-T5-small shape')
      const script = fileURLToPath(new URL('./write-model.ts', import.meta.url))
      await promisify(execFile)(process.execPath, [script, folder], { signal })
    }
    const tokenizer = await chooseTokenizer(options)
    for (const name of options.cases) {
      const work = cases[name]
      if (!work || signal.aborted) continue
      const weights = work.kind === 'tokenization' ? tokenizer : (options.weights ?? folder)
      results.push(await runCase(name, work, { options, weights, signal, progress: tell }))
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (signal.aborted) return interrupted
  const document = `${JSON.stringify({ ...circumstances(options, await chooseTokenizer(options)), cases: results }, rounded, 2)}\n`
  process.stdout.write(document)
  tell(formatTable(results))
  if (options.out !== null) await writeFile(options.out, document)
  return results.some(({ error }) => error !== undefined) ? 1 : 0
}

/** The named model's tokenizer, else the starter's, else the small one of the tests. */
async function chooseTokenizer({ weights }: BenchOptions): Promise<string> {
  const starter = fileURLToPath(new URL('../../assets/starter', import.meta.url))
  for (const folder of weights === null ? [starter] : [weights, starter])
    if (await isFile(join(folder, 'tokenizer.json'))) return folder
  return fileURLToPath(new URL('../data/fixtures/tokenizer', import.meta.url))
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (entry) => entry.isFile(),
    () => false,
  )
}

/** What a reader must know to compare the figures with others. */
function circumstances(options: BenchOptions, tokenizer: string) {
  return {
    date: new Date().toISOString(),
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? '',
      cores: availableParallelism(),
      memoryMb: Math.round(totalmem() / 1024 ** 2),
    },
    options,
    model: options.weights ?? 'random weights, Flan-T5-small shape',
    dtype: 'float32',
    tokenizer: relative('', tokenizer),
  }
}

/** Five significant digits, as replacer of JSON.stringify; whole numbers stay. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}

function readOptions(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2))
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    tell(`${message.replace(/\.?$/, '.')} See npm run bench -- --help.`)
    process.exit(usageError)
  }
}

const options = readOptions()
if (options) {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  process.exitCode = await bench(options, stop.signal).catch((thrown: unknown) => {
    if (stop.signal.aborted) return interrupted
    tell(thrown instanceof Error ? thrown.message : String(thrown))
    return 1
  })
} else process.stdout.write(help)
