import { join } from 'node:path'
import { expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { generate } from '../../trainer/generate/generate.ts'
import { openAnsweringSession, requireGenerative } from '../../trainer/generate/answering-session.ts'
import { padBatch, paddedFeeds } from '../support/padded-batch.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { adamW, initialAdamW } from '../../trainer/optim/adamw.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import { flanT5Small, writeRandomT5 } from '../support/random-model.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const cpu = { threads: 2, provider: 'cpu' } as const

test('a model of the real shape of Flan-T5-small loads, learns a batch in ten steps, and generates', async () => {
  const folder = join(await temporaryFolder(), 'flan-t5-small')
  await writeRandomT5(folder, flanT5Small, { seed: 7 })
  const model = await openModel(folder)
  expect(model.parameterCount).toBe(76_961_152)

  const random = seededRandom('flan-t5-small')
  const ids = (length: number) => Array.from({ length }, () => 2 + Math.floor(random() * 32_000))
  const items = [90, 64].map((length) => ({ sourceIds: [...ids(length), 1], targetIds: [...ids(7), 1] }))
  const batch = paddedFeeds(padBatch(items, { padTokenId: 0 }))
  const targets = chooseTargets(model.architecture.linears, {
    rank: 8,
    alpha: 16,
    rankStabilized: false,
    targetModules: ['q', 'v'],
    layersToTransform: null,
  })
  const graph = buildTrainingGraph(model, {
    trained: { method: 'lora', targets, whole: [] },
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: true,
    withGradients: true,
  })
  const training = await openTrainingSession(model, graph, {
    ...cpu,
    seed: 1,
    largest: { batch: 2, source: 91, target: 8 },
  })
  const parameters = initializeLora(targets, 1)
  expect([...parameters.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(344_064)
  let optimizer = initialAdamW(parameters)
  const losses: number[] = []
  for (let step = 0; step < 10; step++) {
    const { loss, gradients } = await training.gradients(parameters, batch, { lossScale: 1 / 16, step })
    losses.push(loss)
    optimizer = adamW(parameters, gradients, optimizer, {
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      learningRate: 1e-2,
      gradientScale: 1,
    })
  }
  await training.dispose()
  // Guessing among the vocabulary costs ln 32128 = 10.4 and random weights somewhat more.
  expect(losses[0]).toBeGreaterThan(9)
  expect(losses[9]).toBeLessThan((losses[0] ?? 0) - 1)

  const paths = targets.map((target) => target.path)
  const session = requireGenerative(
    await openAnsweringSession(model, { ...cpu, adaptable: paths, fusedNorms: true }),
  )
  const prompts = items.map((item) => item.sourceIds)
  const options = { eosTokenId: 1, padTokenId: 0, maxNewTokens: 8 }
  const tuned = await generate(
    await session.start(prompts, { adapter: { targets, parameters, savedModules: [], notes: [] }, beams: 1 }),
    options,
  )
  const base = await generate(await session.start(prompts, { adapter: null, beams: 1 }), options)
  await session.dispose()
  expect(tuned.map(({ ids }) => ids)).not.toEqual(base.map(({ ids }) => ids))
  // What was learnt is likelier: the first token of a target, for one.
  expect(tuned[0]?.meanLogProbability).toBeGreaterThan(base[0]?.meanLogProbability ?? 0)
}, 240_000)
