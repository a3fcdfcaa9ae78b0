import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { cases } from './cases.ts'
import { appendHistory } from './history.ts'
import { modelFinder } from './models.ts'
import { chooseCases, help, parseOptions } from './options.ts'
import type { BenchOptions, Wish } from './options.ts'
import { runCase } from './run-case.ts'
import type { CaseResult } from './run-case.ts'
import type { BenchCase } from './side.ts'
import { formatTable } from './table.ts'

const usageError = 2
const interrupted = 130
const stepsForFigures = 7

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Measures the chosen cases one after the other and returns the exit code. */
async function bench(
  chosen: readonly BenchCase[],
  options: BenchOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.steps < stepsForFigures)
    tell(`${options.steps} steps show that it works; take at least ${stepsForFigures} for figures.`)
  const date = new Date()
  const folder = await mkdtemp(join(tmpdir(), 'loracle-bench-'))
  const results: CaseResult[] = []
  try {
    const parts = { options, signal, progress: tell, folder }
    const context = { ...parts, model: modelFinder(parts) }
    for (const benchCase of chosen)
      if (!signal.aborted) {
        const result = await runCase(benchCase, context)
        results.push(result)
        tell(formatTable([result]))
      }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  if (signal.aborted) return interrupted
  const document = `${JSON.stringify({ ...circumstances(date, options), cases: results }, rounded, 2)}\n`
  process.stdout.write(document)
  tell(formatTable(results))
  if (options.out !== null) await writeFile(options.out, document)
  if (options.history !== null) await appendHistory(options.history, date, results)
  return results.every(({ error, failed }) => error === undefined && Object.keys(failed).length === 0) ? 0 : 1
}

/** What a reader must know to compare the figures with others. */
function circumstances(date: Date, options: BenchOptions) {
  return {
    date: date.toISOString(),
    machine: {
      platform: `${process.platform}-${process.arch}`,
      cpu: cpus()[0]?.model ?? '',
      cores: availableParallelism(),
      memoryMb: Math.round(totalmem() / 1024 ** 2),
    },
    options,
  }
}

/** Five significant digits, as replacer of JSON.stringify; whole numbers stay. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}

function readWish(): { readonly wish: Wish; readonly chosen: readonly BenchCase[] } {
  try {
    const wish = parseOptions(process.argv.slice(2))
    return { wish, chosen: chooseCases(cases, wish.kind === 'bench' ? wish.options.cases : null) }
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    tell(`${message.replace(/\.?$/, '.')} See npm run bench -- --help.`)
    process.exit(usageError)
  }
}

const { wish, chosen } = readWish()
if (wish.kind === 'help') process.stdout.write(help)
else if (wish.kind === 'list') process.stdout.write(`${cases.map(({ name }) => name).join('\n')}\n`)
else {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  process.exitCode = await bench(chosen, wish.options, stop.signal).catch((thrown: unknown) => {
    if (stop.signal.aborted) return interrupted
    tell(thrown instanceof Error ? thrown.message : String(thrown))
    return 1
  })
}
