import type { TargetName } from './targets.ts'

/** Reads a case's folder as the app does: what was made of it. Throws what the app would be told. */
export type Read = (folder: string) => Promise<readonly string[]>

/** By the names of the targets; loaded when it is asked for. */
export const readings: Readonly<Record<TargetName, () => Promise<Read>>> = {
  readers: async () => (await import('./readings/readers.ts')).readDropped,
  safetensors: async () => (await import('./readings/safetensors.ts')).readWeightFolder,
  config: async () => (await import('./readings/config.ts')).readModelFolder,
  tokenizer: async () => (await import('./readings/tokenizer.ts')).readTokenizerFolder,
  adapter: async () => (await import('./readings/adapter.ts')).readAdapterFolder,
  checkpoint: async () => (await import('./readings/checkpoint.ts')).readRun,
  squad: async () => (await import('./readings/squad.ts')).readSquad,
}
