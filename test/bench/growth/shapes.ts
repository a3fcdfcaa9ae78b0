import { join } from 'node:path'
import { bertBase, writeRandomBert } from '../../support/random-bert.ts'
import { goldensFolder } from '../../support/goldens.ts'
import { gptNeo125M, writeRandomGptNeo } from '../../support/random-gpt-neo.ts'
import { flanT5Small, writeRandomT5 } from '../../support/random-model.ts'

type Config = Readonly<Record<string, unknown>>

const t5 = (width: number, layers: number, heads: number, inner: number): Config => ({
  ...flanT5Small,
  d_model: width,
  d_ff: inner,
  num_layers: layers,
  num_decoder_layers: layers,
  num_heads: heads,
})

const gptNeo = (width: number, layers: number): Config => ({
  ...gptNeo125M,
  hidden_size: width,
  num_layers: layers,
  num_heads: width / 64,
  attention_types: [[['global', 'local'], layers / 2]],
})

const bert = (width: number, layers: number): Config => ({
  ...bertBase,
  hidden_size: width,
  num_hidden_layers: layers,
  num_attention_heads: width / 64,
  intermediate_size: 4 * width,
})

/**
 * Models from tiny to base, by name. T5's are those of Flan-T5 and smaller ones in their proportions; BERT's are
 * tiny, mini, medium and base of Turc et al. 2019; a head has 64 channels in all of them.
 */
export const shapes = {
  't5-64x2': t5(64, 2, 1, 128),
  't5-128x4': t5(128, 4, 2, 256),
  't5-256x6': t5(256, 6, 4, 512),
  'flan-t5-small': flanT5Small,
  'flan-t5-base': t5(768, 12, 12, 2048),
  'gpt-neo-64x2': gptNeo(64, 2),
  'gpt-neo-256x6': gptNeo(256, 6),
  'gpt-neo-125m': gptNeo125M,
  'bert-tiny': bert(128, 2),
  'bert-mini': bert(256, 4),
  'bert-medium': bert(512, 8),
  'bert-base': bertBase,
} as const satisfies Readonly<Record<string, Config>>

export type ShapeName = keyof typeof shapes

/** Writes a model folder of a shape with random weights. */
export async function writeShape(folder: string, name: ShapeName): Promise<void> {
  const config: Config = shapes[name]
  switch (config['model_type']) {
    case 'gpt_neo':
      return writeRandomGptNeo(folder, config, { seed: 0 })
    case 'bert':
      return writeRandomBert(folder, config, {
        seed: 0,
        spread: 0.02,
        tokenizer: join(goldensFolder, 'word-piece'),
      })
    default:
      return writeRandomT5(folder, config, { seed: 0 })
  }
}

/** Parameters that every token passes through: neither embeddings nor the head over the vocabulary. */
export function bodyParameters(parameters: ReadonlyMap<string, readonly number[]>): number {
  const body = [...parameters].filter(([name]) => !/(^|\.)(shared|wte|wpe|embeddings|lm_head)\./.test(name))
  return body.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0)
}
