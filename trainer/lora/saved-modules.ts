import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { TrainerError } from '../errors.ts'
import { sameShape } from '../graph/shape.ts'
import type { ParameterShapes } from '../models/weights.ts'
import { invalidAdapter } from './peft-config.ts'
import { tiedParameters } from './tied-parameters.ts'

/** What of an adapter's file replaces parameters of the base, and what has no place in the model. */
export interface SavedModules {
  readonly parameters: ReadonlyMap<string, NamedTensor>
  readonly unused: readonly string[]
}

/**
 * Finds the parameters that an adapter keeps whole: PEFT's `modules_to_save`, and biases that were trained. A matrix
 * that the model uses in several places must be kept for all of them and be the same in all.
 *
 * @throws TrainerError `adapter_mismatch` for another shape than the model's, `adapter_invalid` where one of several
 * uses of a matrix has values of its own.
 */
export function readSavedModules(
  path: string,
  names: readonly string[],
  { tensors, parameters }: { tensors: ReadonlyMap<string, NamedTensor>; parameters: ParameterShapes },
): SavedModules {
  const found = new Map<string, NamedTensor>()
  const tied = tiedParameters(parameters)
  const handled = new Set<string>()
  for (const { parameter, read } of tied)
    if (read.some((name) => names.includes(name))) {
      found.set(parameter, sameTensor(path, read, tensors))
      for (const name of [parameter, ...read]) handled.add(name)
    }
  const unread = new Set(tied.flatMap(({ parameter, read }) => (read.includes(parameter) ? [] : [parameter])))
  const unused: string[] = []
  for (const name of names) {
    const tensor = tensors.get(name)
    if (handled.has(name) || !tensor) continue
    if (!parameters.has(name) || unread.has(name)) unused.push(name)
    else found.set(name, tensor)
  }
  for (const [name, { shape }] of found) {
    const wanted = parameters.get(name)
    if (wanted && !sameShape(wanted, shape))
      throw new TrainerError(
        'adapter_mismatch',
        `The adapter's ${name} is [${shape.join(', ')}], the model's [${wanted.join(', ')}]. Choose the model that the adapter was made for.`,
        { layer: name },
      )
  }
  return { parameters: found, unused }
}

function sameTensor(
  path: string,
  names: readonly string[],
  tensors: ReadonlyMap<string, NamedTensor>,
): NamedTensor {
  const [first, ...others] = names.map((name) => tensors.get(name))
  const same = others.every(
    (other) =>
      first &&
      other &&
      sameShape(first.shape, other.shape) &&
      other.data.every((value, i) => Object.is(value, first.data[i])),
  )
  if (!first || !same)
    throw invalidAdapter(
      path,
      `it keeps values of its own for some of ${names.join(', ')}, which are one matrix in this model`,
    )
  return first
}
