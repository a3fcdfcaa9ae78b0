import { fusedSums, valueOf } from './fuse-sums.ts'
import type { OnnxAttribute, OnnxGraph, OnnxNode } from './onnx-model.ts'
import { factors, formatShape } from './shape.ts'
import type { Dim, Shape } from './shape.ts'
import { integers } from './tensor.ts'
import type { ConstantTensor, InputTensor, Operation, Tensor, WeightTensor } from './tensor.ts'

/** What an operator needs in order to write itself as ONNX nodes. */
export interface Lowering {
  /** Adds a node and returns the names of its outputs. */
  node(
    opType: string,
    inputs: readonly string[],
    options?: { attributes?: Readonly<Record<string, OnnxAttribute>>; outputs?: number; domain?: string },
  ): readonly string[]
  constant(tensor: ConstantTensor): string
  /** The name of an int64 scalar holding a dimension, taken from the shapes of the feeds. */
  dim(dim: Dim): string
  /** The name of an int64 vector holding a shape. At most one symbol may become −1 (`inferOne`). */
  shape(shape: Shape, options?: { inferOne: boolean }): string
}

export type OperatorLowering = (
  operation: Operation,
  inputs: readonly string[],
  to: Lowering,
) => readonly string[]
/** A graph as ONNX nodes, with the types and shapes of the values in between. */
export interface LoweredGraph extends OnnxGraph {
  readonly values: ReadonlyMap<string, Pick<Tensor, 'dtype' | 'shape'>>
}

export type OperatorTable = Readonly<Record<string, OperatorLowering>>

/**
 * Writes the part of the graph that the outputs need as ONNX nodes, in an order in which every value comes
 * before its uses. Inputs that no output needs are left out.
 *
 * @throws Error for an operator that the table lacks, two inputs of one name, or a symbol that no input has.
 */
export function lower(outputs: Readonly<Record<string, Tensor>>, table: OperatorTable): LoweredGraph {
  const order = topologicalOrder(Object.values(outputs))
  const inputs = order.filter((tensor) => tensor.kind === 'input')
  checkInputs(inputs)
  const writer = new GraphWriter(inputs)
  const names = new Map<Tensor, string>()
  const written = new Map<Operation, readonly string[]>()
  const sums = fusedSums(order, Object.values(outputs))
  const withinSums = new Set<Tensor>([...sums.values()].map(({ product }) => product))
  const nameOf = (tensor: Tensor): string => {
    const name = names.get(tensor)
    if (name === undefined) throw new Error('A value was used before it was written.')
    return name
  }
  for (const tensor of order) {
    if (withinSums.has(valueOf(tensor))) continue
    if (tensor.kind === 'input') names.set(tensor, tensor.name)
    else if (tensor.kind === 'constant') names.set(tensor, writer.constant(tensor))
    else if (tensor.kind === 'weight') names.set(tensor, writer.weight(tensor))
    else if (tensor.kind === 'region') names.set(tensor, nameOf(tensor.value))
    else {
      const { operation } = tensor
      let results = written.get(operation)
      if (!results) {
        const sum = sums.get(tensor)
        const inner = sum?.product.operation ?? operation
        const given = sum ? [...inner.inputs, sum.plus] : inner.inputs
        const lowering = table[inner.op]
        if (!lowering) throw new Error(`There is no ONNX form of the operator ${inner.op}.`)
        results = lowering(inner, given.map(nameOf), writer)
        written.set(operation, results)
      }
      const name = results[tensor.index]
      if (name === undefined) throw new Error(`${operation.op} has no output ${tensor.index}.`)
      names.set(tensor, name)
    }
  }
  const outputValues = Object.entries(outputs).map(([name, tensor]) => {
    writer.output(nameOf(tensor), name)
    return { name, dtype: tensor.dtype, shape: tensor.shape }
  })
  return {
    nodes: writer.named(),
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    outputs: outputValues,
    constants: writer.constants,
    weights: writer.weights,
    values: new Map([...names].map(([tensor, name]) => [name, tensor])),
  }
}

/** What a tensor is computed from. */
export function dependencies(tensor: Tensor): readonly Tensor[] {
  if (tensor.kind === 'result') return tensor.operation.inputs
  if (tensor.kind === 'region') return [tensor.value]
  return []
}

/** Every tensor that the roots need, each after its dependencies; without recursion, for graphs of any depth. */
export function topologicalOrder(
  roots: readonly Tensor[],
  next: (tensor: Tensor) => readonly Tensor[] = dependencies,
): readonly Tensor[] {
  const order: Tensor[] = []
  const state = new Map<Tensor, 'open' | 'done'>()
  const stack = [...roots].reverse()
  for (let tensor = stack.at(-1); tensor !== undefined; tensor = stack.at(-1)) {
    const seen = state.get(tensor)
    if (seen === undefined) {
      state.set(tensor, 'open')
      for (const dependency of [...next(tensor)].reverse()) if (!state.has(dependency)) stack.push(dependency)
    } else {
      stack.pop()
      if (seen === 'open') {
        state.set(tensor, 'done')
        order.push(tensor)
      }
    }
  }
  return order
}

function checkInputs(inputs: readonly InputTensor[]): void {
  const names = new Set<string>()
  for (const { name } of inputs) {
    if (names.has(name)) throw new Error(`Two inputs are named ${name}.`)
    names.add(name)
  }
}

class GraphWriter implements Lowering {
  readonly nodes: OnnxNode[] = []
  readonly constants: { name: string; tensor: ConstantTensor }[] = []
  readonly weights: WeightTensor[] = []
  readonly #dimSources = new Map<string, { name: string; axis: number }>()
  readonly #cache = new Map<string, string>()
  /** The outputs of the graph, by the names that nodes gave them. */
  readonly #outputs = new Map<string, string>()
  #count = 0

  constructor(inputs: readonly InputTensor[]) {
    for (const { name, shape } of inputs)
      shape.forEach((dim, axis) => {
        if (typeof dim === 'string' && !this.#dimSources.has(dim)) this.#dimSources.set(dim, { name, axis })
      })
  }

  node(
    opType: string,
    inputs: readonly string[],
    options: { attributes?: Readonly<Record<string, OnnxAttribute>>; outputs?: number; domain?: string } = {},
  ): readonly string[] {
    const { attributes = {}, outputs = 1, domain = '' } = options
    const names = Array.from({ length: outputs }, () => `v${this.#count++}`)
    this.nodes.push({ opType, domain, inputs, outputs: names, attributes })
    return names
  }

  one(
    opType: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.node(opType, inputs, { attributes })[0] ?? ''
  }

  constant(tensor: ConstantTensor): string {
    return this.#once(
      `constant ${tensor.dtype} ${formatShape(tensor.shape)} ${tensor.data.join(',')}`,
      () => {
        const name = `c${this.#count++}`
        this.constants.push({ name, tensor })
        return name
      },
    )
  }

  weight(tensor: WeightTensor): string {
    return this.#once(`weight ${tensor.name}`, () => {
      this.weights.push(tensor)
      return tensor.name
    })
  }

  /**
   * Names an output of the graph: the value that a node made, or a copy of what was fed, stored or named already. A copy
   * of every output would cost time where others use the value, too.
   */
  output(from: string, to: string): void {
    const made = this.nodes.some(({ outputs }) => outputs.includes(from))
    if (made && !this.#outputs.has(from)) this.#outputs.set(from, to)
    else this.nodes.push({ opType: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: {} })
  }

  /** The nodes, their values named as the outputs are. */
  named(): readonly OnnxNode[] {
    const rename = (name: string) => this.#outputs.get(name) ?? name
    return this.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    }))
  }

  dim(dim: Dim): string {
    if (typeof dim === 'number') return this.constant(integers(dim))
    return this.#once(`dim ${dim}`, () => {
      const source = this.#dimSources.get(dim)
      if (source) {
        const { name, axis } = source
        const vector = this.one('Shape', [name], { start: { int: axis }, end: { int: axis + 1 } })
        return this.one('Squeeze', [vector, this.constant(integers([0]))])
      }
      const parts = factors(dim)
      if (parts.length > 1)
        return parts.map((part) => this.dim(part)).reduce((a, b) => this.one('Mul', [a, b]))
      const terms = dim.split('+')
      if (terms.length > 1)
        return terms
          .map((term) => this.dim(/^\d+$/.test(term) ? Number(term) : term))
          .reduce((a, b) => this.one('Add', [a, b]))
      throw new Error(`No input has the dimension ${dim}.`)
    })
  }

  shape(shape: Shape, options: { inferOne: boolean } = { inferOne: false }): string {
    const symbols = shape.filter((dim) => typeof dim === 'string')
    if (symbols.length === 0 || (options.inferOne && symbols.length === 1))
      return this.constant(integers(shape.map((dim) => (typeof dim === 'number' ? dim : -1))))
    return this.#once(`shape ${formatShape(shape)}`, () => {
      const axes = this.constant(integers([0]))
      const parts = shape.map((dim) =>
        typeof dim === 'number'
          ? this.constant(integers([dim]))
          : this.one('Unsqueeze', [this.dim(dim), axes]),
      )
      return this.one('Concat', parts, { axis: { int: 0 } })
    })
  }

  #once(key: string, make: () => string): string {
    const known = this.#cache.get(key)
    if (known !== undefined) return known
    const name = make()
    this.#cache.set(key, name)
    return name
  }
}
