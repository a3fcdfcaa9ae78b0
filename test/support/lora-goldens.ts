import { join } from 'node:path'
import { openAnsweringGraph, feedsOfAdapters, neededBy } from '../../trainer/generate/answering-graph.ts'
import type { FeedBatch } from '../../trainer/kinds/kind.ts'
import { causalKind } from '../../trainer/kinds/causal.ts'
import { paddedFeeds } from './padded-batch.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import type { Adapter } from '../../trainer/lora/peft-adapter.ts'
import { adapterTrained } from '../../trainer/lora/trained.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import { openBertCase } from './bert-goldens.ts'
import { goldensFolder } from './goldens.ts'
import { openGptNeoCase } from './gpt-neo-goldens.ts'
import { openT5Case } from './t5-goldens.ts'

export const loraFolder = join(goldensFolder, 'lora')

/** A base model of the goldens in test/goldens/lora, and its batch. */
export interface LoraBase {
  readonly folder: string
  readonly model: Model
  readonly batch: FeedBatch
  /** Of a causal model: the row and the place in it, before packing, whose output predicts each label. */
  readonly labelled: readonly (readonly [row: number, place: number])[]
}

export async function openLoraBase(name: 't5-flan' | 't5-v1.0' | 'gpt-neo' | 'bert'): Promise<LoraBase> {
  const folder = join(goldensFolder, name, 'model')
  if (name === 'bert') {
    const { model, batch } = await openBertCase(name)
    return { folder, model, batch: batch('main'), labelled: [] }
  }
  if (name === 'gpt-neo') {
    const { model, architecture, items } = await openGptNeoCase()
    const numbered = items('prompt').map((item, exampleIndex) => ({ ...item, exampleIndex }))
    const labelled = numbered.flatMap(({ sourceIds, targetIds }, row) =>
      targetIds.map((_, i) => [row, sourceIds.length - 1 + i] as const),
    )
    return { folder, model, batch: causalKind(architecture).collate(numbered), labelled }
  }
  const { model, batch } = await openT5Case(name)
  return { folder, model, batch: paddedFeeds(batch('main')), labelled: [] }
}

export const loadCase = ({ model }: LoraBase, name: string): Promise<Adapter> =>
  loadAdapter(join(loraFolder, name), model.architecture)

/** The mean loss of a batch and its gradient by everything that an adapter trains, from the training graph. */
export async function trainingOf(
  { model, batch }: LoraBase,
  adapter: Adapter | null,
  { withGradients = true, fusedNorms = true } = {},
) {
  const graph = buildTrainingGraph(model, {
    trained: adapterTrained(adapter),
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms,
    withGradients,
  })
  const largest = { batch: 3, source: 64, target: 40 }
  const session = await openTrainingSession(model, graph, { threads: 1, provider: 'cpu', seed: 1, largest })
  try {
    return await session.gradients(adapter?.parameters ?? new Map(), batch, {
      lossScale: 1 / batch.labels,
      step: 0,
    })
  } finally {
    await session.dispose()
  }
}

/** What a model gives with each of some adapters, fed in turn to one graph as in answering. */
export async function outputsOf(
  { model, batch }: LoraBase,
  adapters: readonly (Adapter | null)[],
): Promise<readonly Readonly<Record<string, Float32Array>>[]> {
  const { architecture } = model
  const options = { ...neededBy(adapters), threads: 1, provider: 'cpu', fusedNorms: true } as const
  const graph = await openAnsweringGraph(
    model,
    (context) =>
      architecture.kind === 'extractive'
        ? architecture.spans(context)
        : { logits: architecture.logits(context) },
    options,
  )
  const feedsOf = feedsOfAdapters(model, options)
  try {
    const all: Record<string, Float32Array>[] = []
    for (const adapter of adapters) {
      const results = await graph.run({ ...batch.feeds, ...(await feedsOf(adapter)) })
      all.push(
        Object.fromEntries(
          Object.entries(results).map(([name, { data }]) => [name, Float32Array.from(data, Number)]),
        ),
      )
    }
    return all
  } finally {
    await graph.dispose()
  }
}
