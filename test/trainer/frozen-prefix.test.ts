import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import type { TrainingItem } from '../../trainer/data/training-examples.ts'
import { findFrozenBlocks } from '../../trainer/frozen-blocks.ts'
import { kindOf } from '../../trainer/kinds/kinds.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { openModel } from '../../trainer/models/registry.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { openFrozenPrefix } from '../../trainer/run/frozen-prefix.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import type { TrainingGraphOptions } from '../../trainer/training-session.ts'
import { goldensFolder, relativeError } from '../support/goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const random = seededRandom('frozen prefix')
const ids = (length: number) => Array.from({ length }, () => 3 + Math.floor(random() * 60))
const items: readonly TrainingItem[] = [12, 30, 7, 21].map((length, exampleIndex) => ({
  sourceIds: ids(length),
  targetIds: ids(2 + exampleIndex),
  exampleIndex,
}))
const spans = items.map((item) => ({ ...item, contextStart: 3, targetIds: [4, 5] }))

const open = async (name: string) => openModel(join(goldensFolder, name, 'model'))
function optionsOf({ architecture }: Model, targetModules: readonly string[]): TrainingGraphOptions {
  const targets = chooseTargets(architecture.linears, {
    rank: 4,
    alpha: 8,
    rankStabilized: false,
    targetModules,
    layersToTransform: null,
  })
  return {
    trained: { method: 'lora', targets, whole: [] },
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: true,
    withGradients: true,
  }
}

test.each([
  ['t5-flan', ['decoder\\..*\\.(q|v)'], ['frozen.1']],
  ['t5-flan', ['encoder\\.block\\.1\\..*\\.(q|v)'], ['frozen.0']],
  ['t5-v1.0', ['decoder\\.block\\.1\\..*\\.q'], ['frozen.1', 'frozen.2']],
  ['gpt-neo', ['.*\\.h\\.1\\..*\\.q_proj'], ['frozen.0']],
  ['bert', ['.*\\.layer\\.1\\..*\\.query'], ['frozen.0']],
])('%s with adapters at %j begins behind what is frozen', async (name, targetModules, expected) => {
  const model = await open(name)
  const options = optionsOf(model, targetModules)
  const blocks = findFrozenBlocks(model, options)
  expect([...(blocks?.outputs.keys() ?? [])]).toEqual(expected)
  if (!blocks) return
  const fed = model.architecture.kind === 'extractive' ? spans : items
  const parameters = initializeLora(options.trained.targets, 1)
  for (const [key, { data }] of parameters)
    if (key.includes('lora_B')) for (let i = 0; i < data.length; i++) data[i] = 0.1 * (random() - 0.5)
  const session = {
    threads: 1,
    provider: 'cpu',
    seed: 1,
    largest: { batch: 4, source: 40, target: 10 },
  } as const
  const whole = await openTrainingSession(model, buildTrainingGraph(model, options), session)
  const path = join(await temporaryFolder(), 'frozen')
  const openCached = async (bytesInMemory: number) => {
    const graph = buildTrainingGraph(model, { ...options, replaceBlocks: (next) => blocks.replace(next) })
    expect([...graph.inputs]).not.toContain('sourceIds')
    const behind = await openTrainingSession(model, graph, session)
    return openFrozenPrefix(behind, model, blocks, { threads: 1, provider: 'cpu', path, bytesInMemory })
  }
  // The first item's values stay in memory, those of the others go to the file.
  const cached = await openCached(4000)
  const run = (of: typeof whole, chosen: readonly TrainingItem[]) => {
    const batch = { ...kindOf(model.architecture).collate(chosen), items: chosen }
    return of.gradients(parameters, batch, { lossScale: 1 / batch.labels, step: 0 })
  }
  const all = await run(whole, fed)
  const first = await run(cached, fed)
  expect(Math.abs(first.loss - all.loss) / all.loss).toBeLessThan(1e-6)
  expect([...first.gradients.keys()]).toEqual([...all.gradients.keys()])
  for (const [key, gradient] of all.gradients)
    expect(relativeError(first.gradients.get(key) ?? [], gradient), key).toBeLessThan(1e-5)

  // Kept values are the bits that are computed anew, whatever batch they were computed for.
  expect(existsSync(path)).toBe(true)
  const again = await run(cached, fed.toReversed())
  await cached.dispose()
  expect(existsSync(path)).toBe(false)
  const resumed = await openCached(1e9)
  const afresh = await run(resumed, fed.toReversed())
  expect(existsSync(path)).toBe(false)
  expect(again.loss).toBe(afresh.loss)
  for (const [key, gradient] of afresh.gradients) expect(again.gradients.get(key), key).toEqual(gradient)
  await resumed.dispose()
  await whole.dispose()
})

test('nothing is kept where the first block is trained, or where values are dropped', async () => {
  const model = await open('t5-flan')
  expect(findFrozenBlocks(model, optionsOf(model, ['q']))).toBe(null)
  const decoder = optionsOf(model, ['decoder\\..*\\.q'])
  expect(findFrozenBlocks(model, decoder)?.count).toBe(2)
  expect(findFrozenBlocks(model, { ...decoder, dropout: 0.1 })).toBe(null)
  const embedding = { ...decoder.trained, whole: ['shared.weight'] }
  expect(findFrozenBlocks(model, { ...decoder, trained: embedding })).toBe(null)
  expect(findFrozenBlocks(model, { ...decoder, loraDropout: 0.1 })?.count).toBe(2)
})
