import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Client } from '../../main/rpc/client.ts'
import type { Methods } from '../../main/contract/methods.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'

const tokenizer = join(import.meta.dirname, '../data/fixtures/tokenizer')

/** Small enough for two hundred steps a second, and with more than one of everything. */
const smallT5 = {
  ...flanT5Small,
  vocab_size: 200,
  d_model: 32,
  d_kv: 8,
  d_ff: 64,
  num_layers: 2,
  num_decoder_layers: 2,
  num_heads: 4,
}

/** Settings of a run that validates, answers questions and saves now and then, as a real one does. */
export const soakSettings = {
  batchSize: 4,
  epochs: 1_000_000,
  learningRate: 0.002,
  schedule: 'constant',
  dropout: 0.1,
  loraDropout: 0.05,
  rank: 4,
  alpha: 8,
  maxSourceLength: 160,
  maxTargetLength: 8,
  evaluateEvery: 500,
  saveEvery: 250,
  threads: 1,
  bestMetric: 'f1',
} as const satisfies Readonly<Record<string, unknown>>

/** Writes a small random model and a table of questions whose contexts are of many lengths. */
export async function writeSoakFiles(
  folder: string,
  { seed, rows = 240 }: { readonly seed: number; readonly rows?: number },
): Promise<{ readonly model: string; readonly table: string }> {
  const model = join(folder, 'model')
  await writeRandomT5(model, smallT5, { seed, tokenizer })
  const random = seededRandom(seed, 'soak rows')
  const lines = Array.from({ length: rows }, (_, i) => {
    const name = `sentence ${i} is ${'so '.repeat(Math.floor(random() * 5))}short`
    const more = ' The other is long.'.repeat(Math.floor(random() * 12))
    return `"The ${name}.${more}",Which ${'one '.repeat(i % 3)}is short?,${name}`
  })
  const table = join(folder, 'questions.csv')
  await writeFile(table, ['context,question,answer', ...lines, ''].join('\n'))
  return { model, table }
}

/** Adds the model, makes a project, and imports the table. */
export async function makeSoakProject(
  client: Pick<Client<Methods>, 'call'>,
  { model, table }: { readonly model: string; readonly table: string },
  name = 'Soak',
): Promise<{ readonly projectId: string; readonly modelId: string }> {
  const { id: modelId } = await client.call('models.addFolder', { folder: model })
  const { id: projectId } = await client.call('projects.create', { name })
  const file = { path: table }
  const { mapping } = await client.call('data.inspect', { file })
  await client.call('data.import', { projectId, file, name: null, mapping, use: 'auto' })
  await client.call('projects.choose', { projectId, modelId })
  return { projectId, modelId }
}
