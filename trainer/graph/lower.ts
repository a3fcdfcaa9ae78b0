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
export type OperatorTable = Readonly<Record<string, OperatorLowering>>

/**
 * Writes the part of the graph that the outputs need as ONNX nodes, in an order in which every value comes
 * before its uses. Inputs that no output needs are left out.
 *
 * @throws Error for an operator that the table lacks, two inputs of one name, or a symbol that no input has.
 */
export function lower(outputs: Readonly<Record<string, Tensor>>, table: OperatorTable): OnnxGraph {
  const order = topologicalOrder(Object.values(outputs))
  const inputs = order.filter((tensor) => tensor.kind === 'input')
  checkInputs(inputs)
  const writer = new GraphWriter(inputs)
  const names = new Map<Tensor, string>()
  const written = new Map<Operation, readonly string[]>()
  const nameOf = (tensor: Tensor): string => {
    const name = names.get(tensor)
    if (name === undefined) throw new Error('A value was used before it was written.')
    return name
  }
  for (const tensor of order) {
    if (tensor.kind === 'input') names.set(tensor, tensor.name)
    else if (tensor.kind === 'constant') names.set(tensor, writer.constant(tensor))
    else if (tensor.kind === 'weight') names.set(tensor, writer.weight(tensor))
    else if (tensor.kind === 'region') names.set(tensor, nameOf(tensor.value))
    else {
      const { operation } = tensor
      let results = written.get(operation)
      if (!results) {
        const lowering = table[operation.op]
        if (!lowering) throw new Error(`There is no ONNX form of the operator ${operation.op}.`)
        results = lowering(operation, operation.inputs.map(nameOf), writer)
        written.set(operation, results)
      }
      const name = results[tensor.index]
      if (name === undefined) throw new Error(`${operation.op} has no output ${tensor.index}.`)
      names.set(tensor, name)
    }
  }
  const outputValues = Object.entries(outputs).map(([name, tensor]) => {
    writer.identity(nameOf(tensor), name)
    return { name, dtype: tensor.dtype, shape: tensor.shape }
  })
  return {
    nodes: writer.nodes,
    inputs: inputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    outputs: outputValues,
    constants: writer.constants,
    weights: writer.weights,
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

  identity(from: string, to: string): void {
    this.nodes.push({ opType: 'Identity', domain: '', inputs: [from], outputs: [to], attributes: {} })
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
