import type { Lowering, OperatorTable } from './lower.ts'
import type { OnnxAttribute } from './onnx-model.ts'
import { integers } from './tensor.ts'
import type { Dim } from './shape.ts'
import type { Operation } from './tensor.ts'

const domain = 'com.microsoft'
/** TensorProto.DataType of int32. */
const int32 = 6

/** How the operators of `forward-ops.ts` are written. */
export const forwardOperators: OperatorTable = {
  addRmsNorm: ({ attributes }, inputs, to) =>
    to.node('SkipSimplifiedLayerNormalization', inputs, {
      attributes: { epsilon: { float: Number(attributes['epsilon']) } },
      outputs: 4,
      domain,
    }),
  forwardAttention: (operation, [query = '', key = '', value = '', bias = ''], to) =>
    to.node('MultiHeadAttention', [query, key, value, '', '', bias], {
      attributes: { num_heads: heads(operation), scale: { float: 1 } },
      domain,
    }),
  cachedAttention: lowerCachedAttention,
  topK: (_, inputs, to) => to.node('TopK', inputs, { attributes: { axis: { int: 1 } }, outputs: 2 }),
}

function lowerCachedAttention(
  operation: Operation,
  [query = '', key = '', value = '', pastKey = '', pastValue = '', total = '', bias = '']: readonly string[],
  to: Lowering,
): readonly string[] {
  const narrow = { attributes: { to: { int: int32 } } }
  const [all = ''] = to.node('Cast', [total], narrow)
  // The kernel counts from the last place, for each row.
  const last = to.node('Sub', [total, to.constant(integers(1))])
  const rows = to.node('Expand', [...last, to.shape([operation.attributes['batch'] as Dim])])
  const lasts = to.node('Cast', rows, narrow)
  return to.node(
    'GroupQueryAttention',
    [query, key, value, pastKey, pastValue, ...lasts, all, '', '', '', bias],
    {
      attributes: { num_heads: heads(operation), kv_num_heads: heads(operation), scale: { float: 1 } },
      outputs: 3,
      domain,
    },
  )
}

function heads({ attributes }: Operation): OnnxAttribute {
  return { int: Number(attributes['heads']) }
}
