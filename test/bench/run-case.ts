import { loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { seededRandom } from '../../trainer/data/random.ts'
import type { Work } from './cases.ts'
import { startLineProcess } from './line-process.ts'
import type { LineProcess } from './line-process.ts'
import { generatedSchema, loadedSchema, stepsSchema, tokenizedSchema } from './messages.ts'
import type { BenchOptions } from './options.ts'
import { figuresOf } from './side.ts'
import type { Side, SideFigures, Turn } from './side.ts'
import { median } from './statistics.ts'

/** One case of the document: figures, or an error. */
export interface CaseResult {
  readonly name: string
  readonly work: Work
  /** The machine's load average over a minute; other work shows here. */
  readonly loadAverage: { readonly before: number; readonly after: number }
  readonly loracle?: SideFigures
  readonly peft?: SideFigures
  /** Above 1 where this project is the faster or the smaller one. */
  readonly ratio?: {
    /** PEFT's median time over this project's, of each round. */
    readonly perRound: readonly number[]
    readonly median: number
    /** PEFT's peak memory over this project's. */
    readonly memory: number
  }
  readonly error?: string
}

export interface CaseContext {
  readonly options: BenchOptions
  /** The model folder, or the tokenizer's for tokenisation. */
  readonly weights: string
  readonly signal: AbortSignal
  readonly progress: (line: string) => void
}

const warmUps = 2

/** Measures one case; what fails becomes the case's error. */
export async function runCase(name: string, work: Work, context: CaseContext): Promise<CaseResult> {
  const before = loadavg()[0] ?? 0
  const measured = await measure(name, work, context).catch((thrown: unknown) => ({
    error: thrown instanceof Error ? thrown.message : String(thrown),
  }))
  return { name, work, loadAverage: { before, after: loadavg()[0] ?? 0 }, ...measured }
}

async function measure(
  name: string,
  work: Work,
  context: CaseContext,
): Promise<Omit<CaseResult, 'name' | 'work' | 'loadAverage'>> {
  const { steps, perRound, peft } = context.options
  const processes: LineProcess[] = []
  const open = async (label: string, process: LineProcess): Promise<Side> => {
    processes.push(process)
    const side = await warmUp(process, work, context)
    context.progress(`${name}: ${label} is loaded and warm`)
    return side
  }
  try {
    const ours = await open('loracle', startOurs(work, context))
    const theirs =
      peft === null || work.kind === 'tokenization' ? null : await open('PEFT', startPeft(peft, context))
    if (theirs) checkSameWork(ours, theirs)
    const rounds = Math.ceil(steps / perRound)
    for (let round = 0; round < rounds; round++) {
      const count = Math.min(perRound, steps - round * perRound)
      for (const side of theirs ? [ours, theirs] : [ours]) {
        side.turns.push(await takeTurn(side.process, work, count))
      }
      context.progress(`${name}: round ${round + 1} of ${rounds}`)
    }
    const loracle = await figuresOf(ours)
    if (!theirs) return { loracle }
    const peftFigures = await figuresOf(theirs)
    const perRoundRatio = ours.turns.map(
      (turn, round) => median(theirs.turns[round]?.milliseconds ?? []) / median(turn.milliseconds),
    )
    const memory = peftFigures.peakRssMb / loracle.peakRssMb
    return {
      loracle,
      peft: peftFigures,
      ratio: { perRound: perRoundRatio, median: median(perRoundRatio), memory },
    }
  } finally {
    await Promise.all(processes.map((process) => process.close()))
  }
}

function startOurs({ kind }: Work, { signal }: CaseContext): LineProcess {
  const script = kind === 'tokenization' ? './tokenizer-server.ts' : './engine-server.ts'
  return startLineProcess(process.execPath, [fileURLToPath(new URL(script, import.meta.url))], { signal })
}

function startPeft(python: string, { options, signal }: CaseContext): LineProcess {
  const threads = String(options.threads)
  return startLineProcess(python, [fileURLToPath(new URL('./peft_reference.py', import.meta.url))], {
    signal,
    env: { OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads },
  })
}

async function warmUp(process: LineProcess, work: Work, context: CaseContext): Promise<Side> {
  const { threads, compile } = context.options
  const loaded = await process.ask(
    {
      op: 'load',
      weights: context.weights,
      purpose: work.kind,
      threads,
      ...(work.kind === 'training' ? { lora: work.lora, compile } : {}),
    },
    loadedSchema,
  )
  const first = await takeTurn(process, work, 1)
  await takeTurn(process, work, warmUps - 1)
  return { process, loaded, first, turns: [] }
}

async function takeTurn(process: LineProcess, work: Work, count: number): Promise<Turn> {
  switch (work.kind) {
    case 'training': {
      const { batch, source, target } = work
      const inputs = randomIds('inputs', batch, source)
      const labels = randomIds('labels', batch, target)
      const done = await process.ask({ op: 'step', inputs, labels, steps: count }, stepsSchema)
      return { ...done, tokens: batch * (source + target) }
    }
    case 'answering': {
      const { batch, source, newTokens } = work
      const inputs = randomIds('inputs', batch, source)
      const milliseconds: number[] = []
      for (let i = 0; i < count; i++) {
        const { seconds, tokens } = await process.ask({ op: 'generate', inputs, newTokens }, generatedSchema)
        if (tokens !== batch * newTokens)
          throw new Error(`${tokens} tokens were generated where ${batch * newTokens} were asked for.`)
        milliseconds.push(seconds * 1000)
      }
      return { milliseconds, loss: [], tokens: batch * newTokens }
    }
    case 'tokenization': {
      const done = await process.ask({ op: 'tokenize', passes: count }, tokenizedSchema)
      return { ...done, loss: [] }
    }
  }
}

// Past T5's special tokens, and within the vocabulary of any model that is worth a bench.
const [lowestId, highestId] = [3, 999]

/** Rows of ids, the same in every turn and on both sides. */
function randomIds(purpose: string, rows: number, length: number): number[][] {
  const random = seededRandom(0, 'bench', purpose)
  const id = () => lowestId + Math.floor(random() * (highestId - lowestId + 1))
  return Array.from({ length: rows }, () => Array.from({ length }, id))
}

/** @throws Error where the two sides train different numbers of values, or differ in the loss before training. */
function checkSameWork(ours: Side, theirs: Side): void {
  const [mine, other] = [ours.loaded.trainable, theirs.loaded.trainable]
  const [loss, otherLoss] = [ours.first.loss[0], theirs.first.loss[0]]
  if (loss === undefined || otherLoss === undefined) return
  if (mine !== other)
    throw new Error(`The sides differ in their work: ${mine} values are trained here, ${other} by PEFT.`)
  if (!(Math.abs(loss - otherLoss) <= 1e-4 * Math.abs(otherLoss)))
    throw new Error(
      `The sides differ in their work: the first loss is ${loss} here and ${otherLoss} in PEFT.`,
    )
}
