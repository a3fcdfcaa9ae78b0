import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { bert } from '../../trainer/models/bert.ts'
import { parseBertConfig } from '../../trainer/models/bert-config.ts'

/** Google's BERT-base-uncased, as its config.json has it. */
export const bertBase = {
  architectures: ['BertForMaskedLM'],
  model_type: 'bert',
  vocab_size: 30522,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  pad_token_id: 0,
}

/** The size of the vocabulary in test/goldens/word-piece, and what can be trained in seconds. */
export const tinyBert = {
  ...bertBase,
  vocab_size: 520,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 64,
  max_position_embeddings: 96,
}

/**
 * Writes a Hugging Face folder of a BERT without a span head, as encoders are published, with random weights of a
 * spread, and the tokenizer files of another folder.
 */
export async function writeRandomBert(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  options: { readonly seed: number; readonly spread: number; readonly tokenizer: string },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const { parameters, freshParameters } = bert(parseBertConfig(config, 'config.json'), new Set())
  const random = seededRandom(options.seed, 'random model')
  const tensors = new Map<string, NamedTensor>()
  for (const [name, shape] of parameters) {
    if (freshParameters.has(name)) continue
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    if (name.endsWith('LayerNorm.weight')) data.fill(1)
    else if (!name.endsWith('.bias'))
      // The sum of three has a deviation of one half.
      for (let i = 0; i < data.length; i++)
        data[i] = (random() + random() + random() - 1.5) * 2 * options.spread
    tensors.set(name, { shape, data })
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }))
  for (const name of ['tokenizer.json', 'vocab.txt', 'tokenizer_config.json'])
    await cp(join(options.tokenizer, name), join(folder, name)).catch(() => undefined)
}
