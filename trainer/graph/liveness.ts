import type { LoweredGraph } from './lower.ts'
import type { OnnxNode } from './onnx-model.ts'
import { factors } from './shape.ts'
import type { Dim } from './shape.ts'
import type { DataType } from './tensor.ts'

/** What the symbols in a graph's shapes stand for. */
export type DimSizes = Readonly<Record<string, number>>

/**
 * The most bytes of intermediate values and results that are alive at once while a graph is run on the CPU, found by
 * going through its nodes in the order in which ONNX Runtime executes them and freeing each value after its last use.
 * What is fed and the weights are not counted.
 *
 * The runtime's own rules are followed as far as they matter: equal nodes are computed once, a value that is only
 * named otherwise shares its memory, an elementwise operator writes over an input that nobody needs any more, and of
 * a node's inputs the one that was written last is computed first, beginning with the last result
 * (`Graph::ReverseDFSFrom` in onnxruntime/core/graph/graph.cc).
 */
export function peakBytes(graph: LoweredGraph, sizes: DimSizes): number {
  const { nodes, results } = withoutDuplicates(graph)
  const products = transposesOfProducts(nodes)
  const bytesOf = (name: string): number => {
    const type = graph.values.get(name)
    return type ? type.shape.reduce((size: number, dim) => size * sizeOf(dim, sizes), widths[type.dtype]) : 0
  }
  const uses = new Map<string, number>()
  for (const name of [...nodes.flatMap(({ inputs }) => [...new Set(inputs)]), ...results])
    uses.set(name, (uses.get(name) ?? 0) + 1)

  const pieces = new Map<string, Piece>()
  let alive = 0
  let peak = 0
  const letGo = (name: string) => {
    const piece = pieces.get(name)
    if (piece && --piece.names === 0) alive -= piece.bytes
  }
  for (const node of executionOrder(nodes)) {
    const isLastUse = (name: string) => uses.get(name) === 1
    const shares = sharing.has(node.opType) || products.has(node)
    for (const output of node.outputs) {
      const bytes = bytesOf(output)
      const over = elementwise.has(node.opType)
        ? node.inputs.find((name) => isLastUse(name) && isAlone(pieces.get(name), bytes))
        : undefined
      const source = shares ? node.inputs[0] : over
      const piece = (source === undefined ? undefined : pieces.get(source)) ?? newPiece(shares ? 0 : bytes)
      if (piece.names++ === 0) alive += piece.bytes
      // What has no shape of its own gets that of its other name.
      if (shares && piece.bytes === 0 && pieces.has(source ?? '')) alive += piece.bytes = bytes
      pieces.set(output, piece)
    }
    peak = Math.max(peak, alive)
    for (const name of new Set(node.inputs)) {
      const left = (uses.get(name) ?? 1) - 1
      uses.set(name, left)
      if (left === 0) letGo(name)
    }
    for (const output of node.outputs) if (!uses.has(output)) letGo(output)
  }
  return peak
}

/** A piece of memory and how many values that are still needed lie in it. */
interface Piece {
  bytes: number
  names: number
}

const newPiece = (bytes: number): Piece => ({ bytes, names: 0 })
const isAlone = (piece: Piece | undefined, bytes: number) => piece?.names === 1 && piece.bytes === bytes

const widths: Readonly<Record<DataType, number>> = {
  float32: 4,
  float16: 2,
  bfloat16: 2,
  int64: 8,
  bool: 1,
  uint8: 1,
  int8: 1,
  uint4: 0.5,
}
const sharing = new Set(['Reshape', 'Squeeze', 'Unsqueeze'])
const elementwise = new Set([
  ...['Add', 'Sub', 'Mul', 'Div', 'Neg', 'Exp', 'Log', 'Sqrt', 'Reciprocal'],
  ...['Tanh', 'Sigmoid', 'Relu', 'Erf', 'Abs', 'Softmax'],
])

/** The nodes of a graph, each name standing for the first node that computes the same. */
function withoutDuplicates(graph: LoweredGraph): {
  readonly nodes: readonly OnnxNode[]
  readonly results: readonly string[]
} {
  const firstNames = new Map<string, string>()
  const nameOf = (name: string) => firstNames.get(name) ?? name
  const known = new Map<string, OnnxNode>()
  const nodes: OnnxNode[] = []
  for (const node of graph.nodes) {
    const inputs = node.inputs.map(nameOf)
    if (node.opType === 'Identity') {
      firstNames.set(node.outputs[0] ?? '', inputs[0] ?? '')
      continue
    }
    const key = JSON.stringify([node.opType, inputs, node.attributes])
    const same = known.get(key)
    if (same) node.outputs.forEach((output, i) => firstNames.set(output, same.outputs[i] ?? output))
    else {
      const kept = { ...node, inputs }
      known.set(key, kept)
      nodes.push(kept)
    }
  }
  return { nodes, results: graph.outputs.map(({ name }) => nameOf(name)) }
}

/** Transpositions of the last two axes that only products use: the runtime multiplies by them as they lie. */
function transposesOfProducts(nodes: readonly OnnxNode[]): ReadonlySet<OnnxNode> {
  const otherUses = new Set(nodes.flatMap(({ opType, inputs }) => (opType === 'MatMul' ? [] : inputs)))
  return new Set(
    nodes.filter(({ opType, attributes, outputs: [output = ''] }) => {
      const { perm } = attributes
      if (opType !== 'Transpose' || !perm || !('ints' in perm) || otherUses.has(output)) return false
      const rank = perm.ints.length
      return rank > 2 && perm.ints.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i))
    }),
  )
}

function executionOrder(nodes: readonly OnnxNode[]): readonly OnnxNode[] {
  const producers = new Map(nodes.flatMap((node, i) => node.outputs.map((output) => [output, i] as const)))
  const used = new Set(nodes.flatMap(({ inputs }) => inputs))
  const stack = [...nodes.keys()].filter((i) => !nodes[i]?.outputs.some((output) => used.has(output)))
  const seen = new Set<number>()
  const done = new Set<number>()
  const order: OnnxNode[] = []
  for (let i = stack.pop(); i !== undefined; i = stack.pop()) {
    const node = nodes[i]
    if (!node || done.has(i)) continue
    if (seen.has(i)) {
      done.add(i)
      order.push(node)
      continue
    }
    seen.add(i)
    stack.push(i)
    const before = new Set(node.inputs.flatMap((name) => producers.get(name) ?? []))
    stack.push(...[...before].filter((j) => !seen.has(j)).sort((a, b) => a - b))
  }
  return order
}

/** The size of a dimension. @throws Error where a symbol has none. */
function sizeOf(dim: Dim, sizes: DimSizes): number {
  if (typeof dim === 'number') return dim
  const known = sizes[dim]
  if (known !== undefined) return known
  const terms = dim.split('+')
  if (terms.length > 1) return terms.reduce((total, term) => total + sizeOf(asDim(term), sizes), 0)
  const parts = factors(dim)
  if (parts.length === 1) throw new Error(`There is no size for ${dim}.`)
  return parts.reduce((total: number, part) => total * sizeOf(part, sizes), 1)
}

const asDim = (text: string): Dim => (/^\d+$/.test(text) ? Number(text) : text)
