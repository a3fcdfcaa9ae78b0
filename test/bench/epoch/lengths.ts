import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { readDataset } from '../../../trainer/data/read-dataset.ts'
import { loadTokenizer } from '../../../trainer/data/tokenizer.ts'
import { causalKind } from '../../../trainer/kinds/causal.ts'
import { extractiveKind } from '../../../trainer/kinds/extractive.ts'
import type { ModelKind } from '../../../trainer/kinds/kind.ts'
import { seq2seqKind } from '../../../trainer/kinds/seq2seq.ts'
import { parseBertConfig } from '../../../trainer/models/bert-config.ts'
import { parseGptNeoConfig } from '../../../trainer/models/gpt-neo-config.ts'
import { parseT5Config } from '../../../trainer/models/t5-config.ts'
import { parseSettings } from '../../../trainer/settings.ts'
import type { TrainingWork } from '../training/sides.ts'
import { publishedShapes } from '../write-random-model.ts'

const counts = z.array(z.int().nonnegative())

/** How long the training items of a data set are, by the kind of model; a column each, a place for each item. */
export const lengthsSchema = z.object({
  seq2seq: z.object({ source: counts, target: counts }),
  causal: z.object({ source: counts, target: counts }),
  /** Of a window: its length, where its text begins, and where the answer's first and last token are. */
  extractive: z.object({ source: counts, contextStart: counts, first: counts, last: counts }),
})
export type Lengths = z.infer<typeof lengthsSchema>

/** The lengths of one item: `source`, then what else its kind has. */
export type ItemLengths = readonly number[]

/** Tokens of a prompt and by how many windows overlap: what published scripts take, and what 512 leave GPT-Neo. */
const windows = {
  seq2seq: { maxSourceLength: 512, stride: 64 },
  causal: { maxSourceLength: 480, stride: 64 },
  extractive: { maxSourceLength: 384, stride: 128 },
} as const

const mostQuestions = 1500

/** The counts of SQuAD 2.0's development set that are kept here; count-lengths.ts made them. */
export async function keptLengths(kind: TrainingWork['kind']): Promise<ItemLengths[]> {
  const text = await readFile(new URL('./squad-lengths.json', import.meta.url), 'utf8')
  const columns = Object.values(lengthsSchema.parse(JSON.parse(text))[kind])
  return (columns[0] ?? []).map((_, item) => columns.map((column) => column[item] ?? 0))
}

/** Lengths of items as columns. */
export function toColumns(
  lengths: readonly ItemLengths[],
  names: readonly string[],
): Record<string, number[]> {
  return Object.fromEntries(names.map((name, part) => [name, lengths.map((item) => item[part] ?? 0)]))
}

/**
 * Counts the tokens of the training items that the product makes of a SQuAD file: of the first question of each
 * paragraph, up to 1,500.
 */
export async function countLengths(
  kind: TrainingWork['kind'],
  squad: string,
  tokenizerFolder: string,
): Promise<ItemLengths[]> {
  const { examples } = await readDataset(squad)
  const firsts = [...new Map(examples.toReversed().map((example) => [example.context, example])).values()]
  const tokenizer = await loadTokenizer(tokenizerFolder)
  const { maxSourceLength, stride } = windows[kind]
  const settings = parseSettings({ stride })
  const options = { tokenizer, maxSourceLength, settings }
  const { items } = modelKind(kind).makeItems(firsts.toReversed().slice(0, mostQuestions), options)
  return items.map(({ sourceIds, targetIds, contextStart = 0 }) =>
    kind === 'extractive'
      ? [sourceIds.length, contextStart, ...targetIds]
      : [sourceIds.length, targetIds.length],
  )
}

function modelKind(kind: TrainingWork['kind']): ModelKind {
  const path = 'config.json'
  switch (kind) {
    case 'seq2seq':
      return seq2seqKind({ config: parseT5Config(publishedShapes['flan-t5-small'], path, new Set()) })
    case 'causal':
      return causalKind({ config: parseGptNeoConfig(publishedShapes['gpt-neo-125m'], path, new Set()) })
    case 'extractive':
      return extractiveKind({ config: parseBertConfig(publishedShapes['bert-base'], path) })
  }
}
