import type { Parameters } from './weights.ts'

/** A model's frozen weights as graphs take them. */
export interface FrozenWeights {
  /** The folder that the weights' files lie below. */
  readonly folder: string
  /** Gives each parameter as a float32 tensor. */
  readonly parameters: Parameters
  /** The same for graphs that take many rows at once, as training does, where another form is faster there. */
  readonly ofManyRows?: Parameters
  /**
   * True where matrices are widened for each use: then a layer's adapter stands beside it, since a merged weight
   * would be a wide copy that lasts from the forward pass to the backward pass.
   */
  readonly narrow: boolean
}
