import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { paddedFeeds } from '../support/padded-batch.ts'
import { adapterTrained } from '../../trainer/lora/trained.ts'
import { buildTrainingGraph, openTrainingSession } from '../../trainer/training-session.ts'
import type { TrainingSession } from '../../trainer/training-session.ts'
import { golden, relativeError } from '../support/goldens.ts'
import {
  adapterNames,
  logitsOf,
  lowRankGradients,
  openT5Case,
  parametersOf,
  t5Names,
  wholeModel,
} from '../support/t5-goldens.ts'
import type { T5Case } from '../support/t5-goldens.ts'

const largest = { batch: 3, source: 150, target: 10 }

describe.each(t5Names)('%s equals transformers', (name) => {
  let t5: T5Case
  beforeAll(async () => {
    t5 = await openT5Case(name)
  })

  describe.each([true, false])('fused norms: %s', (fusedNorms) => {
    test.each(['base', ...adapterNames] as const)('logits of %s', async (label) => {
      const adapter = label === 'base' ? null : t5.adapters[label]
      for (const batch of ['main', 'long'])
        for (const merged of adapter ? [true, false] : [true]) {
          const logits = await logitsOf(t5.model, t5.batch(batch), { adapter, fusedNorms, merged })
          expect(worstOfLargest(logits, golden(t5.goldens, `logits/${label}/${batch}`).data)).toBeLessThan(
            1e-5,
          )
        }
    })

    describe.each([...adapterNames, 'full'] as const)('training graph of %s', (trained) => {
      describe.each(trained === 'adapter-qv' ? [0, 0.1] : [0])('label smoothing %f', (labelSmoothing) => {
        let session: TrainingSession
        beforeAll(async () => {
          const graph = buildTrainingGraph(t5.model, {
            trained: trained === 'full' ? wholeModel(t5.model) : adapterTrained(t5.adapters[trained]),
            labelSmoothing,
            dropout: 0,
            loraDropout: 0,
            fusedNorms,
            withGradients: true,
            // Short targets are attended without projecting the source (see `absorbedAttention`).
            targetLength: fusedNorms ? 1 : Infinity,
          })
          session = await openTrainingSession(t5.model, graph, {
            threads: 1,
            provider: 'cpu',
            seed: 1,
            largest,
          })
        })
        afterAll(() => session.dispose())

        test.each(['main', 'long'])('loss and every gradient of batch %s', async (name) => {
          const batch = t5.batch(name)
          const parameters = await parametersOf(t5, trained === 'full' ? null : t5.adapters[trained])
          const { loss, gradients } = await session.gradients(parameters, paddedFeeds(batch), {
            lossScale: 1 / batch.labels.length,
            step: 0,
          })
          const kind = labelSmoothing > 0 ? 'smoothed-' : ''
          const label = trained === 'full' ? 'base' : trained
          const expected = t5.facts.losses[`${kind}loss/${label}/${name}`] ?? NaN
          expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-6)
          const prefix = `${kind}grad/${trained}/${name}/`
          const names = [...t5.goldens.keys()].filter((key) => key.startsWith(prefix))
          expect([...gradients.keys()].map((key) => prefix + key).sort()).toEqual(names.sort())
          for (const [key, gradient] of gradients)
            expect(relativeError(gradient, golden(t5.goldens, prefix + key).data), key).toBeLessThan(1e-4)
        })
      })
    })
  })

  test.each(adapterNames)('gradients of %s as two thin products', async (name) => {
    const adapter = t5.adapters[name]
    for (const batch of ['main', 'long']) {
      const { loss, gradients } = await lowRankGradients(t5.model, t5.batch(batch), adapter)
      const expected = t5.facts.losses[`loss/${name}/${batch}`] ?? NaN
      expect(Math.abs(loss - expected) / expected).toBeLessThan(1e-6)
      expect(gradients.size).toBe(2 * adapter.targets.length)
      for (const [key, gradient] of gradients) {
        const { data } = golden(t5.goldens, `grad/${name}/${batch}/${key}`)
        expect(relativeError(gradient, data), key).toBeLessThan(1e-4)
      }
    }
  })

  test('the goldens adapt the layers that we would choose', () => {
    for (const [adapter, targetModules] of [
      ['adapter-qv', ['q', 'v']],
      ['adapter-all-linear', 'all-linear'],
    ] as const) {
      const { targets } = t5.adapters[adapter]
      const [{ rank, scale } = { rank: 0, scale: 0 }] = targets
      const chosen = chooseTargets(t5.model.architecture.linears, {
        rank,
        alpha: scale * rank,
        rankStabilized: false,
        targetModules,
        layersToTransform: null,
      })
      expect(byPath(targets)).toEqual(byPath(chosen))
    }
  })

  test('rows do not see each other, nor padding', async () => {
    const whole = t5.batch('main')
    const { batch, sourceLength, targetLength } = whole
    const all = await logitsOf(t5.model, whole, { adapter: null, fusedNorms: true, merged: true })
    const vocabulary = all.length / (batch * targetLength)
    for (let row = 0; row < batch; row++) {
      const mask = whole.attentionMask.slice(row * sourceLength, (row + 1) * sourceLength)
      const length = mask.reduce((a, b) => a + b, 0)
      const single = await logitsOf(
        t5.model,
        {
          ...whole,
          inputIds: whole.inputIds.slice(row * sourceLength, row * sourceLength + length),
          attentionMask: mask.slice(0, length),
          decoderInputIds: whole.decoderInputIds.slice(row * targetLength, (row + 1) * targetLength),
          batch: 1,
          sourceLength: length,
        },
        { adapter: null, fusedNorms: true, merged: true },
      )
      const expected = all.subarray(row * targetLength * vocabulary, (row + 1) * targetLength * vocabulary)
      expect(relativeError(single, expected)).toBeLessThan(1e-5)
    }
  })
})

function byPath<T extends { readonly path: string }>(targets: readonly T[]): T[] {
  return targets.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

/** The largest difference over the largest value, as the goldens measure PyTorch's own error. */
function worstOfLargest(actual: Float32Array, expected: Float32Array): number {
  expect(actual).toHaveLength(expected.length)
  let [difference, largest] = [0, 0]
  expected.forEach((value, i) => {
    difference = Math.max(difference, Math.abs((actual[i] ?? NaN) - value))
    largest = Math.max(largest, Math.abs(value))
  })
  return difference / largest
}
