import { onnxDataType } from '../graph/onnx-model.ts'
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxValue } from '../graph/onnx-model.ts'
import type { Shape } from '../graph/shape.ts'

/** A value that goes in or out of an exported model, and its name inside the graph. */
export interface Port extends OnnxValue {
  readonly inside: string
}

/**
 * A graph with the inputs and outputs that others expect: their names, types, dimension names and order. A feed of
 * another type than the graph takes (int64 masks) is cast. Feeds that the graph does not need are ignored.
 *
 * @throws Error where an input of the graph is fed by no port, or an output that is asked for does not exist.
 */
export function withPorts(graph: OnnxGraph, feeds: readonly Port[], results: readonly Port[]): OnnxGraph {
  const inner = new Map(graph.inputs.map((value) => [value.name, value]))
  const outer = new Map(graph.outputs.map((value) => [value.name, value]))
  const unfed = [...inner.keys()].filter((name) => !feeds.some((feed) => feed.inside === name))
  if (unfed.length > 0) throw new Error(`Nothing feeds ${unfed.join(', ')}.`)
  const names = new Map<string, string>()
  const casts: OnnxNode[] = []
  for (const { name, inside, dtype } of feeds) {
    const wanted = inner.get(inside)?.dtype ?? dtype
    if (wanted === dtype) names.set(inside, name)
    else casts.push(node('Cast', [name], [inside], { to: { int: onnxDataType[wanted] } }))
  }
  for (const { name, inside } of results) {
    if (!outer.has(inside)) throw new Error(`The graph has no output ${inside}.`)
    names.set(inside, name)
  }
  return {
    ...renameValues({ ...graph, nodes: [...casts, ...graph.nodes] }, (name) => names.get(name) ?? name),
    inputs: feeds.map(value),
    outputs: results.map(value),
  }
}

/** The same graph with other names for its values, in branches too. Weights keep theirs: they name places in a file. */
export function renameValues(graph: OnnxGraph, nameOf: (name: string) => string): OnnxGraph {
  const weights = new Set(graph.weights.map(({ name }) => name))
  return renamed(graph, (name) => (weights.has(name) ? name : nameOf(name)))
}

function renamed(graph: OnnxGraph, rename: (name: string) => string): OnnxGraph {
  const renameNamed = <T extends { readonly name: string }>(one: T): T => ({ ...one, name: rename(one.name) })
  return {
    nodes: graph.nodes.map((one) => ({
      ...one,
      inputs: one.inputs.map(rename),
      outputs: one.outputs.map(rename),
      attributes: Object.fromEntries(
        Object.entries(one.attributes).map(([name, attribute]) => [
          name,
          'graph' in attribute ? { graph: renamed(attribute.graph, rename) } : attribute,
        ]),
      ),
    })),
    inputs: graph.inputs.map(renameNamed),
    outputs: graph.outputs.map(renameNamed),
    constants: graph.constants.map(renameNamed),
    weights: graph.weights,
  }
}

/** A port of token ids, positions or a mask. */
export function ids(name: string, inside: string, shape: Shape): Port {
  return { name, inside, dtype: 'int64', shape }
}

/** A port of real values. */
export function floats(name: string, inside: string, shape: Shape): Port {
  return { name, inside, dtype: 'float32', shape }
}

/** A node of the ONNX domain. */
export function node(
  opType: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, OnnxAttribute>> = {},
): OnnxNode {
  return { opType, domain: '', inputs, outputs, attributes }
}

function value({ name, dtype, shape }: Port): OnnxValue {
  return { name, dtype, shape }
}
