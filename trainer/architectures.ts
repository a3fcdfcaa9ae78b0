/** How a model works: reads and then writes, continues what it reads, or marks answers in what it reads. */
export type ArchitectureKind = 'seq2seq' | 'causal' | 'extractive'

/** The architectures that are built in, by the `model_type` of config.json. */
export const architectureKinds = {
  t5: 'seq2seq',
  gpt_neo: 'causal',
  bert: 'extractive',
  distilbert: 'extractive',
} as const satisfies Readonly<Record<string, ArchitectureKind>>

export type ArchitectureName = keyof typeof architectureKinds

/** The kind of a `model_type`; null where it is not built in. */
export function architectureKind(modelType: string): ArchitectureKind | null {
  return isArchitecture(modelType) ? architectureKinds[modelType] : null
}

export function isArchitecture(modelType: string): modelType is ArchitectureName {
  return Object.hasOwn(architectureKinds, modelType)
}
