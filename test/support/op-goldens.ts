import { readFileSync } from 'node:fs'
import { cast } from '../../trainer/graph/ops.ts'
import type { Shape } from '../../trainer/graph/shape.ts'
import { input } from '../../trainer/graph/tensor.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import type { Value } from '../../trainer/session.ts'
import { floats, integerValues, runGraph } from './run-graph.ts'

export interface OpTensor {
  readonly shape: readonly number[]
  readonly dtype: 'float32' | 'int64' | 'bool'
  readonly data: readonly number[]
}

/** A case of ops.json, see test/reference/README.md. */
export interface OpGolden {
  readonly op: string
  readonly attributes: Readonly<Record<string, unknown>>
  readonly inputs: readonly OpTensor[]
  readonly outputs: readonly OpTensor[]
}

const all = JSON.parse(
  readFileSync(new URL('../goldens/ops.json', import.meta.url), 'utf8'),
) as readonly OpGolden[]

/** The cases of an operator; none is an error, so that a misspelt name cannot pass. */
export function opGoldens(op: string): readonly OpGolden[] {
  const found = all.filter((golden) => golden.op === op)
  if (found.length === 0) throw new Error(`ops.json has no case of ${op}.`)
  return found
}

/** Inputs `x0`, `x1`, …; with `symbolic` every dimension that is not 1 is a symbol that takes its size from the feed. */
export function opInputs(
  golden: OpGolden,
  symbolic: boolean,
): { readonly tensors: readonly Tensor[]; readonly feeds: Record<string, Value> } {
  const feeds: Record<string, Value> = {}
  const tensors = golden.inputs.map(({ shape, dtype, data }, i) => {
    const dims: Shape = symbolic ? shape.map((size) => (size === 1 ? 1 : `n${size}`)) : shape
    feeds[`x${i}`] = dtype === 'int64' ? integerValues(data, shape) : floats(data, shape)
    // The session feeds no bool: 0 and 1 are cast inside the graph.
    const fed = input(`x${i}`, dtype === 'int64' ? 'int64' : 'float32', dims)
    return dtype === 'bool' ? cast(fed, 'bool') : fed
  })
  return { tensors, feeds }
}

/** The largest difference, relative to 1 or to the expected value, whichever is larger. */
export async function opError(
  result: Tensor,
  feeds: Readonly<Record<string, Value>>,
  expected: OpTensor,
): Promise<number> {
  const computed = await runGraph(result.dtype === 'bool' ? cast(result, 'float32') : result, feeds)
  if (computed.shape.join() !== expected.shape.join())
    throw new Error(`The result has shape [${computed.shape.join()}], expected [${expected.shape.join()}].`)
  return expected.data.reduce((worst, value, i) => {
    const error = Math.abs((computed.data[i] ?? NaN) - value) / Math.max(1, Math.abs(value))
    return Number.isNaN(error) ? NaN : Math.max(worst, error)
  }, 0)
}
