import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { neededBy } from '../../trainer/generate/answering-graph.ts'
import { openSpanSession } from '../../trainer/generate/span-session.ts'
import { loadAdapter } from '../../trainer/lora/peft-adapter.ts'
import { adamW, initialAdamW } from '../../trainer/optim/adamw.ts'
import { clipFactor, globalNorm } from '../../trainer/optim/clip.ts'
import { learningRateAt } from '../../trainer/optim/schedule.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import type { TrainingSession } from '../../trainer/training-session.ts'
import { bertCases, bertVariants, openBertCase, spanLogitsOf } from '../support/bert-goldens.ts'
import type { BertCase, GoldenTrained } from '../support/bert-goldens.ts'
import { golden, goldensFolder } from '../support/goldens.ts'

const batches = ['main', 'long'] as const

describe.each(bertCases)('%s equals transformers', (name) => {
  let bert: BertCase
  beforeAll(async () => {
    bert = await openBertCase(name)
  })

  describe.each(bertVariants)('%s', (variant) => {
    const label = variant === 'full' ? 'base' : variant
    let given: GoldenTrained
    beforeAll(async () => {
      given = await bert.variant(variant)
    })

    test.each([true, false])('start and end logits, fused norms: %s', async (fused) => {
      for (const batch of batches) {
        const { feeds } = bert.batch(batch)
        const mask = golden(bert.goldens, `inputs/${batch}/attention_mask`).data
        const logits = await spanLogitsOf(bert, given, feeds, fused)
        for (const side of ['start', 'end'] as const) {
          const expected = golden(bert.goldens, `${side}/${label}/${batch}`).data
          const actual = logits[`${side}Logits`].map((value, i) => value * (mask[i] ?? 0))
          expect(worstOfLargest(actual, expected)).toBeLessThan(1e-5)
          // What pads a row can never be chosen.
          expect(logits[`${side}Logits`].every((value, i) => mask[i] === 1 || value < -1e8)).toBe(true)
        }
      }
    })

    describe.each(variant === 'adapter-qv' ? [0, 0.1] : [0])('label smoothing %f', (labelSmoothing) => {
      test.each([true, false])('loss and every gradient, fused norms: %s', async (fusedNorms) => {
        const session = await open(bert, given, { fusedNorms, labelSmoothing })
        for (const batch of batches) {
          const { loss, gradients } = await step(session, bert, given, batch)
          const kind = labelSmoothing > 0 ? 'smoothed-' : ''
          const expected = bert.facts.losses[`${kind}loss/${label}/${batch}`] ?? NaN
          expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-6)
          const prefix = `${kind}grad/${variant}/${batch}/`
          const names = [...bert.goldens.keys()].filter((key) => key.startsWith(prefix))
          expect([...gradients.keys()].map((key) => prefix + key).sort()).toEqual(names.sort())
          for (const [key, gradient] of gradients)
            expect(gradientError(gradient, golden(bert.goldens, prefix + key).data), key).toBeLessThan(1e-4)
        }
        await session.dispose()
      })
    })

    const answering = variant === 'full' ? [] : [variant]
    test.each(answering)('answering swaps adapters and their heads: %s', async (variant) => {
      const { model, architecture } = bert
      const adapter = await loadAdapter(join(goldensFolder, name, variant), architecture)
      expect(adapter.notes).toEqual([])
      const session = await openSpanSession(model, architecture, {
        ...neededBy([adapter]),
        threads: 1,
        provider: 'cpu',
        fusedNorms: true,
      })
      for (const [label, fed] of [
        [variant, adapter],
        ['base', null],
        [variant, adapter],
      ] as const)
        for (const batch of batches) {
          const marked = await session.mark(goldenRows(bert, batch), fed)
          const expected = golden(bert.goldens, `start/${label}/${batch}`)
          const length = expected.shape[1] ?? 0
          for (const [row, { start }] of marked.entries()) {
            const own = expected.data.subarray(row * length, (row + 1) * length)
            const real = start.length > 0 ? [...own].findLastIndex((value) => value !== 0) + 1 : 0
            expect(real).toBeGreaterThan(10)
            expect(
              worstOfLargest(Float32Array.from(start).subarray(0, real), own.subarray(0, real)),
            ).toBeLessThan(1e-5)
          }
        }
      await session.dispose()
    })

    test('the course of training', async () => {
      const curve = bert.facts.curves.float64[variant]
      if (!curve) throw new Error(`There is no curve ${variant}.`)
      const parameters = new Map(
        [...given.parameters].map(([key, { shape, data }]) => [key, { shape, data: data.slice() }]),
      )
      const session = await open(bert, given, { fusedNorms: true, labelSmoothing: 0 })
      const course = { trained: given.trained, parameters }
      let state = initialAdamW(parameters)
      for (const [i, expected] of curve.loss.entries()) {
        const { loss, gradients } = await step(session, bert, course, i % 2 === 0 ? 'main' : 'long')
        expect(offBy(loss, expected), `loss of step ${i}`).toBeLessThan(1e-4)
        const norm = globalNorm(gradients)
        expect(offBy(norm, curve.gradientNorm[i]), `norm of step ${i}`).toBeLessThan(1e-4)
        state = adamW(parameters, gradients, state, {
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0.01,
          learningRate: learningRateAt(i, {
            schedule: 'linear',
            learningRate: 1e-2,
            warmupSteps: 2,
            steps: curve.loss.length,
          }),
          gradientScale: clipFactor(norm, 1),
        })
      }
      expect(curve.loss).toHaveLength(variant === 'full' ? 10 : 20)
      for (const batch of batches)
        expect(offBy((await step(session, bert, course, batch)).loss, curve.finalLoss[batch])).toBeLessThan(
          1e-4,
        )
      await session.dispose()
    })
  })
})

/** The rows of a batch without padding, cut at their types; DistilBERT has none. */
function goldenRows({ goldens }: BertCase, batch: string) {
  const [ids, mask, types] = ['input_ids', 'attention_mask', 'token_type_ids'].map((key) =>
    golden(goldens, `inputs/${batch}/${key}`),
  )
  const [rows = 0, length = 0] = ids?.shape ?? []
  return Array.from({ length: rows }, (_, row) => {
    const of = (tensor: typeof ids) => [...(tensor?.data.subarray(row * length, (row + 1) * length) ?? [])]
    const real = of(mask).filter((value) => value === 1).length
    return { sourceIds: of(ids).slice(0, real), contextStart: of(types).indexOf(1) }
  })
}

async function open(
  { model }: BertCase,
  { trained }: GoldenTrained,
  options: { readonly fusedNorms: boolean; readonly labelSmoothing: number },
): Promise<TrainingSession> {
  const graph = buildTrainingGraph(model, {
    trained,
    dropout: 0,
    loraDropout: 0,
    withGradients: true,
    ...options,
  })
  return openTrainingSession(model, graph, {
    threads: 1,
    provider: 'cpu',
    seed: 1,
    largest: { batch: 3, source: 64, target: 2 },
  })
}

/** The mean over the rows, as the goldens have it. */
function step(
  session: TrainingSession,
  bert: BertCase,
  { parameters }: GoldenTrained,
  name: (typeof batches)[number],
) {
  const batch = bert.batch(name)
  return session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step: 0 })
}

function offBy(actual: number, expected = NaN): number {
  return Math.abs(actual - expected) / Math.abs(expected)
}

/** The L2 error over the length, or over 0.01: keys' biases have no gradient, since a row's softmax cancels them. */
function gradientError(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length)
  const difference = expected.map((value, i) => value - (actual[i] ?? NaN))
  return Math.hypot(...difference) / Math.max(Math.hypot(...expected), 0.01)
}

/** The largest difference over the largest value, as the goldens measure PyTorch's own error. */
function worstOfLargest(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length)
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return (
    expected.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (actual[i] ?? NaN))), 0) / largest
  )
}
