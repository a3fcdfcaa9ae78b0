import type { ParameterShapes } from '../models/weights.ts'

/**
 * The names under which transformers keeps a parameter of ours as several modules: PEFT, which knows modules, stores one
 * copy for each. Those in `read` are what the model computes with.
 */
export interface TiedParameter {
  readonly parameter: string
  readonly read: readonly string[]
}

const embeddings = [
  // Hugging Face's T5 looks tokens up in the stacks' own modules, never in `shared`.
  { parameter: 'shared.weight', read: ['encoder.embed_tokens.weight', 'decoder.embed_tokens.weight'] },
  { parameter: 'transformer.wte.weight', read: ['transformer.wte.weight'] },
] as const satisfies readonly TiedParameter[]

const head = 'lm_head.weight'

/** The parameters of a model that stand for several modules. */
export function tiedParameters(parameters: ParameterShapes): readonly TiedParameter[] {
  return embeddings
    .filter(({ parameter }) => parameters.has(parameter))
    .map(({ parameter, read }) => ({ parameter, read: parameters.has(head) ? read : [...read, head] }))
}

/** All names of a parameter in files, its own first. */
export function namesOf(parameter: string, parameters: ParameterShapes): readonly string[] {
  const tied = tiedParameters(parameters).find((candidate) => candidate.parameter === parameter)
  return [...new Set([parameter, ...(tied?.read ?? [])])]
}
