import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { PaddedBatch } from '../support/padded-batch.ts'
import { openAnsweringSession, requireGenerative } from '../../trainer/generate/answering-session.ts'
import type { GenerativeSession } from '../../trainer/generate/answering-session.ts'
import { generate } from '../../trainer/generate/generate.ts'
import { initializeLora } from '../../trainer/lora/initialize.ts'
import type { Adapter } from '../../trainer/lora/peft-adapter.ts'
import { chooseTargets } from '../../trainer/lora/targets.ts'
import { generateOptions, openT5Case, t5Names } from '../support/t5-goldens.ts'
import type { T5Case } from '../support/t5-goldens.ts'

const greedy = { eosTokenId: 1, padTokenId: 0, maxNewTokens: 12 }

function promptsOf({ inputIds, attentionMask, batch, sourceLength }: PaddedBatch): number[][] {
  return Array.from({ length: batch }, (_, row) =>
    [...inputIds.subarray(row * sourceLength, (row + 1) * sourceLength)]
      .map(Number)
      .filter((_, i) => attentionMask[row * sourceLength + i] === 1),
  )
}

/** Golden ids stop at EOS and keep padding tokens that were generated before it; ours leave both out. */
const plain = (ids: readonly number[]) => ids.filter((id) => id > 1)

describe.each(t5Names)('%s answers as transformers does', (name) => {
  let t5: T5Case
  let adaptable: GenerativeSession
  let bare: GenerativeSession
  beforeAll(async () => {
    t5 = await openT5Case(name)
    const open = async (paths: readonly string[], fusedNorms: boolean) =>
      requireGenerative(
        await openAnsweringSession(t5.model, { adaptable: paths, threads: 1, provider: 'cpu', fusedNorms }),
      )
    adaptable = await open([...t5.model.architecture.linears.keys()], true)
    bare = await open([], false)
  })
  afterAll(async () => {
    await adaptable.dispose()
    await bare.dispose()
  })
  const answer = async (
    session: GenerativeSession,
    prompts: readonly (readonly number[])[],
    adapter: Adapter | null,
    options: Parameters<typeof generate>[1] = greedy,
  ) => generate(await session.start(prompts, { adapter, beams: options.numBeams ?? 1 }), options)

  test.each(['base', 'adapter-all-linear'] as const)('every golden variant of %s', async (label) => {
    const adapter = label === 'base' ? null : t5.adapters[label]
    const variants = Object.entries(t5.facts.generation[label] ?? {})
    expect(variants.length).toBeGreaterThanOrEqual(8)
    for (const [variant, golden] of variants)
      for (const batch of ['main', 'long'] as const) {
        const options = generateOptions(t5.facts, golden)
        const results = await answer(adaptable, promptsOf(t5.batch(batch)), adapter, options)
        const place = `${variant}, ${batch}`
        expect(
          results.map(({ ids }) => ids),
          place,
        ).toEqual(golden[batch].ids.map(plain))
        expect(
          results.map(({ finished }) => finished),
          place,
        ).toEqual(golden[batch].ids.map((ids) => ids.at(-1) === 1))
        for (const [row, score] of (golden[batch].scores ?? []).entries())
          expect(Math.abs((results[row]?.beamScore ?? NaN) - score), place).toBeLessThan(2e-5)
        if (label === 'base') {
          const plainly = await answer(bare, promptsOf(t5.batch(batch)), null, options)
          expect(plainly.map(({ ids }) => ids)).toEqual(results.map(({ ids }) => ids))
        }
      }
  })

  test('without an adapter an adaptable session gives the base logits, bit for bit', async () => {
    const prompts = promptsOf(t5.batch('main'))
    const steps = async (session: GenerativeSession) => {
      const decoder = await session.start(prompts, { adapter: null, beams: 1 })
      return [(await decoder.step([0, 0, 0])).slice(), (await decoder.step([5, 6, 7])).slice()]
    }
    const fused = requireGenerative(
      await openAnsweringSession(t5.model, {
        adaptable: [],
        threads: 1,
        provider: 'cpu',
        fusedNorms: true,
      }),
    )
    expect(await steps(adaptable)).toEqual(await steps(fused))
    await fused.dispose()
  })

  test('a batch equals its prompts one by one, greedily and with beams', async () => {
    const prompts = promptsOf(t5.batch('main'))
    const adapter = t5.adapters['adapter-all-linear']
    for (const options of [greedy, { ...greedy, numBeams: 4 }]) {
      const together = await answer(adaptable, prompts, adapter, options)
      for (const [row, prompt] of prompts.entries()) {
        const [single] = await answer(adaptable, [prompt], adapter, options)
        expect(single?.ids).toEqual(together[row]?.ids)
        expect(single?.score).toBeCloseTo(together[row]?.score ?? NaN, 4)
      }
    }
  })

  test('adapters of different ranks and layers take turns in one session', async () => {
    const prompts = promptsOf(t5.batch('main'))
    const options = { rank: 9, alpha: 90, rankStabilized: false, layersToTransform: null }
    const targets = chooseTargets(t5.model.architecture.linears, { ...options, targetModules: ['k', 'wo'] })
    const drawn = initializeLora(targets, 3)
    const parameters = new Map(
      [...drawn].map(([name, { shape, data }]) => [
        name,
        { shape, data: data.map((value, i) => value || Math.sin(i)) },
      ]),
    )
    const wide: Adapter = { targets, parameters, savedModules: [], notes: [] }
    const own = requireGenerative(
      await openAnsweringSession(t5.model, {
        adaptable: targets.map(({ path }) => path),
        threads: 1,
        provider: 'cpu',
        fusedNorms: true,
      }),
    )
    const ids = async (session: GenerativeSession, adapter: Adapter | null) =>
      (await answer(session, prompts, adapter)).map((result) => result.ids)
    const alone = await ids(own, wide)
    const narrow = t5.facts.generation['adapter-all-linear']?.['greedy']?.main.ids.map(plain)
    const base = await ids(bare, null)
    expect(await ids(adaptable, wide)).toEqual(alone)
    expect(await ids(adaptable, t5.adapters['adapter-all-linear'])).toEqual(narrow)
    expect(await ids(adaptable, null)).toEqual(base)
    expect(await ids(adaptable, wide)).toEqual(alone)
    expect(alone).not.toEqual(base)
    await expect(own.start(prompts, { adapter: t5.adapters['adapter-qv'], beams: 1 })).rejects.toThrow(
      'The session was not opened for adapters on',
    )
    await own.dispose()
  })
})

test('a layer that the model lacks cannot be made adaptable', async () => {
  const { model } = await openT5Case('t5-flan')
  await expect(
    openAnsweringSession(model, { adaptable: ['lm_head'], threads: 1, provider: 'cpu', fusedNorms: true }),
  ).rejects.toThrow('The model has no linear layer lm_head.')
})
