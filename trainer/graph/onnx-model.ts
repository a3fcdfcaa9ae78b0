import { ProtobufMessage } from './protobuf.ts'
import type { Shape } from './shape.ts'
import type { ConstantTensor, DataType, WeightTensor } from './tensor.ts'

/** TensorProto.DataType of the ONNX schema. */
export const onnxDataType = {
  float32: 1,
  uint8: 2,
  int8: 3,
  int64: 7,
  bool: 9,
  float16: 10,
  bfloat16: 16,
  uint4: 21,
} as const satisfies Record<DataType, number>

export const opset = 20
const irVersion = 9
/** The first versions that know blocks with a scale each, and values of 4 bits. */
const blocksOpset = 21
const blocksIrVersion = 10

/** An attribute value as ONNX types it; plain numbers would leave int and float in doubt. */
export type OnnxAttribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly ints: readonly number[] }
  | { readonly string: string }
  /** What a branch of `If` computes. It sees the values of the graph around it, has no inputs, and its weights lie there. */
  | { readonly graph: OnnxGraph }

export interface OnnxNode {
  readonly opType: string
  /** Empty for the ONNX domain itself. */
  readonly domain: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes: Readonly<Record<string, OnnxAttribute>>
}

export interface OnnxValue {
  readonly name: string
  readonly dtype: DataType
  readonly shape: Shape
}

export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[]
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly constants: readonly { readonly name: string; readonly tensor: ConstantTensor }[]
  readonly weights: readonly WeightTensor[]
}

/**
 * Serialises a graph as an ONNX ModelProto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 *
 * @param known Values in between whose shapes are told.
 */
export function encodeOnnxModel(graph: OnnxGraph, known: readonly OnnxValue[] = []): Uint8Array {
  const body = encodeGraph(graph)
  for (const value of known) body.message(13, encodeValue(value))
  const inBlocks = graph.nodes.some(({ opType }) => opType === 'DequantizeLinear')
  const [ir, version] = inBlocks ? [blocksIrVersion, blocksOpset] : [irVersion, opset]
  const model = new ProtobufMessage().int(1, ir).string(2, 'loracle').message(7, body)
  for (const domain of new Set(['', ...graph.nodes.map((node) => node.domain)]))
    model.message(8, new ProtobufMessage().string(1, domain).int(2, domain === '' ? version : 1))
  return model.finish()
}

function encodeGraph(graph: OnnxGraph): ProtobufMessage {
  const body = new ProtobufMessage()
  for (const node of graph.nodes) body.message(1, encodeNode(node))
  body.string(2, 'loracle')
  for (const { name, tensor } of graph.constants) body.message(5, encodeConstant(name, tensor))
  for (const tensor of graph.weights) body.message(5, encodeWeight(tensor))
  for (const value of graph.inputs) body.message(11, encodeValue(value))
  for (const value of graph.outputs) body.message(12, encodeValue(value))
  return body
}

function encodeNode(node: OnnxNode): ProtobufMessage {
  const message = new ProtobufMessage()
  for (const name of node.inputs) message.string(1, name)
  for (const name of node.outputs) message.string(2, name)
  message.string(3, node.outputs[0] ?? '').string(4, node.opType)
  for (const [name, value] of Object.entries(node.attributes))
    message.message(5, encodeAttribute(name, value))
  if (node.domain !== '') message.string(7, node.domain)
  return message
}

function encodeAttribute(name: string, value: OnnxAttribute): ProtobufMessage {
  const message = new ProtobufMessage().string(1, name)
  if ('float' in value) return message.float(2, value.float).int(20, 1)
  if ('int' in value) return message.int(3, value.int).int(20, 2)
  if ('string' in value) return message.string(4, value.string).int(20, 3)
  if ('graph' in value) return message.message(6, encodeGraph(value.graph)).int(20, 5)
  for (const item of value.ints) message.int(8, item)
  return message.int(20, 7)
}

function encodeConstant(name: string, tensor: ConstantTensor): ProtobufMessage {
  const message = new ProtobufMessage()
  for (const dim of tensor.shape) message.int(1, dim)
  const { buffer, byteOffset, byteLength } = tensor.data
  return message
    .int(2, onnxDataType[tensor.dtype])
    .string(8, name)
    .bytes(9, new Uint8Array(buffer, byteOffset, byteLength))
}

function encodeWeight(tensor: WeightTensor): ProtobufMessage {
  const message = new ProtobufMessage()
  for (const dim of tensor.shape) message.int(1, dim)
  message.int(2, onnxDataType[tensor.dtype]).string(8, tensor.name)
  const { file, offset, length } = tensor.location
  for (const [key, value] of [
    ['location', file],
    ['offset', String(offset)],
    ['length', String(length)],
  ] as const)
    message.message(13, new ProtobufMessage().string(1, key).string(2, value))
  return message.int(14, 1)
}

function encodeValue(value: OnnxValue): ProtobufMessage {
  const shape = new ProtobufMessage()
  for (const dim of value.shape)
    shape.message(
      1,
      typeof dim === 'number' ? new ProtobufMessage().int(1, dim) : new ProtobufMessage().string(2, dim),
    )
  const tensorType = new ProtobufMessage().int(1, onnxDataType[value.dtype]).message(2, shape)
  return new ProtobufMessage().string(1, value.name).message(2, new ProtobufMessage().message(1, tensorType))
}
