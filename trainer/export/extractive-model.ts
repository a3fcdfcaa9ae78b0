import { lower } from '../graph/lower.ts'
import type { OnnxGraph } from '../graph/onnx-model.ts'
import { onnxOperators } from '../graph/onnx-operators.ts'
import type { BuildContext, ExtractiveArchitecture } from '../models/architecture.ts'
import { floats, ids, withPorts } from './ports.ts'

const shape = ['batch_size', 'sequence_length']

/**
 * An encoder with a span head as Optimum's exporter lays it out (task question-answering): one model. The scores of
 * padding lie far below all others.
 */
export function extractiveModel(
  architecture: ExtractiveArchitecture,
  context: BuildContext,
): Readonly<Record<string, OnnxGraph>> {
  const { tokenTypes } = architecture.config
  const model = withPorts(
    lower(architecture.spans(context), onnxOperators),
    [
      ids('input_ids', 'inputIds', shape),
      ids('attention_mask', 'attentionMask', shape),
      ...(tokenTypes > 0 ? [ids('token_type_ids', 'tokenTypeIds', shape)] : []),
    ],
    [floats('start_logits', 'startLogits', shape), floats('end_logits', 'endLogits', shape)],
  )
  return { 'model.onnx': model }
}
