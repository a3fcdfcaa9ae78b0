import type { HostileCase } from './hostile-case.ts'
import { adapterCases } from './targets/adapter.ts'
import { checkpointCases } from './targets/checkpoint.ts'
import { configCases } from './targets/config.ts'
import { readerCases } from './targets/readers.ts'
import { safetensorsCases } from './targets/safetensors.ts'
import { squadCases } from './targets/squad.ts'
import { tokenizerCases } from './targets/tokenizer.ts'

/** The case of a seed and an index: always the same one. */
export type MakeCase = (seed: number, index: number) => HostileCase

/** Something that reads files from elsewhere. */
export interface Target {
  /** Makes or reads the sound files that hostile ones are made of; `folder` stays until the end. */
  readonly cases: (folder: string) => Promise<MakeCase>
  /** Megabytes of objects that a reading may hold: what V8 is given. */
  readonly heap: number
  /** Megabytes that its process may take in all, Node's own and the modules included (about 150). */
  readonly memory: number
  /** A process grows with what it has read before, which is none of a single case's doing. */
  readonly casesPerProcess: number
}

/** By name. The readings themselves are in `readings/`, loaded by the process that reads. */
export const targets = {
  readers: { cases: readerCases, heap: 700, memory: 1000, casesPerProcess: 150 },
  safetensors: { cases: safetensorsCases, heap: 500, memory: 800, casesPerProcess: 1000 },
  config: { cases: configCases, heap: 500, memory: 800, casesPerProcess: 1000 },
  tokenizer: { cases: tokenizerCases, heap: 1000, memory: 1500, casesPerProcess: 500 },
  adapter: { cases: adapterCases, heap: 500, memory: 800, casesPerProcess: 1000 },
  checkpoint: { cases: checkpointCases, heap: 500, memory: 800, casesPerProcess: 1000 },
  squad: { cases: squadCases, heap: 1500, memory: 2000, casesPerProcess: 500 },
} as const satisfies Readonly<Record<string, Target>>

export type TargetName = keyof typeof targets
