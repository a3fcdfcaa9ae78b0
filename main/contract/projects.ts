/** Projects and the state of the app, as plain data. */
import type { ErrorValue } from './errors.ts'

/** The steps of a project, in their order. */
export const steps = ['data', 'model', 'train', 'compare', 'chat', 'export'] as const
export type Step = (typeof steps)[number]

export interface ProjectSummary {
  readonly id: string
  readonly name: string
  /** True for the project that comes with the app. */
  readonly sample: boolean
  /** Milliseconds since 1970, UTC; so are all times of the contract. */
  readonly createdAt: number
  readonly updatedAt: number
  readonly examples: number
  readonly passages: number
  readonly runs: number
  /** The newest run's state and scores; null where there is none. */
  readonly lastRun: {
    readonly id: string
    readonly status: string
    readonly f1Before: number | null
    readonly f1After: number | null
  } | null
}

/** Whether a step can be used, and if not why and what to do. */
export interface StepState {
  readonly step: Step
  readonly ready: boolean
  /** Null where the step is ready. */
  readonly reason: string | null
  /** The step to go to first; null where the step is ready. */
  readonly goTo: Step | null
}

export interface ProjectDetail extends ProjectSummary {
  /** The chosen model; null before one is chosen. */
  readonly modelId: string | null
  /** Settings that differ from the defaults, as the Train step keeps them between visits. */
  readonly settings: Readonly<Record<string, unknown>>
  readonly steps: readonly StepState[]
  /** `task` where all its examples are tasks: it is then asked with an instruction, and an input or none. */
  readonly form: 'qa' | 'task'
  /** The run whose adapter Compare, Chat and Export open with: the newest that is finished. */
  readonly currentRunId: string | null
}

export interface AppInfo {
  readonly version: string
  readonly host: 'electron' | 'web' | 'cli'
  readonly home: string
  readonly platform: string
  /** Why everything can be looked at and nothing changed (a newer version made the store); null where it can. */
  readonly readOnly: ErrorValue | null
  /** What went wrong in the background since the start and a person should know: crashed runs, set-aside stores. */
  readonly notices: readonly Notice[]
}

export interface Notice {
  readonly id: string
  readonly at: number
  readonly error: ErrorValue
  readonly projectId: string | null
  readonly runId: string | null
}

/** Something changed: who shows it should ask again. */
export interface Change {
  readonly topic:
    'projects' | 'data' | 'models' | 'runs' | 'searches' | 'chat' | 'exports' | 'machine' | 'notices'
  /** Null where the change concerns no single project. */
  readonly projectId: string | null
}

/** What the person chose for the window; kept in the store, so that it survives another port. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark'
  readonly advanced: boolean
}

/** One entry of a folder, for choosing a folder or file on the machine that runs the host. */
export interface FolderEntry {
  readonly name: string
  readonly path: string
  readonly folder: boolean
  readonly bytes: number
}

export interface FolderListing {
  readonly path: string
  /** Null at the top. */
  readonly parent: string | null
  readonly entries: readonly FolderEntry[]
}
