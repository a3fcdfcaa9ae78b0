/**
 * Starts trainer and answering processes and stops them in every way, with this process as the host.
 * `npm run build && npm exec -- node test/soak/processes.ts --count 100 --seed 1` prints what is left behind and by
 * how much the host grows with each, and exits 1 where something is left or a bound is broken.
 */
import { seededRandom } from '../../trainer/data/random.ts'
import { judge, judgements } from './judge.ts'
import type { Measure } from './judge.ts'
import { goThrough } from './process-rounds.ts'
import type { Round } from './process-rounds.ts'
import { processWays } from './process-ways.ts'
import { readCounts, runScript } from './script.ts'

const { count, seed } = readCounts({ count: 100, seed: 1 })

type Row = readonly [name: string, unit: string, of: (round: Round) => number, most: number]

/**
 * What may be left by each process: 20 kB of live memory are a few MB after a hundred, of code that is compiled and
 * statements that are kept; of resident memory ten times as much, since allocators keep what was freed. Of what is
 * opened and closed 0.02 are two in a hundred: one that happens to be open at the end.
 */
const rows: readonly Row[] = [
  ['host, live memory', 'MB', (round) => round.liveMb, 0.02],
  ['host, own memory', 'MB', (round) => round.anonymousMb, 0.2],
  ['descriptors', '', (round) => round.descriptors, 0.02],
  ['threads', '', (round) => round.threads, 0.02],
  ['timers', '', (round) => round.timers, 0.02],
  ['handles', '', (round) => round.handles, 0.02],
  ['listeners for the end', '', (round) => round.exitListeners, 0.02],
  ['files', '', (round) => round.files, 0.02],
]

await runScript(async (folder) => {
  const ways = Object.entries(processWays)
  const random = seededRandom(seed, 'process ways')
  // Each way as often as any other, in an order that changes.
  const chosen = Array.from({ length: count }, (_, i) => ways[i % ways.length] ?? ways[0])
    .flatMap((way) => (way ? [{ way, at: random() }] : []))
    .sort((a, b) => a.at - b.at)
    .map(({ way }) => way)
  const began = performance.now()
  const { rounds, faults } = await goThrough(folder, chosen, seed)
  const seconds = ((performance.now() - began) / 1000).toFixed(0)
  process.stdout.write(`${rounds.length} ways gone in ${seconds} s, seed ${seed}; ${ways.length} kinds\n`)
  const measures = rows.map(([name, unit, of, most]): Measure => ({
    name,
    unit,
    most,
    points: rounds.map((round, x) => ({ x, y: of(round) })),
  }))
  const judged = measures.map(judge)
  process.stdout.write(
    `${judgements(judged, { count: 1, name: 'process' }, { count: 1000, name: '1,000 processes' })}\n`,
  )
  return [...faults, ...judged.flatMap(({ fault }) => fault ?? [])]
})
