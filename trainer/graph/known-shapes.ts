import type { LoweredGraph } from './lower.ts'
import type { OnnxValue } from './onnx-model.ts'

/**
 * The shapes of rows that a training graph lays anew, which ONNX Runtime cannot infer (it names no product of symbols).
 * Told them, its memory planner finds freed buffers of like shape instead of comparing each value with every one:
 * sessions open in half the time. Of what has more axes, scores above all, nothing is told: a buffer that is kept for a
 * later value of its shape is one that nothing else can use in between, and those are the large ones.
 */
export function shapesOfRows({ nodes, values }: LoweredGraph): readonly OnnxValue[] {
  return nodes.flatMap(({ opType, outputs: [name] }) => {
    const value = opType === 'Reshape' && name !== undefined ? values.get(name) : undefined
    return value && name !== undefined && value.shape.length <= 2
      ? [{ name, dtype: value.dtype, shape: value.shape }]
      : []
  })
}
