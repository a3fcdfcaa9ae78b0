import type { Parameters } from './weights.ts'

/** A model's frozen weights as graphs take them. */
export interface FrozenWeights {
  /** The folder that the weights' files lie below. */
  readonly folder: string
  /** Gives each parameter as a float32 tensor. */
  readonly parameters: Parameters
  /**
   * True where matrices are widened for each use: then a layer's adapter stands beside it, since a merged weight
   * would be a wide copy that lasts from the forward pass to the backward pass.
   */
  readonly narrow: boolean
}
