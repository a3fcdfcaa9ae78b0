import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { TrainerError } from '../errors.ts'
import { sameShape } from '../graph/shape.ts'
import type { ParameterShapes } from '../models/weights.ts'
import { invalidAdapter } from './peft-config.ts'
import { tiedParameters } from './tied-parameters.ts'

/** Which of an adapter's tensors replace parameters of the base, and which have no place in the model. */
export interface FoundModules {
  /** By the parameter: the tensors of the file that must all hold its values. */
  readonly sources: ReadonlyMap<string, readonly string[]>
  readonly unused: readonly string[]
}

/**
 * Finds the parameters that an adapter keeps whole, from the shapes of its tensors: PEFT's `modules_to_save`, and biases
 * that were trained. A matrix that the model uses in several places is kept for all of them.
 *
 * @throws TrainerError `adapter_mismatch` for another shape than the model's, `adapter_invalid` where one of several uses
 * of a matrix is missing or has another shape.
 */
export function findSavedModules(
  path: string,
  names: readonly string[],
  {
    tensors,
    parameters,
  }: {
    readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[] }>
    readonly parameters: ParameterShapes
  },
): FoundModules {
  const sources = new Map<string, readonly string[]>()
  const given = new Set(names)
  const tied = tiedParameters(parameters)
  const handled = new Set<string>()
  for (const { parameter, read } of tied)
    if (read.some((name) => given.has(name))) {
      sources.set(parameter, read)
      for (const name of [parameter, ...read]) handled.add(name)
    }
  const unread = new Set(tied.flatMap(({ parameter, read }) => (read.includes(parameter) ? [] : [parameter])))
  const unused: string[] = []
  for (const name of names) {
    if (handled.has(name)) continue
    if (!parameters.has(name) || unread.has(name)) unused.push(name)
    else sources.set(name, [name])
  }
  for (const [name, from] of sources) {
    const [shape, ...others] = from.map((source) => tensors.get(source)?.shape)
    if (!shape || !others.every((other) => other && sameShape(shape, other))) throw notOne(path, from)
    const wanted = parameters.get(name)
    if (wanted && !sameShape(wanted, shape))
      throw new TrainerError(
        'adapter_mismatch',
        `The adapter's ${name} is [${shape.join(', ')}], the model's [${wanted.join(', ')}]. Choose the model that the adapter was made for.`,
        { layer: name },
      )
  }
  return { sources, unused }
}

/**
 * The values of the parameters that were found.
 *
 * @throws TrainerError `adapter_invalid` where one of several uses of a matrix has values of its own.
 */
export function readSavedModules(
  path: string,
  { sources }: FoundModules,
  valueOf: (name: string) => NamedTensor | undefined,
): ReadonlyMap<string, NamedTensor> {
  return new Map([...sources].map(([name, from]) => [name, sameTensor(path, from, valueOf)]))
}

function sameTensor(
  path: string,
  names: readonly string[],
  valueOf: (name: string) => NamedTensor | undefined,
): NamedTensor {
  const [first, ...others] = names.map(valueOf)
  const same = others.every(
    (other) => first && other && other.data.every((value, i) => Object.is(value, first.data[i])),
  )
  if (!first || !same) throw notOne(path, names)
  return first
}

function notOne(path: string, names: readonly string[]): TrainerError {
  return invalidAdapter(
    path,
    `it keeps values of its own for some of ${names.join(', ')}, which are one matrix in this model`,
  )
}
