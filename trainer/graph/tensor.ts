import type { Shape } from './shape.ts'

export type DataType = 'float32' | 'float16' | 'bfloat16' | 'int64' | 'bool' | 'uint8' | 'int8' | 'uint4'

/** Where a frozen weight lies: a byte range of a file, used in place by the runtime. */
export interface WeightLocation {
  /** Path relative to the folder that the session is given. */
  readonly file: string
  readonly offset: number
  readonly length: number
}

/** A value fed at each run. */
export interface InputTensor {
  readonly kind: 'input'
  readonly name: string
  readonly dtype: DataType
  readonly shape: Shape
}

/** A small value baked into the graph. */
export interface ConstantTensor {
  readonly kind: 'constant'
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

/** A frozen weight in a file. */
export interface WeightTensor {
  readonly kind: 'weight'
  readonly name: string
  readonly dtype: DataType
  readonly shape: readonly number[]
  readonly location: WeightLocation
}

export type Attributes = Readonly<Record<string, number | readonly number[] | string | Shape>>

/** One application of an operator. */
export interface Operation {
  readonly op: string
  readonly inputs: readonly Tensor[]
  readonly attributes: Attributes
}

/** An output of an operation. */
export interface ResultTensor {
  readonly kind: 'result'
  readonly operation: Operation
  readonly index: number
  readonly dtype: DataType
  readonly shape: Shape
}

/**
 * A value whose gradient is known in a better form than its parts would give: differentiation goes from here
 * to `inputs` by the named rule and does not look inside. Without differentiation it is `value` itself.
 */
export interface RegionTensor {
  readonly kind: 'region'
  readonly rule: string
  readonly value: Tensor
  readonly inputs: readonly Tensor[]
  /** Intermediate values that the rule uses again. */
  readonly saved: Readonly<Record<string, Tensor>>
  readonly attributes: Attributes
  readonly dtype: DataType
  readonly shape: Shape
}

/** A node of the graph: plain, frozen, tagged. Two uses of one value are two references to one object. */
export type Tensor = InputTensor | ConstantTensor | WeightTensor | ResultTensor | RegionTensor

/** A value that is fed at each run; symbols in `shape` take their size from the feed. */
export function input(name: string, dtype: DataType, shape: Shape): InputTensor {
  return Object.freeze({ kind: 'input', name, dtype, shape: Object.freeze([...shape]) })
}

/** A float32 constant. `shape` defaults to a scalar for a number and to a vector for a list. */
export function constant(
  value: number | readonly number[] | Float32Array,
  shape?: readonly number[],
): ConstantTensor {
  const data = typeof value === 'number' ? new Float32Array([value]) : Float32Array.from(value)
  return makeConstant('float32', data, shape ?? (typeof value === 'number' ? [] : [data.length]))
}

/** An int64 constant. `shape` defaults to a scalar for a number and to a vector for a list. */
export function integers(value: number | readonly number[], shape?: readonly number[]): ConstantTensor {
  const list = typeof value === 'number' ? [value] : value
  const data = BigInt64Array.from(list, BigInt)
  return makeConstant('int64', data, shape ?? (typeof value === 'number' ? [] : [data.length]))
}

function makeConstant(
  dtype: DataType,
  data: Float32Array | BigInt64Array,
  shape: readonly number[],
): ConstantTensor {
  const size = shape.reduce((total, dim) => total * dim, 1)
  if (size !== data.length)
    throw new Error(`A constant of shape [${shape.join(', ')}] wants ${size} values, got ${data.length}.`)
  return Object.freeze({ kind: 'constant', dtype, shape: Object.freeze([...shape]), data })
}

/** A frozen weight that stays in its file. */
export function weight(
  name: string,
  dtype: DataType,
  shape: readonly number[],
  location: WeightLocation,
): WeightTensor {
  return Object.freeze({
    kind: 'weight',
    name,
    dtype,
    shape: Object.freeze([...shape]),
    location: Object.freeze({ ...location }),
  })
}

/** Gives a value its own gradient rule (see `RegionTensor`). */
export function region(
  rule: string,
  value: Tensor,
  inputs: readonly Tensor[],
  options: { saved?: Readonly<Record<string, Tensor>>; attributes?: Attributes } = {},
): RegionTensor {
  return Object.freeze({
    kind: 'region',
    rule,
    value,
    inputs: Object.freeze([...inputs]),
    saved: Object.freeze({ ...options.saved }),
    attributes: Object.freeze({ ...options.attributes }),
    dtype: value.dtype,
    shape: value.shape,
  })
}
