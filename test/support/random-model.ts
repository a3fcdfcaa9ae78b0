import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { parseT5Config, t5Parameters } from '../../trainer/models/t5-config.ts'

/** Google's Flan-T5-small, as its config.json has it. */
export const flanT5Small = {
  model_type: 't5',
  vocab_size: 32128,
  d_model: 512,
  d_kv: 64,
  d_ff: 1024,
  num_layers: 8,
  num_decoder_layers: 8,
  num_heads: 6,
  relative_attention_num_buckets: 32,
  feed_forward_proj: 'gated-gelu',
  layer_norm_epsilon: 1e-6,
  dropout_rate: 0.1,
  tie_word_embeddings: false,
  pad_token_id: 0,
  eos_token_id: 1,
  decoder_start_token_id: 0,
  n_positions: 512,
}

/**
 * Writes a Hugging Face folder of a T5 with random weights (deviations as T5's initialisation has them), and a
 * tokenizer where one is named. Random weights answer nothing, but they load, train and take as long as real ones.
 */
export async function writeRandomT5(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  options: { seed: number; tokenizer?: string },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const parsed = parseT5Config(config, 'config.json', new Set(['lm_head.weight']))
  const random = seededRandom(options.seed, 'random model')
  const tensors = new Map<string, NamedTensor>()
  for (const [name, shape] of t5Parameters(parsed)) {
    const size = shape.reduce((a, b) => a * b, 1)
    const spread = spreadOf(name, shape, parsed.headWidth)
    const data = new Float32Array(size)
    if (name.endsWith('norm.weight')) data.fill(1)
    else for (let i = 0; i < size; i++) data[i] = (random() + random() + random() - 1.5) * 2 * spread
    tensors.set(name, { shape, data })
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }))
  if (options.tokenizer)
    for (const name of ['tokenizer.json', 'tokenizer_config.json'])
      await cp(join(options.tokenizer, name), join(folder, name))
}

function spreadOf(name: string, shape: readonly number[], headWidth: number): number {
  const into = shape[1] ?? 1
  if (name === 'shared.weight' || name === 'lm_head.weight')
    return name === 'shared.weight' ? 1 : into ** -0.5
  if (name.includes('relative_attention_bias')) return 0.2
  return name.endsWith('.q.weight') ? (into * headWidth) ** -0.5 : into ** -0.5
}
