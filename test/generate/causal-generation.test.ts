import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAnsweringGraph } from '../../trainer/generate/answering-graph.ts'
import type { AnsweringGraph } from '../../trainer/generate/answering-graph.ts'
import { openAnsweringSession, requireGenerative } from '../../trainer/generate/answering-session.ts'
import type { GenerativeSession } from '../../trainer/generate/answering-session.ts'
import { CausalDecoder } from '../../trainer/generate/causal-decoder.ts'
import { generate } from '../../trainer/generate/generate.ts'
import type { GenerateOptions } from '../../trainer/generate/options.ts'
import { relativeError } from '../support/goldens.ts'
import { openGptNeoCase } from '../support/gpt-neo-goldens.ts'
import type { GptNeoCase, GptNeoVariant } from '../support/gpt-neo-goldens.ts'

let gptNeo: GptNeoCase
let session: GenerativeSession
beforeAll(async () => {
  gptNeo = await openGptNeoCase()
  session = requireGenerative(
    await openAnsweringSession(gptNeo.model, {
      adaptable: [...gptNeo.architecture.linears.keys()],
      threads: 1,
      provider: 'cpu',
      fusedNorms: true,
    }),
  )
})
afterAll(() => session.dispose())

/** A golden variant's options under our names. */
function optionsOf({ options }: GptNeoVariant): GenerateOptions & { readonly numBeams: number } {
  const { eosTokenId, padTokenId } = gptNeo.architecture.config
  return {
    eosTokenId,
    padTokenId,
    maxNewTokens: gptNeo.facts.maxNewTokens,
    numBeams: Number(options['num_beams'] ?? 1),
    lengthPenalty: Number(options['length_penalty'] ?? 1),
    earlyStopping: options['early_stopping'] === true,
    noRepeatNgramSize: Number(options['no_repeat_ngram_size'] ?? 0),
    repetitionPenalty: Number(options['repetition_penalty'] ?? 1),
  }
}

describe.each(['base', 'adapter-all-linear'] as const)('%s generates what transformers does', (label) => {
  const adapterOf = () => (label === 'base' ? null : gptNeo.adapters[label])
  const variants = [
    'greedy',
    'greedy-ngram2',
    'greedy-repetition1.3',
    'beam4',
    'beam4-early',
    'beam4-penalty0.6',
    'beam4-ngram2',
    'beam4-repetition1.3',
  ]

  test('every variant is tested', () => {
    expect(Object.keys(gptNeo.facts.generation[label] ?? {}).sort()).toEqual(variants.toSorted())
  })

  test.each(variants)('%s, prompts of like and of different length, at once and one by one', async (name) => {
    const variant = gptNeo.facts.generation[label]?.[name]
    if (!variant) throw new Error(`There is no variant ${name}.`)
    const { eosTokenId } = gptNeo.architecture.config
    for (const batch of ['even', 'uneven'] as const) {
      const options = optionsOf(variant)
      const prompts = gptNeo.prompts(batch)
      const expected = variant[batch]
      const run = async (given: readonly (readonly number[])[]) =>
        generate(await session.start(given, { adapter: adapterOf(), beams: options.numBeams }), options)
      const together = await run(prompts)
      for (const [row, { ids, finished, beamScore }] of together.entries()) {
        expect(finished ? [...ids, eosTokenId] : ids, `${batch} ${row}`).toEqual(expected.ids[row])
        if (expected.scores) expect(beamScore).toBeCloseTo(expected.scores[row] ?? NaN, 4)
        const [alone] = await run(prompts.slice(row, row + 1))
        expect(alone?.ids).toEqual(ids)
      }
    }
  })
})

test('a stop ends a row and leaves the others', async () => {
  const { eosTokenId, padTokenId } = gptNeo.architecture.config
  const prompts = gptNeo.prompts('uneven')
  const options = { eosTokenId, padTokenId, maxNewTokens: 12 }
  const start = (beams: number) => session.start(prompts, { adapter: null, beams })
  const free = await generate(await start(1), options)
  const [, second, third] = free
  expect(second?.ids.slice(0, 3)).toEqual([12, 12, 12])
  expect(third?.ids[0]).toBe(56)
  const stopped = await generate(await start(1), {
    ...options,
    endsAt: (generated) => generated.join(' ').includes('12 12 12'),
  })
  expect(stopped[0]).toEqual(free[0])
  expect(stopped[1]).toMatchObject({ ids: [12, 12, 12], finished: true })
  expect(stopped[2]).toEqual(third)
  const searched = await generate(await start(4), {
    ...options,
    numBeams: 4,
    endsAt: (generated) => generated.length === 2,
  })
  expect(searched.map(({ ids, finished }) => ids.length <= 2 && finished)).toEqual([true, true, true])
})

test('long prompts are read in pieces, with the same outcome', async () => {
  const { model, architecture } = gptNeo
  const [text = []] = gptNeo.prompts('text')
  const options = { eosTokenId: 95, padTokenId: 95, maxNewTokens: 8, numBeams: 2 }
  const prompts = Array.from({ length: 3 }, (_, i) => text.slice(0, 40 - 7 * i))
  const graph = await openAnsweringGraph(model, (context) => architecture.step(context), {
    adaptable: [],
    threads: 1,
    provider: 'cpu',
    fusedNorms: true,
  })
  let runs = 0
  const counted: AnsweringGraph = {
    run: (feeds) => {
      runs++
      return graph.run(feeds)
    },
    dispose: () => graph.dispose(),
  }
  const decoder = (scoresAtATime: number) =>
    new CausalDecoder(counted, architecture.config, { prompts, constants: {}, beams: 2, scoresAtATime })
  const inPieces = decoder(3 * 2 * 40 * 7)
  const whole = decoder(1e6)
  const [first, wholeFirst] = [await inPieces.step([]), await whole.step([])]
  expect(runs).toBe(Math.ceil(40 / 7) + 1)
  expect(relativeError(first, wholeFirst)).toBeLessThan(1e-5)
  const [a, b] = [await generate(decoder(1e6), options), await generate(decoder(3 * 2 * 40 * 3), options)]
  expect(b.map(({ ids }) => ids)).toEqual(a.map(({ ids }) => ids))
  await graph.dispose()
})

test('a prompt beyond the positions of the model is refused, an empty one continues from the end token', async () => {
  const options = { adapter: null, beams: 1 }
  await expect(async () =>
    session.start([Array.from({ length: 65 }, () => 3)], options),
  ).rejects.toMatchObject({ code: 'setting_invalid', details: { tokens: 65, maxLength: 64 } })
  expect((await session.start([[]], options)).prompts).toEqual([[95]])
})

test('sampling is a function of the seed', async () => {
  const prompts = gptNeo.prompts('uneven')
  const draw = async (seed: number) =>
    generate(await session.start(prompts, { adapter: null, beams: 1 }), {
      eosTokenId: 95,
      padTokenId: 95,
      maxNewTokens: 12,
      doSample: true,
      temperature: 2,
      seed,
    })
  expect(await draw(1)).toEqual(await draw(1))
  expect(await draw(1)).not.toEqual(await draw(2))
})
