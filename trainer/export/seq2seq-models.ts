import { lower } from '../graph/lower.ts'
import type { OnnxGraph, OnnxValue } from '../graph/onnx-model.ts'
import { onnxOperators } from '../graph/onnx-operators.ts'
import { expand } from '../graph/ops.ts'
import { constant } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'
import type { BuildContext, Seq2SeqArchitecture, Seq2SeqConfig } from '../models/architecture.ts'
import { choosing, precededBy } from './branches.ts'
import { floats, ids, withPorts } from './ports.ts'
import type { Port } from './ports.ts'

const batch = 'batch_size'
const source = 'encoder_sequence_length'
const target = 'decoder_sequence_length'
const past = 'past_decoder_sequence_length'
const parts = ['key', 'value'] as const

/**
 * An encoder and a decoder as Optimum's exporter lays them out (`optimum.exporters.onnx`, task
 * text2text-generation-with-past): the encoder, the decoder of a first step, the decoder over a cache, and the one
 * that is both, which Transformers.js loads and Optimum prefers. Names and dimension names are those of that exporter.
 */
export function seq2seqModels(
  architecture: Seq2SeqArchitecture,
  context: () => BuildContext,
): Readonly<Record<string, OnnxGraph>> {
  const { width, vocabularySize } = architecture.config
  const layers = layersOf(architecture.config)
  const inputIds = ids('input_ids', 'inputIds', [batch, source])
  const mask = (name: string) => ids(name, 'attentionMask', [batch, source])
  const decoderIds = ids('input_ids', 'decoderInputIds', [batch, target])
  const hidden = floats('encoder_hidden_states', 'hidden', [batch, source, width])
  const logits = floats('logits', 'logits', [batch, target, vocabularySize])
  const presents = layers.flatMap((layer) => cache(architecture, layer, 'present', `${past} + ${target}`))
  const firstPresents = layers.flatMap((layer) => cache(architecture, layer, 'present', target))
  const pasts = layers.flatMap((layer) => cache(architecture, layer, 'past_key_values', past))
  const isSelf = ({ name }: Port) => name.includes('.decoder.')

  const build = (make: (context: BuildContext) => Parameters<typeof lower>[0]) =>
    lower(make(context()), onnxOperators)
  const encoder = build((made) => architecture.encoderOutput(made))
  const body = build((made) => architecture.continue(made))
  const decoder: OnnxGraph = { ...body, outputs: [...body.outputs, ...crossOutputs(architecture)] }
  // What a first step starts from: no past, and keys and values made of the encoder's output.
  const start = build((made) => ({ ...emptyPast(architecture), ...architecture.crossOf(made) }))

  const merged = choosing(decoder, {
    condition: 'use_cache_branch',
    computed: start,
    given: (name) => pasts.find(({ inside }) => inside === name)?.name ?? name,
  })
  return {
    'encoder_model.onnx': withPorts(
      encoder,
      [inputIds, mask('attention_mask')],
      [floats('last_hidden_state', 'hidden', [batch, source, width])],
    ),
    'decoder_model.onnx': withPorts(
      precededBy(decoder, start),
      [mask('encoder_attention_mask'), decoderIds, hidden],
      [logits, ...firstPresents],
    ),
    'decoder_with_past_model.onnx': withPorts(
      body,
      [mask('encoder_attention_mask'), decoderIds, ...pasts],
      [logits, ...presents.filter(isSelf)],
    ),
    'decoder_model_merged.onnx': withPorts(
      merged,
      [
        mask('encoder_attention_mask'),
        decoderIds,
        hidden,
        // A first step gives an empty past, and not everybody knows its width: it is not looked at.
        ...pasts.map((port) => ({
          ...port,
          inside: port.name,
          shape: [...port.shape.slice(0, 3), 'head_width'],
        })),
        { name: 'use_cache_branch', inside: 'use_cache_branch', dtype: 'bool', shape: [1] },
      ],
      [logits, ...presents],
    ),
  }
}

/** The decoder's and the encoder's keys and values of a layer, in the order of a past in transformers. */
function cache(
  { config: { heads, headWidth } }: Seq2SeqArchitecture,
  layer: number,
  prefix: 'past_key_values' | 'present',
  length: string,
): readonly Port[] {
  const own = prefix === 'present' ? 'present' : 'past'
  const ports = (of: 'decoder' | 'encoder', inside: string, span: string) =>
    parts.map((part) =>
      floats(`${prefix}.${layer}.${of}.${part}`, `${inside}.${layer}.${part}`, [
        batch,
        heads,
        span,
        headWidth,
      ]),
    )
  return [...ports('decoder', own, length), ...ports('encoder', 'cross', source)]
}

function crossOutputs({ config }: Seq2SeqArchitecture): readonly OnnxValue[] {
  const shape = ['batch', config.heads, 'source', config.headWidth]
  return layersOf(config).flatMap((layer) =>
    parts.map((part) => ({ name: `cross.${layer}.${part}`, dtype: 'float32' as const, shape })),
  )
}

function emptyPast({ config }: Seq2SeqArchitecture): Record<string, Tensor> {
  const empty = expand(constant(0), ['batch', config.heads, 0, config.headWidth])
  return Object.fromEntries(
    layersOf(config).flatMap((layer) => parts.map((part) => [`past.${layer}.${part}`, empty])),
  )
}

function layersOf({ decoderLayers }: Seq2SeqConfig): readonly number[] {
  return Array.from({ length: decoderLayers }, (_, layer) => layer)
}
