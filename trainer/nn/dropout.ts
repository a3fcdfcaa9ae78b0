import { mul, reshape, slice } from '../graph/ops.ts'
import { factors, product } from '../graph/shape.ts'
import type { Shape } from '../graph/shape.ts'
import { input, region } from '../graph/tensor.ts'
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
  /** Where each window starts; fed twice, see `mask`. */
  readonly offsets: readonly [forward: InputTensor, backward: InputTensor]
  /**
   * A mask of a shape, from a window of its own, and the same mask for the backward pass. The two are cut at
   * offsets from different feeds, so that the runtime does not take them for one value and keep it in memory.
   */
  mask(shape: Shape): DropoutMask
  /** The sizes of all windows in a batch, in the order of their offsets. */
  windows(sizes: SymbolSizes): readonly number[]
}

export interface DropoutMask {
  readonly forward: Tensor
  readonly backward: Tensor
}

/** Makes a bank named `<name>.bank`, with offsets `<name>.offsets` and `<name>.offsetsAgain`. */
export function dropoutBank(name: string, rate: number): DropoutBank {
  const bank = input(`${name}.bank`, 'float32', [`${name}.size`])
  const offsets = [
    input(`${name}.offsets`, 'int64', [`${name}.places`]),
    input(`${name}.offsetsAgain`, 'int64', [`${name}.places`]),
  ] as const
  const places: Shape[] = []
  return {
    rate,
    bank,
    offsets,
    mask(shape) {
      const place = places.length
      places.push(shape)
      const cut = (starts: InputTensor) =>
        reshape(slice(bank, 0, slice(starts, 0, place, 1), product(shape)), shape)
      return { forward: cut(offsets[0]), backward: cut(offsets[1]) }
    },
    windows: (sizes) => places.map((shape) => windowSize(shape, sizes)),
  }
}

/** Zeroes values of `x` by a mask from the bank and scales the rest; `x` itself where there is no bank. */
export function drop(x: Tensor, bank: DropoutBank | null): Tensor {
  if (!bank) return x
  const mask = bank.mask(x.shape)
  return region('dropout', mul(x, mask.forward), [x], { saved: { mask: mask.backward } })
}

function windowSize(shape: Shape, sizes: SymbolSizes): number {
  return shape.flatMap(factors).reduce((total: number, factor) => {
    const value = typeof factor === 'number' ? factor : sizes[factor]
    if (value === undefined) throw new Error(`The batch gives no size for ${factor}.`)
    return total * value
  }, 1)
}
