import { dependentOn } from './autodiff/active.ts'
import { lower } from './graph/lower.ts'
import { encodeOnnxModel } from './graph/onnx-model.ts'
import { onnxOperators } from './graph/onnx-operators.ts'
import { input } from './graph/tensor.ts'
import type { Tensor } from './graph/tensor.ts'
import type { Block } from './nn/recomputed-blocks.ts'
import { buildLoss } from './training-session.ts'
import type { TrainedModel, TrainingGraphOptions } from './training-session.ts'

/** The blocks of a network below everything that is trained: what they give depends on the example alone. */
export interface FrozenBlocks {
  /** How many they are. */
  readonly count: number
  /** What the trained part takes of them, by the name of its feed: a row for each token. */
  readonly outputs: ReadonlyMap<string, Tensor>
  /** Puts feeds in their place: the hook of `BuildContext` for the graph that starts behind them. */
  replace(next: Block | undefined): Block
}

/**
 * Finds the blocks that nothing trained reaches, in the forward pass of the whole network; null where there is none, or
 * where something is dropped in them, so that they differ from step to step. Of each chain of such blocks the last one
 * is what the rest takes.
 */
export function findFrozenBlocks(model: TrainedModel, options: TrainingGraphOptions): FrozenBlocks | null {
  if (options.dropout > 0) return null
  const blocks: { readonly value: Tensor; readonly inputs: readonly Tensor[] }[] = []
  const { leaves } = buildLoss(model, options, (value, inputs) => {
    blocks.push({ value, inputs })
    return value
  })
  const values = blocks.map(({ value }) => value)
  const trained = dependentOn(values, leaves)
  const frozen = blocks.filter(({ value }) => !trained.has(value))
  const continued = new Set(frozen.flatMap(({ inputs }) => inputs.slice(0, 1)))
  const ends = frozen.filter(({ value }) => !continued.has(value))
  if (ends.length === 0 || frozen.length === blocks.length) return null
  const names = new Map(ends.map(({ value }) => [values.indexOf(value), `frozen.${values.indexOf(value)}`]))
  return {
    count: frozen.length,
    outputs: new Map(ends.map(({ value }) => [`frozen.${values.indexOf(value)}`, value])),
    replace(next) {
      let index = 0
      return (value, inputs) => {
        const name = names.get(index++)
        if (name !== undefined) return input(name, value.dtype, value.shape)
        return next ? next(value, inputs) : value
      }
    },
  }
}

/** The graph that computes what the trained part takes of the frozen blocks. */
export function frozenBlocksGraph({ outputs }: FrozenBlocks): {
  readonly model: Uint8Array
  readonly inputs: ReadonlySet<string>
} {
  const lowered = lower(Object.fromEntries(outputs), onnxOperators)
  return { model: encodeOnnxModel(lowered), inputs: new Set(lowered.inputs.map(({ name }) => name)) }
}
