import { lower } from '../../trainer/graph/lower.ts'
import { encodeOnnxModel } from '../../trainer/graph/onnx-model.ts'
import { onnxOperators } from '../../trainer/graph/onnx-operators.ts'
import type { Tensor } from '../../trainer/graph/tensor.ts'
import { openSession } from '../../trainer/session.ts'
import type { Session, Value } from '../../trainer/session.ts'

export const floats = (data: ArrayLike<number>, shape: readonly number[]): Value => ({
  dtype: 'float32',
  data: Float32Array.from(data),
  shape,
})

export const integerValues = (data: readonly number[], shape: readonly number[]): Value => ({
  dtype: 'int64',
  data: BigInt64Array.from(data, BigInt),
  shape,
})

/** Loads a graph without weights on the CPU; feeds that it does not need are left out. Whoever opens it disposes of it. */
export async function openGraph(outputs: Readonly<Record<string, Tensor>>, threads = 1): Promise<Session> {
  const graph = lower(outputs, onnxOperators)
  const needed = new Set(graph.inputs.map(({ name }) => name))
  const session = await openSession(encodeOnnxModel(graph), {
    weightsFolder: null,
    purpose: 'training',
    threads,
    provider: 'cpu',
  })
  return {
    run: (feeds) =>
      session.run(Object.fromEntries(Object.entries(feeds).filter(([name]) => needed.has(name)))),
    dispose: () => session.dispose(),
  }
}

/** Computes one tensor from feeds. */
export async function runGraph(
  output: Tensor,
  feeds: Readonly<Record<string, Value>> = {},
  threads = 1,
): Promise<{ readonly data: readonly number[]; readonly shape: readonly number[] }> {
  const session = await openGraph({ output }, threads)
  try {
    const { output: result } = await session.run(feeds)
    if (!result) throw new Error('The graph gave no output.')
    return { data: Array.from(result.data, Number), shape: result.shape }
  } finally {
    await session.dispose()
  }
}
