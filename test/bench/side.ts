import type { LineProcess } from './line-process.ts'
import type { Loaded } from './messages.ts'
import { memorySchema } from './messages.ts'
import { summarize } from './statistics.ts'
import type { Summary } from './statistics.ts'

/** What one side did in one turn: times in milliseconds, and in training the losses. */
export interface Turn {
  readonly milliseconds: readonly number[]
  readonly loss: readonly number[]
  /** Tokens that one step, generation or pass takes or makes. */
  readonly tokens: number
  /** In tokenisation: UTF-16 units of one pass. */
  readonly characters?: number
}

/** One side's process with what it has done so far. */
export interface Side {
  readonly process: LineProcess
  readonly loaded: Loaded
  /** The first step, which is not counted. */
  readonly first: Turn
  readonly turns: Turn[]
}

/** One side's figures. */
export interface SideFigures {
  /** Opening the model folder and the sessions; not the start of the process, nor Python's imports. */
  readonly loadSeconds: number
  /** Loading and the first step together. */
  readonly secondsToFirst: number
  /** Of the counted steps, generations or passes. */
  readonly milliseconds: Summary
  /** At the median time: source and target tokens in training, new tokens in generation, all in tokenisation. */
  readonly tokensPerSecond: number
  readonly tokensEach: number
  readonly charactersPerSecond?: number
  readonly peakRssMb: number
  readonly trainableParameters?: number
  readonly firstLoss?: number
  readonly lastLoss?: number
  readonly versions: Readonly<Record<string, string>>
}

/** A side's figures after its last turn. */
export async function figuresOf({ process, loaded, first, turns }: Side): Promise<SideFigures> {
  const { peakRssMb } = await process.ask({ op: 'memory' }, memorySchema)
  const milliseconds = summarize(turns.flatMap((turn) => turn.milliseconds))
  const firstLoss = first.loss[0]
  const lastLoss = turns.at(-1)?.loss.at(-1)
  return {
    loadSeconds: loaded.seconds,
    secondsToFirst: loaded.seconds + (first.milliseconds[0] ?? 0) / 1000,
    milliseconds,
    tokensPerSecond: first.tokens / (milliseconds.median / 1000),
    tokensEach: first.tokens,
    ...(first.characters === undefined
      ? {}
      : { charactersPerSecond: first.characters / (milliseconds.median / 1000) }),
    peakRssMb,
    ...(loaded.trainable === undefined || firstLoss === undefined
      ? {}
      : { trainableParameters: loaded.trainable, firstLoss }),
    ...(lastLoss === undefined ? {} : { lastLoss }),
    versions: loaded.versions,
  }
}
