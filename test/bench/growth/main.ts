/**
 * Measures how time and memory grow: training steps against batch, length, rank and model size; preparing, importing
 * and scoring against rows; answering against questions. Prints one JSON document, and draws a figure of each.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { bendsOf } from './bends.ts'
import { growthSchema } from './document.ts'
import type { GrowthDocument, GrowthFigure } from './document.ts'
import { drawFigures } from './draw.ts'
import { measureFigure } from './measure-figure.ts'
import { sweeps } from './sweeps.ts'

const help = `npm run --silent bench:growth -- [options]

Prints one JSON document on standard output; progress, and where a line bends up, go to standard error.

  --figure NAME   one of ${Object.keys(sweeps).join(', ')}; may be repeated; all by default
  --quick         the first three points of each line, once
  --rounds N      measures every point so many times, one after the other; the least counts (default 2)
  --seconds N     that the counted runs of a point may take; two are counted at least (default 15)
  --threads N     processor threads of the engine (default 1: then processor time is that of a quiet machine)
  --out FILE      writes the document there, too, after each figure; what is not measured now is kept from it
  --plots FOLDER  draws the figures of the document there
  --help          this text
`

const mostRuns = 7

const { values } = parseArgs({
  options: {
    figure: { type: 'string', multiple: true },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '2' },
    seconds: { type: 'string', default: '15' },
    threads: { type: 'string', default: '1' },
    out: { type: 'string' },
    plots: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** Figures of an earlier document; none where there is none. */
async function earlierFigures(path: string | undefined): Promise<readonly GrowthFigure[]> {
  const text = path === undefined ? null : await readFile(path, 'utf8').catch(() => null)
  return text === null ? [] : growthSchema.parse(JSON.parse(text)).figures
}

async function growth(signal: AbortSignal): Promise<void> {
  const names = Object.keys(sweeps)
  for (const name of values.figure ?? [])
    if (!names.includes(name)) throw new Error(`There is no figure ${name}. There are: ${names.join(', ')}.`)
  const rounds = values.quick ? 1 : Number(values.rounds)
  const threads = Number(values.threads)
  const figures = new Map((await earlierFigures(values.out)).map((figure) => [figure.name, figure]))
  const write = async (): Promise<string> => {
    const document: GrowthDocument = {
      date: new Date().toISOString(),
      machine: {
        platform: `${process.platform}-${process.arch}`,
        cpu: cpus()[0]?.model ?? '',
        cores: availableParallelism(),
      },
      threads,
      rounds,
      figures: names.flatMap((name) => figures.get(name) ?? []),
    }
    const text = `${JSON.stringify(document, rounded, 2)}\n`
    if (values.out !== undefined) await writeFile(values.out, text)
    if (values.plots !== undefined) await drawFigures(document, values.plots)
    return text
  }
  const folder = await mkdtemp(join(tmpdir(), 'loracle-growth-'))
  try {
    for (const [name, sweep] of Object.entries(sweeps)) {
      if (values.figure && !values.figure.includes(name)) continue
      const figure = await measureFigure(name, sweep, {
        folder,
        threads,
        most: values.quick ? 2 : mostRuns,
        seconds: values.quick ? 0 : Number(values.seconds),
        quick: values.quick,
        rounds,
        signal,
        tell,
        failed: (line) => {
          process.exitCode = 1
          tell(line)
        },
      })
      figures.set(name, figure)
      await write()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  process.stdout.write(await write())
  tellBends([...figures.values()])
}

function tellBends(figures: readonly GrowthFigure[]): void {
  for (const { name, series } of figures)
    for (const one of series)
      for (const { measure, x, times } of bendsOf(one))
        tell(
          `${name}, ${one.name}: ${measure} at ${x} is ${times.toFixed(2)} times the straight line before it`,
        )
}

/** Five significant digits, as replacer of JSON.stringify. */
function rounded(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value
}

const interrupted = 130

if (values.help) process.stdout.write(help)
else {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  await growth(stop.signal).catch((thrown: unknown) => {
    if (!stop.signal.aborted) throw thrown
    process.exitCode = interrupted
  })
}
