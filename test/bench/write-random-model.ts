import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { encodeValues } from '../../trainer/checkpoint/encode-values.ts'
import { writeSafetensors } from '../../trainer/checkpoint/safetensors-writer.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { bert } from '../../trainer/models/bert.ts'
import { parseBertConfig } from '../../trainer/models/bert-config.ts'
import { gptNeoParameters, parseGptNeoConfig } from '../../trainer/models/gpt-neo-config.ts'
import { parseT5Config, t5Parameters } from '../../trainer/models/t5-config.ts'
import { bertBase } from '../support/random-bert.ts'
import { flanT5Small } from '../support/random-model.ts'

/** Configurations of published models, as their config.json has them. */
export const publishedShapes = {
  'flan-t5-small': flanT5Small,
  'flan-t5-base': {
    ...flanT5Small,
    d_model: 768,
    d_ff: 2048,
    num_layers: 12,
    num_decoder_layers: 12,
    num_heads: 12,
  },
  'flan-t5-large': {
    ...flanT5Small,
    d_model: 1024,
    d_ff: 2816,
    num_layers: 24,
    num_decoder_layers: 24,
    num_heads: 16,
  },
  'gpt-neo-125m': {
    model_type: 'gpt_neo',
    vocab_size: 50257,
    hidden_size: 768,
    num_layers: 12,
    num_heads: 12,
    max_position_embeddings: 2048,
    attention_types: [[['global', 'local'], 6]],
    window_size: 256,
    bos_token_id: 50256,
    eos_token_id: 50256,
  },
  'gpt-neo-1.3b': {
    model_type: 'gpt_neo',
    vocab_size: 50257,
    hidden_size: 2048,
    num_layers: 24,
    num_heads: 16,
    max_position_embeddings: 2048,
    attention_types: [[['global', 'local'], 12]],
    window_size: 256,
    bos_token_id: 50256,
    eos_token_id: 50256,
  },
  'bert-base': bertBase,
} as const
export type PublishedShape = keyof typeof publishedShapes

// No multiple of a width: a table's rows would repeat, and tokens be exactly as likely as others.
const poolSize = (1 << 20) + 7

/**
 * Writes config.json and random weights of a published shape, tensor by tensor: the largest takes no more memory than
 * its largest matrix. Deviations are those that keep activations at unit size; all tensors are cut from one pool of
 * draws at places of their own.
 */
export async function writeRandomModel(
  folder: string,
  shape: PublishedShape,
  dtype: 'F32' | 'F16' | 'BF16',
): Promise<void> {
  const config: Readonly<Record<string, unknown>> = publishedShapes[shape]
  const parameters = parametersOf(config)
  const random = seededRandom(0, 'random model', shape)
  // Of unit deviation, and near enough to a normal distribution.
  const pool = Float32Array.from({ length: poolSize }, () => 2 * (random() + random() + random() - 1.5))
  const encoded = new Map<string, Uint8Array>()
  const tensors = [...parameters].map(([name, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1) * (dtype === 'F32' ? 4 : 2)
    const start = Math.floor(random() * poolSize) * 4
    const { mean, deviation } = levelOf(name, shape)
    const key = `${mean} ${deviation}`
    const read = () => {
      const bytes =
        encoded.get(key) ??
        encodeValues(
          dtype,
          pool.map((value) => mean + deviation * value),
        )
      encoded.set(key, bytes)
      return Promise.resolve(repeated(bytes, start % bytes.length, length))
    }
    return { name, dtype, shape, length, read }
  })
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'config.json'), JSON.stringify(config))
  await writeSafetensors(join(folder, 'model.safetensors'), tensors, { format: 'pt' })
}

/** Names and shapes of all weights, a span head among them where the model can have one. */
function parametersOf(config: Readonly<Record<string, unknown>>): ReadonlyMap<string, readonly number[]> {
  switch (config.model_type) {
    case 't5':
      return t5Parameters(parseT5Config(config, 'config.json', new Set(['lm_head.weight'])))
    case 'gpt_neo':
      return gptNeoParameters(parseGptNeoConfig(config, 'config.json', new Set()))
    default:
      return bert(parseBertConfig(config, 'config.json'), new Set()).parameters
  }
}

/** Bytes from a place on, from the start again after the end, as often as it takes. */
function repeated(bytes: Uint8Array, start: number, length: number): Uint8Array {
  const result = new Uint8Array(length)
  let done = 0
  for (let from = start; done < length; from = 0) {
    const part = bytes.subarray(from, from + length - done)
    result.set(part, done)
    done += part.length
  }
  return result
}

function levelOf(name: string, shape: readonly number[]): { mean: number; deviation: number } {
  const [, into] = shape
  if (into === undefined) return { mean: name.endsWith('.bias') ? 0 : 1, deviation: 0 }
  if (name.includes('relative_attention_bias')) return { mean: 0, deviation: 0.2 }
  if (name.endsWith('shared.weight')) return { mean: 0, deviation: 1 }
  if (/\.w[tp]e\./.test(name)) return { mean: 0, deviation: 0.02 }
  // T5 does not divide scores by the root of a head's width of 64.
  return { mean: 0, deviation: into ** -0.5 / (/\.q(_proj)?\.weight$/.test(name) ? 8 : 1) }
}
