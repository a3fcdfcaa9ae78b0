import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { gptNeoParameters, parseGptNeoConfig } from '../../trainer/models/gpt-neo-config.ts'
import { goldensFolder } from './goldens.ts'

/** EleutherAI's GPT-Neo 125M, as its config.json has it. */
export const gptNeo125M = {
  model_type: 'gpt_neo',
  vocab_size: 50257,
  hidden_size: 768,
  num_layers: 12,
  num_heads: 12,
  attention_types: [[['global', 'local'], 6]],
  window_size: 256,
  max_position_embeddings: 2048,
  bos_token_id: 50256,
  eos_token_id: 50256,
}

/** The vocabulary files of the small byte-level BPE, made by test/reference/byte_pair_goldens.py: 512 tokens. */
export const bytePairsFolder = join(goldensFolder, 'byte-pairs')

/** A GPT-Neo of that vocabulary, no larger than it takes to learn a few sentences. */
export const tinyGptNeo = {
  ...gptNeo125M,
  vocab_size: 512,
  hidden_size: 32,
  num_layers: 2,
  num_heads: 2,
  attention_types: [[['global', 'local'], 1]],
  window_size: 16,
  max_position_embeddings: 128,
  bos_token_id: 511,
  eos_token_id: 511,
}

/** Writes a Hugging Face folder of a GPT-Neo with random weights as its initialisation draws them, and vocabulary files. */
export async function writeRandomGptNeo(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  options: { seed: number; vocabulary?: string; spread?: number },
): Promise<void> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  const parsed = parseGptNeoConfig(config, 'config.json', new Set())
  const random = seededRandom(options.seed, 'random model')
  const { spread = 0.02 } = options
  const tensors = new Map<string, NamedTensor>()
  for (const [name, shape] of gptNeoParameters(parsed)) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
    if (/\.ln_[12f]\.weight$/.test(name)) data.fill(1)
    else if (!name.endsWith('.bias'))
      for (let i = 0; i < data.length; i++) data[i] = (random() + random() + random() - 1.5) * 2 * spread
    tensors.set(name, { shape, data })
  }
  await writeFile(join(folder, 'model.safetensors'), encodeSafetensors(tensors, { format: 'pt' }))
  if (options.vocabulary)
    for (const name of ['vocab.json', 'merges.txt', 'special_tokens_map.json', 'tokenizer_config.json'])
      await cp(join(options.vocabulary, name), join(folder, name))
}
