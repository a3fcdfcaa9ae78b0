import type { ParameterShapes } from './weights.ts'

/** What the modules of a BERT-like encoder are called in Hugging Face's folders. */
export interface BertNames {
  /** What stands before every module but the head; folders of the encoder alone leave it out. */
  readonly prefix: string
  /** The module path of a block. */
  block(index: number): string
  readonly query: string
  readonly key: string
  readonly value: string
  readonly attentionOutput: string
  readonly attentionNorm: string
  readonly feedForwardIn: string
  readonly feedForwardOut: string
  readonly feedForwardNorm: string
  /** Modules of other heads, with what of them files hold; of no use for answering by spans. */
  readonly otherHeads: readonly string[]
}

export const bertNames: BertNames = {
  prefix: 'bert.',
  block: (index) => `bert.encoder.layer.${index}`,
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOutput: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  feedForwardIn: 'intermediate.dense',
  feedForwardOut: 'output.dense',
  feedForwardNorm: 'output.LayerNorm',
  otherHeads: [
    'bert.pooler.dense',
    'cls.predictions',
    'cls.predictions.transform.dense',
    'cls.predictions.transform.LayerNorm',
    'cls.predictions.decoder',
    'cls.seq_relationship',
    'classifier',
  ],
}

export const distilBertNames: BertNames = {
  prefix: 'distilbert.',
  block: (index) => `distilbert.transformer.layer.${index}`,
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attentionOutput: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  feedForwardIn: 'ffn.lin1',
  feedForwardOut: 'ffn.lin2',
  feedForwardNorm: 'output_layer_norm',
  otherHeads: ['vocab_transform', 'vocab_layer_norm', 'vocab_projector', 'pre_classifier', 'classifier'],
}

export const spanHead = 'qa_outputs'

interface BertSizes {
  readonly vocabularySize: number
  readonly maxLength: number
  readonly tokenTypes: number
  readonly width: number
  readonly feedForwardWidth: number
  readonly layers: number
}

/** The linear layers of the blocks, as module paths with `[out, in]` sizes. */
export function bertLinears(
  names: BertNames,
  { width, feedForwardWidth, layers }: BertSizes,
): ReadonlyMap<string, readonly [out: number, into: number]> {
  const linears = new Map<string, readonly [number, number]>()
  for (let i = 0; i < layers; i++) {
    const block = names.block(i)
    for (const name of [names.query, names.key, names.value, names.attentionOutput])
      linears.set(`${block}.${name}`, [width, width])
    linears.set(`${block}.${names.feedForwardIn}`, [feedForwardWidth, width])
    linears.set(`${block}.${names.feedForwardOut}`, [width, feedForwardWidth])
  }
  return linears
}

/** Every parameter with its shape, the span head's two included. */
export function bertParameters(names: BertNames, sizes: BertSizes): ParameterShapes {
  const { width, tokenTypes } = sizes
  const embeddings = `${names.prefix}embeddings`
  const shapes = new Map<string, readonly number[]>([
    [`${embeddings}.word_embeddings.weight`, [sizes.vocabularySize, width]],
    [`${embeddings}.position_embeddings.weight`, [sizes.maxLength, width]],
  ])
  if (tokenTypes > 0) shapes.set(`${embeddings}.token_type_embeddings.weight`, [tokenTypes, width])
  const both = (path: string, weight: readonly number[]) => {
    shapes.set(`${path}.weight`, weight)
    shapes.set(`${path}.bias`, [weight[0] ?? 0])
  }
  both(`${embeddings}.LayerNorm`, [width])
  for (const [path, size] of bertLinears(names, sizes)) both(path, size)
  for (let i = 0; i < sizes.layers; i++)
    for (const norm of [names.attentionNorm, names.feedForwardNorm])
      both(`${names.block(i)}.${norm}`, [width])
  both(spanHead, [2, width])
  return shapes
}

/**
 * Where a folder's files hold parameters under other names: without the prefix (`BertModel` alone), or with `gamma`
 * and `beta` for the weight and bias of a norm, as files converted from TensorFlow have them.
 */
export function bertStoredNames(
  names: BertNames,
  shapes: ParameterShapes,
  weightNames: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const stored = new Map<string, string>()
  for (const name of shapes.keys()) {
    const found = spellings(names, name).find((spelling) => weightNames.has(spelling))
    if (found !== undefined && found !== name) stored.set(name, found)
  }
  return stored
}

/** Keys that published files carry and that answering by spans does not use. */
export function ignorableBertWeights(names: BertNames): ReadonlySet<string> {
  const heads = names.otherHeads.flatMap((path) => [`${path}.weight`, `${path}.bias`])
  const buffers = [`${names.prefix}embeddings.position_ids`, `${names.prefix}embeddings.token_type_ids`]
  return new Set([...heads, ...buffers].flatMap((name) => spellings(names, name)))
}

function spellings({ prefix }: BertNames, name: string): readonly string[] {
  const spelt = [name]
  if (/(LayerNorm|layer_norm)\.(weight|bias)$/.test(name))
    spelt.push(name.replace(/\.weight$/, '.gamma').replace(/\.bias$/, '.beta'))
  return spelt.flatMap((each) => (each.startsWith(prefix) ? [each, each.slice(prefix.length)] : [each]))
}
