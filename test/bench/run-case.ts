import { loadavg } from 'node:os'
import { figuresOf, ratioOf } from './figures.ts'
import type { Ratio, SideFigures } from './figures.ts'
import type { BenchCase, CaseContext, OpenSide, Side, Turn } from './side.ts'

/** One case of the document. */
export interface CaseResult {
  readonly name: string
  readonly work: BenchCase['work']
  /** The machine's load average over a minute; other work shows here. */
  readonly loadAverage: { readonly before: number; readonly after: number }
  /** By the name of the side. */
  readonly sides: Readonly<Record<string, SideFigures>>
  readonly ratios: readonly Ratio[]
  /** The sides that could not do the work, and why. */
  readonly failed: Readonly<Record<string, string>>
  readonly error?: string
}

interface Entrant {
  readonly side: Side
  readonly open: OpenSide
  readonly turns: Turn[]
}

/** Measures one case; what fails is told in the result and leaves the rest to go on. */
export async function runCase(benchCase: BenchCase, context: CaseContext): Promise<CaseResult> {
  const { name, work } = benchCase
  const before = loadavg()[0] ?? 0
  const failed: Record<string, string> = {}
  const measured = await measure(benchCase, context, failed).catch((thrown: unknown) => ({
    sides: {},
    ratios: [],
    error: sentenceOf(thrown),
  }))
  return { name, work, loadAverage: { before, after: loadavg()[0] ?? 0 }, ...measured, failed }
}

async function measure(
  benchCase: BenchCase,
  context: CaseContext,
  failed: Record<string, string>,
): Promise<Pick<CaseResult, 'sides' | 'ratios'>> {
  const { options, signal, progress } = context
  const { name, warmUps = 1, perRound = options.perRound, comparedBy } = benchCase
  const offered = await benchCase.sides(context)
  const chosen = offered.filter((side) => options.sides?.includes(side.name) ?? true)
  if (chosen.length === 0)
    throw new Error(`${name} has no such side here. It has: ${offered.map((side) => side.name).join(', ')}.`)
  let entrants: Entrant[] = []
  const fail = async ({ side, open }: Entrant, reason: string) => {
    failed[side.name] = reason
    progress(`${name}: ${side.name} is out: ${reason}`)
    entrants = entrants.filter((entrant) => entrant.side !== side)
    await open.close()
  }
  /** A turn of one side; where it fails, the side is out and the others go on. */
  const takeTurn = async (entrant: Entrant, count: number, round: number) => {
    signal.throwIfAborted()
    if (!entrants.includes(entrant)) return
    try {
      const turn = await entrant.open.turn(count, round)
      if (round >= 0) entrant.turns.push(turn)
    } catch (thrown) {
      await fail(entrant, sentenceOf(thrown))
    }
  }
  try {
    for (const side of chosen) {
      signal.throwIfAborted()
      try {
        entrants.push({ side, open: await side.open(), turns: [] })
        progress(`${name}: ${side.name} is loaded`)
      } catch (thrown) {
        failed[side.name] = sentenceOf(thrown)
        progress(`${name}: ${side.name} is out: ${sentenceOf(thrown)}`)
      }
    }
    const openings = new Map(entrants.map(({ side, open }) => [side.name, open.opening]))
    const differences = benchCase.check?.(openings) ?? new Map<string, string>()
    for (const entrant of entrants) {
      const difference = differences.get(entrant.side.name)
      if (difference !== undefined) await fail(entrant, difference)
    }
    for (const entrant of entrants)
      for (let warmUp = warmUps; warmUp > 0; warmUp--) await takeTurn(entrant, 1, -warmUp)
    const rounds = Math.ceil(options.steps / perRound)
    for (let round = 0; round < rounds; round++) {
      const count = Math.min(perRound, options.steps - round * perRound)
      // There and back again, so that no side always follows the same one.
      for (const entrant of round % 2 === 0 ? entrants : entrants.toReversed())
        await takeTurn(entrant, count, round)
      progress(`${name}: round ${round + 1} of ${rounds}`)
    }
    return await summarizeCase(entrants, comparedBy)
  } finally {
    await Promise.all(entrants.map(({ open }) => open.close()))
  }
}

async function summarizeCase(entrants: readonly Entrant[], comparedBy: BenchCase['comparedBy']) {
  const records = await Promise.all(
    entrants.map(async ({ side, open, turns }) => {
      const record = { opening: open.opening, turns, peakRssMb: await open.peakRssMb() }
      return { side, record }
    }),
  )
  const ratios = records.flatMap(({ side: ours, record }) =>
    records.flatMap(({ side: theirs, record: other }) =>
      ours.role === 'ours' && theirs.role === 'reference'
        ? [ratioOf([ours.name, record], [theirs.name, other], comparedBy)]
        : [],
    ),
  )
  const sides = Object.fromEntries(records.map(({ side, record }) => [side.name, figuresOf(record)]))
  return { sides, ratios }
}

function sentenceOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
