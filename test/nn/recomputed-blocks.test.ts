import { beforeAll, describe, expect, test } from 'vitest'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { peakBytes } from '../../trainer/graph/liveness.ts'
import type { FeedBatch } from '../../trainer/kinds/kind.ts'
import { causalKind } from '../../trainer/kinds/causal.ts'
import { adapterTrained, chooseTrained } from '../../trainer/lora/trained.ts'
import type { Trained } from '../../trainer/lora/trained.ts'
import { seq2seqKind } from '../../trainer/kinds/seq2seq.ts'
import type { Model } from '../../trainer/models/registry.ts'
import { parseT5Config } from '../../trainer/models/t5-config.ts'
import { t5 } from '../../trainer/models/t5.ts'
import type { RecomputedPart } from '../../trainer/nn/recomputed-blocks.ts'
import { parseSettings } from '../../trainer/settings.ts'
import { weight } from '../../trainer/graph/tensor.ts'
import { flanT5Small } from '../support/random-model.ts'
import {
  buildTrainingGraph,
  lowerTrainingGraph,
  openTrainingSession,
} from '../../trainer/training-session.ts'
import { openBertCase } from '../support/bert-goldens.ts'
import { openGptNeoCase } from '../support/gpt-neo-goldens.ts'
import { paddedFeeds } from '../support/padded-batch.ts'
import { openT5Case, parametersOf, wholeModel } from '../support/t5-goldens.ts'

interface Training {
  readonly model: Model
  readonly trained: Trained
  readonly parameters: ReadonlyMap<string, NamedTensor>
  readonly batch: FeedBatch
  readonly dropout: { readonly dropout: number; readonly loraDropout: number }
}

const largest = { batch: 4, source: 150, target: 40 }
const none = { dropout: 0, loraDropout: 0 }
const everywhere = { dropout: 0.2, loraDropout: 0.1 }

const trainings: Readonly<Record<string, () => Promise<Training>>> = {
  'a T5, all linear layers': async () => {
    const t5 = await openT5Case('t5-flan')
    const { parameters, ...adapter } = t5.adapters['adapter-all-linear']
    const batch = paddedFeeds(t5.batch('main'))
    const trained = adapterTrained({ parameters, ...adapter })
    return { model: t5.model, trained, parameters, batch, dropout: none }
  },
  'a T5, every weight': async () => {
    const t5 = await openT5Case('t5-v1.0')
    const batch = paddedFeeds(t5.batch('main'))
    const parameters = await parametersOf(t5, null)
    return { model: t5.model, trained: wholeModel(t5.model), parameters, batch, dropout: everywhere }
  },
  'a GPT-Neo, all linear layers': async () => {
    const { model, architecture, adapters, items } = await openGptNeoCase()
    const adapter = adapters['adapter-all-linear']
    const rows = items('prompt').map((item, exampleIndex) => ({ ...item, exampleIndex }))
    const batch = causalKind(architecture).collate(rows)
    const { parameters } = adapter
    return { model, trained: adapterTrained(adapter), parameters, batch, dropout: everywhere }
  },
  'a BERT, q and v': async () => {
    const bert = await openBertCase('bert')
    const given = await bert.variant('adapter-qv')
    return { model: bert.model, ...given, batch: bert.batch('main'), dropout: everywhere }
  },
}

describe.each(Object.keys(trainings))('%s', (name) => {
  let training: Training
  beforeAll(async () => {
    const open = trainings[name]
    if (!open) throw new Error(`There is no training ${name}.`)
    training = await open()
  })

  test('gradients are those of a network that keeps everything, with the same dropout', async () => {
    const gradientsOf = async (gradientCheckpointing: RecomputedPart | 'none') => {
      const { model, trained, parameters, batch } = training
      const graph = buildTrainingGraph(model, {
        trained,
        labelSmoothing: 0.1,
        ...training.dropout,
        fusedNorms: true,
        withGradients: true,
        gradientCheckpointing,
      })
      const session = await openTrainingSession(model, graph, {
        threads: 1,
        provider: 'cpu',
        seed: 1,
        largest,
      })
      const result = await session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step: 3 })
      await session.dispose()
      return result
    }
    const expected = await gradientsOf('none')
    for (const part of ['selective', 'blocks'] as const) {
      const { loss, gradients } = await gradientsOf(part)
      expect(Math.abs(loss / expected.loss - 1)).toBeLessThan(1e-6)
      expect([...gradients.keys()]).toEqual([...expected.gradients.keys()])
      for (const [leaf, gradient] of gradients)
        expect(distance(gradient, expected.gradients.get(leaf) ?? []), `${part} ${leaf}`).toBeLessThan(2e-6)
    }
  })
})

test('less is alive at once in a Flan-T5-small, and least where whole blocks are computed again', () => {
  const architecture = t5(parseT5Config(flanT5Small, 'config.json', new Set()))
  const settings = parseSettings({ targetModules: 'q,v'.split(','), dropout: 0 })
  const parameters = (name: string) =>
    weight(name, 'float32', architecture.parameters.get(name) ?? [], { file: '', offset: 0, length: 0 })
  const peakOf = (gradientCheckpointing: RecomputedPart | 'none') => {
    const { lowered } = lowerTrainingGraph(
      { architecture, frozen: { folder: '', parameters, narrow: false } },
      {
        trained: chooseTrained(architecture, settings),
        labelSmoothing: 0,
        dropout: 0,
        loraDropout: 0,
        fusedNorms: true,
        withGradients: true,
        gradientCheckpointing,
      },
    )
    const sizes = seq2seqKind(architecture).sizesOf({ batch: 8, source: 256, target: 16 })
    return peakBytes(lowered, { ...sizes, labels: 128 }) / 2 ** 20
  }
  const whole = peakOf('none')
  // 1087 MB of a process were resident at most, of which 293 are weights and about 160 the program.
  expect(whole).toBeGreaterThan(500)
  expect(whole).toBeLessThan(750)
  expect(peakOf('selective')).toBeLessThan(0.75 * whole)
  expect(peakOf('blocks')).toBeLessThan(0.35 * whole)
})

/** The length of the difference as a fraction of the length of what is expected. */
function distance(actual: Float32Array, expected: ArrayLike<number>): number {
  const difference = Math.hypot(...actual.map((value, i) => value - (expected[i] ?? 0)))
  return difference === 0 ? 0 : difference / Math.hypot(...Array.from(expected))
}
