import type { OnnxGraph, OnnxNode } from '../graph/onnx-model.ts'
import { node, renameValues } from './ports.ts'

/**
 * A graph of which some inputs are computed by another one, its outputs of the same names: `source` runs first, and
 * what it takes in is taken in by the whole.
 */
export function precededBy(graph: OnnxGraph, source: OnnxGraph): OnnxGraph {
  const before = apart(source, 'before')
  const made = source.outputs.map(({ name }) => node('Identity', [`before/${name}`], [name]))
  return {
    ...joined(graph, source),
    nodes: [...before.nodes, ...made, ...graph.nodes],
    constants: [...before.constants, ...graph.constants],
  }
}

export interface Choice {
  /** A bool input of one element. */
  readonly condition: string
  /** Computes the inputs where the condition is false. */
  readonly computed: OnnxGraph
  /** Where the condition is true: the name of the input that is taken as it is, for each of `computed`'s outputs. */
  given(name: string): string
}

/**
 * A graph of which some inputs are either computed by another graph, its outputs of the same names, or taken in as
 * they are: one ONNX `If` before everything else. Unlike whole models in both branches, the rest stands in the file
 * once and its weights are packed once.
 */
export function choosing(graph: OnnxGraph, { condition, computed, given }: Choice): OnnxGraph {
  const inside = apart(computed, 'computed')
  // As the graph declares them: an empty past is of length 0 in one branch and of any length in the other.
  const wanted = new Map(graph.inputs.map((value) => [value.name, value]))
  const outputsOf = (branch: string) =>
    computed.outputs.map((output) => ({
      ...(wanted.get(output.name) ?? output),
      name: `${branch}/${output.name}`,
    }))
  const kept: OnnxGraph = {
    nodes: computed.outputs.map(({ name }) => node('Identity', [given(name)], [`given/${name}`])),
    inputs: [],
    outputs: outputsOf('given'),
    constants: [],
    weights: [],
  }
  const choice: OnnxNode = node(
    'If',
    [condition],
    computed.outputs.map(({ name }) => name),
    {
      then_branch: { graph: kept },
      else_branch: { graph: { ...inside, inputs: [], outputs: outputsOf('computed'), weights: [] } },
    },
  )
  const whole = joined(graph, computed)
  return {
    ...whole,
    nodes: [choice, ...graph.nodes],
    inputs: [
      ...whole.inputs,
      { name: condition, dtype: 'bool', shape: [1] },
      ...computed.outputs.map((output) => ({ ...output, name: given(output.name) })),
    ],
  }
}

/** The inputs, outputs, constants and weights of a graph and of one that computes some of its inputs. */
function joined(graph: OnnxGraph, source: OnnxGraph): OnnxGraph {
  const computed = new Set(source.outputs.map(({ name }) => name))
  const known = new Set(graph.weights.map(({ name }) => name))
  const rest = graph.inputs.filter(({ name }) => !computed.has(name))
  const taken = new Set(rest.map(({ name }) => name))
  return {
    ...graph,
    inputs: [...rest, ...source.inputs.filter(({ name }) => !taken.has(name))],
    weights: [...graph.weights, ...source.weights.filter(({ name }) => !known.has(name))],
  }
}

/** A graph whose own values cannot be taken for another graph's; its inputs keep their names. */
function apart(graph: OnnxGraph, prefix: string): OnnxGraph {
  const inputs = new Set(graph.inputs.map(({ name }) => name))
  return renameValues(graph, (name) => (inputs.has(name) ? name : `${prefix}/${name}`))
}
