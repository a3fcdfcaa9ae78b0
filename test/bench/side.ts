import type { BenchOptions } from './options.ts'
import type { PublishedShape } from './write-random-model.ts'

/** What a case's sides are made from. */
export interface CaseContext {
  readonly options: BenchOptions
  readonly signal: AbortSignal
  readonly progress: (line: string) => void
  /** A temporary folder of the whole bench; it is removed at the end. */
  readonly folder: string
  /** The folder of a model of a published shape: `--weights`, or random weights that are written when first asked for. */
  model(shape: PublishedShape): Promise<string>
}

/** One piece of work that is measured, done by several sides in alternation. */
export interface BenchCase {
  readonly name: string
  /** What is done, for the document. */
  readonly work: Readonly<Record<string, unknown>>
  /** Turns after the first that are not counted; 1 where it is left out. */
  readonly warmUps?: number
  /** Steps of one turn; `--round` where it is left out. */
  readonly perRound?: number
  /** Compare times for one of these of `Turn.done`, where sides do different amounts in a step. */
  readonly comparedBy?: string
  /** The sides that can do the work here, those of this project first. */
  sides(context: CaseContext): Promise<readonly Side[]>
  /** What shows that a side did other work than the first: by the side's name, a sentence. */
  check?(openings: ReadonlyMap<string, Opening>): ReadonlyMap<string, string>
}

/** One way of doing a case's work. */
export interface Side {
  readonly name: string
  /** Every side of this project is compared with every reference. */
  readonly role: 'ours' | 'reference'
  /**
   * Starts the process, loads, and does the first step. Whoever opens it closes it; where opening fails it leaves
   * nothing behind.
   */
  open(): Promise<OpenSide>
}

export interface OpenSide {
  readonly opening: Opening
  /** Does some steps. `round` counts from 0; warm-ups have numbers below. */
  turn(count: number, round: number): Promise<Turn>
  /** The most resident memory so far, in MiB. */
  peakRssMb(): Promise<number>
  close(): Promise<void>
}

/** How a side began. */
export interface Opening {
  /** From the start of the process to the end of its first step. */
  readonly startSeconds: number
  /** Of those, opening the model folder and the sessions; no imports. */
  readonly loadSeconds?: number
  readonly trainable?: number
  readonly firstLoss?: number
  readonly versions: Readonly<Record<string, string>>
}

/** What one side did in one turn. */
export interface Turn {
  /** Wall-clock time of each step (a generation, an import, a slice of an epoch). */
  readonly milliseconds: readonly number[]
  /** Processor time of each step, of all threads. */
  readonly processor?: readonly number[]
  /** What the turn's steps did together, such as `tokens`, `examples`; given per second in the figures. */
  readonly done: Readonly<Record<string, number>>
  /** In training, before each step. */
  readonly loss?: readonly number[]
}
