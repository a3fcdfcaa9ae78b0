import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { flanT5Small, writeRandomT5 } from '../../support/random-model.ts'
import type { HostileFile } from '../hostile-case.ts'
import type { JsonObject } from '../mutate-json.ts'

const tests = join(import.meta.dirname, '../..')

/** A T5 that is as small as one can be, with the vocabulary of the tokenizer that the tests have. */
export const tiniestT5 = {
  ...flanT5Small,
  vocab_size: 200,
  d_model: 8,
  d_kv: 4,
  d_ff: 8,
  num_layers: 1,
  num_decoder_layers: 1,
  num_heads: 2,
}

/** A whole model folder: what its files say, and where they lie. */
export interface ModelSample {
  readonly name: string
  readonly folder: string
  readonly config: JsonObject
  readonly weights: Buffer
}

/** The tiniest T5 with random weights, and the models of the goldens; the T5 alone has a tokenizer. */
export async function modelSamples(folder: string): Promise<readonly ModelSample[]> {
  const t5 = join(folder, 't5')
  await writeRandomT5(t5, tiniestT5, { seed: 3, tokenizer: join(tests, 'data/fixtures/tokenizer') })
  const goldens = ['gpt-neo', 'bert', 'distilbert'].map((name) => ({
    name,
    folder: join(tests, 'goldens', name, 'model'),
  }))
  return Promise.all(
    [{ name: 't5', folder: t5 }, ...goldens].map(async (sample) => ({
      ...sample,
      config: JSON.parse(await readFile(join(sample.folder, 'config.json'), 'utf8')) as JsonObject,
      weights: await readFile(join(sample.folder, 'model.safetensors')),
    })),
  )
}

/** A file of a sound folder, as a link to it. */
export function linked(path: string, from: string): HostileFile {
  return { path, link: from }
}
