/** Searches for good settings, as plain data. */
import type { SettingInfo } from '../../trainer/protocol.ts'
import type { ErrorValue } from './errors.ts'

/**
 * running → finished; running → stopping → stopped; `interrupted`: the app went while it ran; `failed`: its trials
 * cannot be trained at all. All but `running`, `stopping` and `finished` can be gone on with.
 */
export const searchStatuses = ['running', 'stopping', 'stopped', 'interrupted', 'finished', 'failed'] as const
export type SearchStatus = (typeof searchStatuses)[number]

/** `pruned`: stopped early, since it was doing worse than most of those that had finished. */
export const trialStatuses = ['waiting', 'running', 'pruned', 'finished', 'failed'] as const
export type TrialStatus = (typeof trialStatuses)[number]

/**
 * `grid` tries every combination, in a seeded order; `random` draws each setting by itself, which finds more with
 * the same number of trials where only some of the settings matter (Bergstra and Bengio 2012).
 */
export const searchStrategies = ['random', 'grid'] as const
export type SearchStrategy = (typeof searchStrategies)[number]

/** Values of a setting that are tried. */
export interface SearchValues {
  readonly name: string
  readonly values: readonly unknown[]
}

/** Numbers from one bound to another, both included; drawn, or for a grid taken, evenly on the scale. */
export interface SearchRange {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly scale: 'linear' | 'log'
  /** How many of them a grid takes; 3 where left out. */
  readonly points?: number
}

export type SearchDimension = SearchValues | SearchRange

/** What decides which trial is the best: the loss or the F1 of the validation examples, as `bestMetric` says. */
export type SearchObjective = 'loss' | 'f1'

export interface SearchRequest {
  readonly projectId: string
  readonly modelId: string
  /** Settings that all trials share. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly space: readonly SearchDimension[]
  readonly strategy: SearchStrategy
  /** At most so many; null for all of a grid, or for the usual number of drawn ones. */
  readonly trials: number | null
  /** Of the draws and of the order; the same seed gives the same trials. */
  readonly seed: number
  readonly pruning: boolean
  /** Epochs of a trial; null for those of `settings`. Without effect where `epochs` is searched. */
  readonly trialEpochs: number | null
  /** True to move alpha along with a searched rank, so that alpha / rank stays; without effect where alpha is searched. */
  readonly keepScale: boolean
}

/** The trials that a request would make. */
export interface SearchPlan {
  readonly trials: readonly Readonly<Record<string, unknown>>[]
  readonly objective: SearchObjective
  /** Epochs of a trial; null where they differ. */
  readonly epochs: number | null
}

export interface SearchForm {
  /** The settings that can be searched, as a form shows them. */
  readonly settings: readonly SettingInfo[]
  /** Settings that only an F1 can compare: the loss does not see them, or is measured differently by them. */
  readonly onlyByF1: readonly string[]
  readonly suggestion: Pick<SearchRequest, 'space' | 'strategy' | 'trials' | 'trialEpochs'>
}

export interface TrialInfo {
  /** From 1, in the order in which they are trained. */
  readonly number: number
  readonly values: Readonly<Record<string, unknown>>
  readonly status: TrialStatus
  /** The best validation value, in the unit of the objective: nats, or percent. */
  readonly bestValue: number | null
  readonly bestStep: number | null
  readonly step: number
  /** 0 until it is known. */
  readonly steps: number
  /** That a trainer worked on it, loading included. */
  readonly seconds: number
  readonly validations: readonly TrialValidation[]
  /** Why it failed; null where it did not. */
  readonly error: ErrorValue | null
  /** The run that was started with its settings; null where there is none. */
  readonly chosenRunId: string | null
}

export interface TrialValidation {
  readonly step: number
  /** Of the trial's steps, 0 to 1. */
  readonly share: number
  readonly value: number
}

export interface SearchInfo {
  readonly id: string
  readonly projectId: string
  readonly name: string
  readonly status: SearchStatus
  readonly modelId: string | null
  readonly modelName: string
  readonly createdAt: number
  readonly endedAt: number | null
  readonly objective: SearchObjective
  readonly total: number
  /** Trials that have ended, however they did. */
  readonly done: number
  /** The best so far of those that did not fail; null before the first validation. */
  readonly best: { readonly number: number; readonly value: number } | null
  /** Why it failed; null where it did not. */
  readonly error: ErrorValue | null
}

export interface SearchDetail extends SearchInfo {
  readonly settings: Readonly<Record<string, unknown>>
  readonly space: readonly SearchDimension[]
  readonly strategy: SearchStrategy
  readonly seed: number
  readonly pruning: boolean
  readonly trialEpochs: number | null
  /** The settings that differ between trials, in the order of the columns. */
  readonly names: readonly string[]
  /** True where the project holds no validation examples, so that a tenth of the training examples served as them. */
  readonly drawsValidation: boolean
  readonly splits: { readonly train: number; readonly validation: number; readonly test: number }
  readonly trials: readonly TrialInfo[]
  /** For the trials that wait, from those that ended; null before one has. Pruning makes it shorter. */
  readonly secondsLeft: number | null
  /** Runs that the trial at work waits for; 0 where it trains. */
  readonly ahead: number
}
