import { lower } from '../graph/lower.ts'
import type { OnnxGraph } from '../graph/onnx-model.ts'
import { onnxOperators } from '../graph/onnx-operators.ts'
import type { BuildContext, CausalArchitecture } from '../models/architecture.ts'
import { floats, ids, withPorts } from './ports.ts'

const batch = 'batch_size'
const length = 'sequence_length'
const past = 'past_sequence_length'

/**
 * A decoder alone as Optimum's exporter lays it out (task text-generation-with-past): one model whose past may be
 * empty. Names and dimension names are those of that exporter.
 */
export function causalModel(
  architecture: CausalArchitecture,
  context: BuildContext,
): Readonly<Record<string, OnnxGraph>> {
  const { layers, heads, headWidth, vocabularySize } = architecture.config
  const cache = (outside: string, inside: string, span: string) =>
    Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) =>
      ['key', 'value'].map((part) =>
        floats(`${outside}.${layer}.${part}`, `${inside}.${layer}.${part}`, [batch, heads, span, headWidth]),
      ),
    )
  const graph = lower(architecture.continue(context), onnxOperators)
  const model = withPorts(
    graph,
    [
      ids('input_ids', 'inputIds', [batch, length]),
      ids('attention_mask', 'attentionMask', [batch, `${past} + ${length}`]),
      ids('position_ids', 'positionIds', [batch, length]),
      ...cache('past_key_values', 'past', past),
    ],
    [
      floats('logits', 'logits', [batch, length, vocabularySize]),
      ...cache('present', 'present', `${past} + ${length}`),
    ],
  )
  return { 'model.onnx': model }
}
