import { forwardOperators } from './forward-operators.ts'
import type { Lowering, OperatorLowering, OperatorTable } from './lower.ts'
import { lowerIntegerProduct } from './lower-integer-product.ts'
import type { OnnxAttribute } from './onnx-model.ts'
import { onnxDataType } from './onnx-model.ts'
import type { Dim, Shape } from './shape.ts'
import { constant, integers } from './tensor.ts'
import type { DataType, Operation } from './tensor.ts'

const plain =
  (opType: string): OperatorLowering =>
  (_, inputs, to) =>
    to.node(opType, inputs)

const reduction =
  (opType: string): OperatorLowering =>
  (operation, inputs, to) =>
    to.node(opType, [...inputs, to.constant(integers(numbers(operation, 'axes')))], {
      attributes: { keepdims: int(operation, 'keepDims') },
    })

/** How each operator is written in ONNX, opset 20, and 21 where weights are widened in blocks. */
export const onnxOperators: OperatorTable = {
  ...forwardOperators,
  neg: plain('Neg'),
  exp: plain('Exp'),
  log: plain('Log'),
  sqrt: plain('Sqrt'),
  reciprocal: plain('Reciprocal'),
  tanh: plain('Tanh'),
  sigmoid: plain('Sigmoid'),
  relu: plain('Relu'),
  erf: plain('Erf'),
  fusedGelu: plain('Gelu'),
  fusedGeluTanh: (_, inputs, to) =>
    to.node('Gelu', inputs, { attributes: { approximate: { string: 'tanh' } } }),
  softmax: (_, inputs, to) => to.node('Softmax', inputs, { attributes: { axis: { int: -1 } } }),
  add: plain('Add'),
  sub: plain('Sub'),
  mul: plain('Mul'),
  div: plain('Div'),
  min: plain('Min'),
  max: plain('Max'),
  less: plain('Less'),
  equal: plain('Equal'),
  where: plain('Where'),
  cast: (operation, inputs, to) =>
    to.node('Cast', inputs, { attributes: { to: { int: onnxDataType[text(operation, 'to') as DataType] } } }),
  matMul: plain('MatMul'),
  gemm: (operation, inputs, to) =>
    to.node('Gemm', inputs, {
      attributes: {
        transA: int(operation, 'transA'),
        transB: int(operation, 'transB'),
        alpha: { float: number(operation, 'alpha') },
      },
    }),
  transpose: (operation, inputs, to) =>
    to.node('Transpose', inputs, { attributes: { perm: { ints: numbers(operation, 'perm') } } }),
  reshape: ({ attributes }, inputs, to) =>
    to.node('Reshape', [...inputs, to.shape(attributes['shape'] as Shape, { inferOne: true })]),
  expand: ({ attributes }, inputs, to) =>
    to.node('Expand', [...inputs, to.shape(attributes['shape'] as Shape)]),
  gather: (_, inputs, to) => to.node('Gather', inputs, { attributes: { axis: { int: 0 } } }),
  gatherElements: (_, inputs, to) => to.node('GatherElements', inputs, { attributes: { axis: { int: 1 } } }),
  scatterAddRows: (operation, [indices = '', updates = ''], to) => {
    const width = operation.inputs[1]?.shape.slice(1) ?? []
    const zeros = to.node('Expand', [
      to.constant(constant(0)),
      to.shape([operation.attributes['rows'] as Dim, ...width]),
    ])
    const column = to.node('Unsqueeze', [indices, to.constant(integers([1]))])
    return to.node('ScatterND', [...zeros, ...column, updates], {
      attributes: { reduction: { string: 'add' } },
    })
  },
  concat: (operation, inputs, to) =>
    to.node('Concat', inputs, { attributes: { axis: int(operation, 'axis') } }),
  slice: lowerSlice,
  reduceSum: reduction('ReduceSum'),
  reduceMean: reduction('ReduceMean'),
  reduceMax: reduction('ReduceMax'),
  // A shape that depends on the other value, so that the runtime neither starts earlier nor takes the two for one.
  after: ({ inputs: [x] }, [name = '', other = ''], to) => {
    const first = to.node('Shape', [other], { attributes: { start: { int: 0 }, end: { int: 1 } } })
    const zero = to.node('Mul', [...first, to.constant(integers([0]))])
    const shape = to.node('Add', [...zero, to.shape(x?.shape ?? [], { inferOne: true })])
    return to.node('Reshape', [name, ...shape])
  },
  range: ({ attributes }, _, to) =>
    to.node('Range', [
      to.constant(integers(0)),
      to.dim(attributes['length'] as Dim),
      to.constant(integers(1)),
    ]),
  dimension: ({ attributes }, _, to) => [to.dim(attributes['dim'] as Dim)],
  fusedLayerNorm: (operation, inputs, to) =>
    to.node('LayerNormalization', inputs, {
      attributes: { axis: { int: -1 }, epsilon: { float: number(operation, 'epsilon') } },
      outputs: 3,
    }),
  dequantize: (operation, inputs, to) => {
    // One scale a row of blocks, or one a block.
    const inBlocks = operation.inputs[0]?.shape.length === 3
    const attributes = inBlocks
      ? { axis: { int: 2 }, block_size: int(operation, 'block') }
      : { axis: { int: 0 } }
    const widened = to.node('DequantizeLinear', inputs, { attributes })
    return to.node('Reshape', [...widened, to.shape(operation.attributes['shape'] as Shape)])
  },
  quantizedRows: lowerQuantizedRows,
  integerProduct: lowerIntegerProduct,
  halfProduct: lowerHalfProduct,
  quantizedProduct: (operation, [x = '', blocks = '', scales = '', bias], to) =>
    to.node('MatMulNBits', [x, blocks, scales, ...(bias === undefined ? [] : ['', '', bias])], {
      attributes: {
        K: int(operation, 'into'),
        N: int(operation, 'out'),
        bits: int(operation, 'bits'),
        block_size: int(operation, 'block'),
        accuracy_level: { int: 4 },
      },
      domain: 'com.microsoft',
    }),
  // Registered by ONNX Runtime in the ONNX domain, for graphs that its own fusions make.
  fusedRmsNorm: (operation, inputs, to) =>
    to.node('SimplifiedLayerNormalization', inputs, {
      attributes: {
        axis: { int: -1 },
        epsilon: { float: number(operation, 'epsilon') },
        stash_type: { int: 1 },
      },
      outputs: 2,
    }),
}

function lowerSlice(
  operation: Operation,
  [x = '', fedStart]: readonly string[],
  to: Lowering,
): readonly string[] {
  const length = operation.attributes['length'] as Dim
  const axes = to.constant(integers([number(operation, 'axis')]))
  if (fedStart === undefined) {
    const start = number(operation, 'start')
    const from = to.constant(integers([start]))
    if (typeof length === 'number')
      return to.node('Slice', [x, from, to.constant(integers([start + length])), axes])
    return to.node('Slice', [x, from, ...to.node('Add', [from, to.shape([length])]), axes])
  }
  return to.node('Slice', [x, fedStart, ...to.node('Add', [fedStart, to.shape([length])]), axes])
}

function lowerHalfProduct(
  operation: Operation,
  [x = '', weight = '']: readonly string[],
  to: Lowering,
): readonly string[] {
  const axes = to.constant(integers([-1]))
  const largest = to.node('ReduceMax', [...to.node('Abs', [x]), axes], {
    attributes: { keepdims: { int: 1 } },
  })
  const scale = to.node('Max', [...largest, to.constant(constant(1e-30))])
  const half = { to: { int: onnxDataType.float16 } }
  const narrowed = to.node('Cast', to.node('Div', [x, ...scale]), { attributes: half })
  const product = to.node('Gemm', [...narrowed, weight], { attributes: { transB: int(operation, 'transB') } })
  const widened = to.node('Cast', product, { attributes: { to: { int: onnxDataType.float32 } } })
  return to.node('Mul', [...widened, ...scale])
}

function lowerQuantizedRows(
  operation: Operation,
  [blocks = '', scales = '', indices = '']: readonly string[],
  to: Lowering,
): readonly string[] {
  const [block, bits] = [number(operation, 'block'), number(operation, 'bits')]
  const blocksInRow = number(operation, 'into') / block
  const ids = operation.inputs[2]?.shape ?? []
  const taken = to.node('Gather', [blocks, indices])
  const whole = to.node('Cast', taken, { attributes: { to: { int: onnxDataType.float32 } } })
  const centred = to.node('Sub', [...whole, to.constant(constant(2 ** (bits - 1)))])
  const table = to.node('Reshape', [
    scales,
    to.constant(integers([number(operation, 'out'), blocksInRow, 1])),
  ])
  const widened = to.node('Mul', [...centred, ...to.node('Gather', [...table, indices])])
  return to.node('Reshape', [...widened, to.shape([...ids, blocksInRow * block], { inferOne: true })])
}

function number(operation: Operation, name: string): number {
  const value = operation.attributes[name]
  if (typeof value !== 'number') throw new Error(`${operation.op} lacks the attribute ${name}.`)
  return value
}

function numbers(operation: Operation, name: string): readonly number[] {
  const value = operation.attributes[name]
  if (!Array.isArray(value)) throw new Error(`${operation.op} lacks the attribute ${name}.`)
  return value as readonly number[]
}

function text(operation: Operation, name: string): string {
  const value = operation.attributes[name]
  if (typeof value !== 'string') throw new Error(`${operation.op} lacks the attribute ${name}.`)
  return value
}

function int(operation: Operation, name: string): OnnxAttribute {
  return { int: number(operation, name) }
}
