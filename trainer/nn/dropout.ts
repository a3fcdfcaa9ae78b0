import { mul, reshape, slice } from '../graph/ops.ts'
import { factors, product } from '../graph/shape.ts'
import type { Shape } from '../graph/shape.ts'
import { input } from '../graph/tensor.ts'
import type { InputTensor, Tensor } from '../graph/tensor.ts'

/** The sizes that symbols stand for in one batch. */
export type SymbolSizes = Readonly<Record<string, number>>

/**
 * Dropout whose masks are a function of what is fed, so that a resumed run draws the same ones on any
 * provider: a bank of mask values (0, or 1 / (1 − rate)) is fed once and for all, and each place in the network
 * takes a window of it, at an offset that is fed with each step.
 */
export interface DropoutBank {
  readonly rate: number
  readonly bank: InputTensor
  readonly offsets: InputTensor
  /** A mask of a shape, from a window of its own. */
  mask(shape: Shape): Tensor
  /** The sizes of all windows in a batch, in the order of their offsets. */
  windows(sizes: SymbolSizes): readonly number[]
}

/** Makes a bank named `<name>.bank`, with offsets `<name>.offsets`. */
export function dropoutBank(name: string, rate: number): DropoutBank {
  const bank = input(`${name}.bank`, 'float32', [`${name}.size`])
  const offsets = input(`${name}.offsets`, 'int64', [`${name}.places`])
  const places: Shape[] = []
  return {
    rate,
    bank,
    offsets,
    mask(shape) {
      const start = slice(offsets, 0, places.length, 1)
      places.push(shape)
      return reshape(slice(bank, 0, start, product(shape)), shape)
    },
    windows: (sizes) => places.map((shape) => windowSize(shape, sizes)),
  }
}

/** Zeroes values of `x` by a mask from the bank and scales the rest; `x` itself where there is no bank. */
export function drop(x: Tensor, bank: DropoutBank | null): Tensor {
  return bank ? mul(x, bank.mask(x.shape)) : x
}

function windowSize(shape: Shape, sizes: SymbolSizes): number {
  return shape.flatMap(factors).reduce((total: number, factor) => {
    const value = typeof factor === 'number' ? factor : sizes[factor]
    if (value === undefined) throw new Error(`The batch gives no size for ${factor}.`)
    return total * value
  }, 1)
}
