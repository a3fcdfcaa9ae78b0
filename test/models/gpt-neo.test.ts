import { beforeAll, describe, expect, test } from 'vitest'
import { causalKind } from '../../trainer/kinds/causal.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import type { TrainingSession } from '../../trainer/training-session.ts'
import { clipFactor, globalNorm } from '../../trainer/optim/clip.ts'
import { adamW, initialAdamW } from '../../trainer/optim/adamw.ts'
import { learningRateAt } from '../../trainer/optim/schedule.ts'
import { golden, relativeError } from '../support/goldens.ts'
import { gptNeoAdapters, gptNeoLogits, gptNeoParameters, openGptNeoCase } from '../support/gpt-neo-goldens.ts'
import type { GptNeoAdapter, GptNeoCase } from '../support/gpt-neo-goldens.ts'

const largest = { batch: 3, source: 24, target: 39 }
const trainings = [...gptNeoAdapters, 'full'] as const

let gptNeo: GptNeoCase
beforeAll(async () => {
  gptNeo = await openGptNeoCase()
})

function open(
  trained: GptNeoAdapter | 'full',
  options: { labelSmoothing?: number; fusedNorms?: boolean; dropout?: number } = {},
): Promise<TrainingSession> {
  const whole = trained === 'full' ? [...gptNeo.architecture.parameters.keys()] : []
  const targets = trained === 'full' ? [] : gptNeo.adapters[trained].targets
  const graph = buildTrainingGraph(gptNeo.model, {
    trained: { method: trained === 'full' ? 'full' : 'lora', targets, whole },
    labelSmoothing: 0,
    dropout: 0,
    loraDropout: 0,
    fusedNorms: true,
    withGradients: true,
    ...options,
  })
  return openTrainingSession(gptNeo.model, graph, { threads: 1, provider: 'cpu', seed: 1, largest })
}

const adapterOf = (trained: GptNeoAdapter | 'full' | 'base') =>
  trained === 'full' || trained === 'base' ? null : gptNeo.adapters[trained]
const feedBatch = (name: string) =>
  causalKind(gptNeo.architecture).collate(
    gptNeo.items(name).map((item, exampleIndex) => ({ ...item, exampleIndex })),
  )

describe.each([true, false])('fused norms: %s', (fusedNorms) => {
  test.each(['base', ...gptNeoAdapters] as const)('logits of %s, texts packed into rows', async (label) => {
    for (const batch of ['prompt', 'text']) {
      const { data, shape } = golden(gptNeo.goldens, `logits/${label}/${batch}`)
      const [, length = 0, vocabulary = 0] = shape
      const texts = gptNeo.items(batch).map(({ sourceIds, targetIds }) => [...sourceIds, ...targetIds])
      const expected = texts.flatMap(({ length: tokens }, row) => [
        ...data.subarray(row * length * vocabulary, (row * length + tokens) * vocabulary),
      ])
      const adapter = adapterOf(label)
      const packed = await gptNeoLogits(gptNeo, texts, { adapter, fusedNorms })
      expect(worstOfLargest(packed, expected)).toBeLessThan(1e-5)
      let start = 0
      for (const text of texts) {
        const single = await gptNeoLogits(gptNeo, [text], { adapter, fusedNorms })
        expect(worstOfLargest(single, expected.slice(start, start + single.length))).toBeLessThan(1e-5)
        start += single.length
      }
    }
  })

  describe.each(trainings)('training graph of %s', (trained) => {
    test.each(trained === 'adapter-qv' ? [0, 0.1] : [0])(
      'loss and every gradient with label smoothing %f',
      async (labelSmoothing) => {
        const session = await open(trained, { labelSmoothing, fusedNorms })
        for (const name of ['prompt', 'text']) {
          const batch = feedBatch(name)
          const parameters = await gptNeoParameters(gptNeo, adapterOf(trained))
          const { loss, gradients } = await session.gradients(parameters, batch, {
            lossScale: 1 / batch.labels,
            step: 0,
          })
          const kind = labelSmoothing > 0 ? 'smoothed-' : ''
          const label = trained === 'full' ? 'base' : trained
          const expected = gptNeo.facts.losses[`${kind}loss/${label}/${name}`] ?? NaN
          expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-6)
          const prefix = `${kind}grad/${trained}/${name}/`
          const names = [...gptNeo.goldens.keys()].filter((key) => key.startsWith(prefix))
          expect([...gradients.keys()].map((key) => prefix + key).sort()).toEqual(names.sort())
          for (const [key, gradient] of gradients)
            expect(relativeError(gradient, golden(gptNeo.goldens, prefix + key).data), key).toBeLessThan(2e-5)
        }
        await session.dispose()
      },
    )
  })
})

describe('the course of training equals PyTorch and PEFT', () => {
  test.each(trainings)('%s', async (trained) => {
    const parameters = new Map(
      [...(await gptNeoParameters(gptNeo, adapterOf(trained)))].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.slice() },
      ]),
    )
    const session = await open(trained)
    const expected = gptNeo.facts.curves.float64[trained]
    if (!expected) throw new Error(`There is no curve ${trained}.`)
    const steps = expected.loss.length
    expect(steps).toBe(trained === 'full' ? 10 : 20)
    let state = initialAdamW(parameters)
    for (let step = 0; step < steps; step++) {
      const batch = feedBatch(step % 2 === 0 ? 'prompt' : 'text')
      const lossScale = 1 / batch.labels
      const { loss, gradients } = await session.gradients(parameters, batch, { lossScale, step })
      expect(offBy(loss, expected.loss[step]), `loss of step ${step}`).toBeLessThan(1e-5)
      const norm = globalNorm(gradients)
      expect(offBy(norm, expected.gradientNorm[step]), `norm of step ${step}`).toBeLessThan(1e-4)
      state = adamW(parameters, gradients, state, {
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0.01,
        learningRate: learningRateAt(step, { schedule: 'linear', learningRate: 1e-2, warmupSteps: 2, steps }),
        gradientScale: clipFactor(norm, 1),
      })
    }
    for (const [name, finalLoss] of Object.entries(expected.finalLoss)) {
      const batch = feedBatch(name)
      const { loss } = await session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step: 0 })
      expect(offBy(loss, finalLoss), `final loss of ${name}`).toBeLessThan(1e-5)
    }
    await session.dispose()
    if (trained !== 'adapter-qv') return
    for (const [key, { data }] of parameters)
      expect(relativeError(data, golden(gptNeo.goldens, `trained/adapter-qv/${key}`).data), key).toBeLessThan(
        1e-4,
      )
  })
})

test('dropout changes the loss, and the same step gives the same loss', async () => {
  const parameters = await gptNeoParameters(gptNeo, adapterOf('adapter-qv'))
  const batch = feedBatch('prompt')
  const session = await open('adapter-qv', { dropout: 0.2 })
  const lossOf = async (step: number) =>
    (await session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step })).loss
  const [first, second, again] = [await lossOf(1), await lossOf(2), await lossOf(1)]
  await session.dispose()
  expect(again).toBe(first)
  expect(second).not.toBe(first)
  expect(offBy(first, gptNeo.facts.losses['loss/adapter-qv/prompt'])).toBeGreaterThan(1e-3)
})

test('the goldens adapt the layers that we would choose', () => {
  for (const [adapter, targetModules] of [
    ['adapter-qv', ['q_proj', 'v_proj']],
    ['adapter-all-linear', 'all-linear'],
  ] as const) {
    const paths = (targets: readonly { readonly path: string }[]) => targets.map(({ path }) => path).sort()
    const chosen = chooseTargets(gptNeo.architecture.linears, {
      rank: 4,
      alpha: 8,
      rankStabilized: false,
      targetModules,
      layersToTransform: null,
    })
    expect(paths(gptNeo.adapters[adapter].targets)).toEqual(paths(chosen))
  }
})

function offBy(actual: number, expected: number | undefined): number {
  return Math.abs(actual - (expected ?? NaN)) / Math.abs(expected ?? NaN)
}

/** The largest difference over the largest value, as the goldens measure PyTorch's own error. */
function worstOfLargest(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length)
  let [difference, largest] = [0, 0]
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - value))
    largest = Math.max(largest, Math.abs(value))
  })
  return difference / largest
}
