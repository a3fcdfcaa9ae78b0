import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { generate } from '../../trainer/generate/generate.ts'
import type { GenerateOptions } from '../../trainer/generate/options.ts'
import { eosTokenId, HashedDecoder, padTokenId } from './hashed-decoder.ts'

interface Golden {
  readonly seed: number
  readonly examples: number
  readonly sharpness: number
  readonly options: Pick<GenerateOptions, 'maxNewTokens' | 'numBeams'> & Partial<GenerateOptions>
  readonly sequences: readonly {
    readonly tokens: readonly number[]
    readonly logProbability: number
    readonly beamScore: number | null
  }[]
}

const goldens = JSON.parse(
  readFileSync(new URL('../goldens/generation/decoding.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Golden[] }

const special = { eosTokenId, padTokenId }
const decoderOf = ({ seed, examples, sharpness, options }: Golden) =>
  new HashedDecoder({ seed, examples, sharpness, numBeams: options.numBeams ?? 1 })

describe('greedy and beam search equal transformers', () => {
  const bySettings = Map.groupBy(goldens.cases, (golden) => JSON.stringify(golden.options))
  test('there are goldens', () => {
    expect(goldens.cases.length).toBe(436)
  })
  test.each([...bySettings])('%s', async (_, cases) => {
    for (const golden of cases) {
      const sequences = await generate(decoderOf(golden), { ...special, ...golden.options })
      const expected = golden.sequences.map(({ tokens }) => tokens)
      expect(sequences.map(({ ids }) => ids)).toEqual(
        expected.map((tokens) => tokens.filter((token) => token !== eosTokenId && token !== padTokenId)),
      )
      for (const [i, sequence] of sequences.entries()) {
        const { tokens = [], logProbability = 0, beamScore = null } = golden.sequences[i] ?? {}
        expect(sequence.finished).toBe(tokens.at(-1) === eosTokenId)
        expect(Math.abs(sequence.score - logProbability)).toBeLessThan(1e-8)
        expect(sequence.meanLogProbability).toBeCloseTo(logProbability / tokens.length, 8)
        // transformers adds up in 32 bits: up to 1e-6 a token, divided by the same power of the length.
        const tolerance = 1e-6 * tokens.length ** (1 - (golden.options.lengthPenalty ?? 1))
        if (beamScore === null) expect(sequence.beamScore).toBeNull()
        else expect(Math.abs((sequence.beamScore ?? 0) - beamScore)).toBeLessThan(tolerance)
      }
    }
  })
})

describe('work and order', () => {
  test('finished rows leave the batch in greedy decoding', async () => {
    const decoder = new HashedDecoder({ seed: 3, examples: 6 })
    const sequences = await generate(decoder, { ...special, maxNewTokens: 12 })
    const lengths = sequences.map(({ score, meanLogProbability }) => Math.round(score / meanLogProbability))
    const running = decoder.rowsPerStep.map((_, step) => lengths.filter((length) => length > step).length)
    expect(decoder.rowsPerStep).toEqual(running)
    expect(new Set(running).size).toBeGreaterThan(2)
  })

  test.each([false, true, 'never'] as const)(
    'a batch of beams equals its examples, early stopping %s',
    async (stop) => {
      const options = { ...special, maxNewTokens: 12, numBeams: 3, earlyStopping: stop, noRepeatNgramSize: 3 }
      const decoder = new HashedDecoder({ seed: 11, examples: 5, numBeams: 3 })
      const together = await generate(decoder, options)
      // The first examples of smaller batches are the same examples.
      for (let examples = 1; examples < 5; examples++) {
        const fewer = await generate(new HashedDecoder({ seed: 11, examples, numBeams: 3 }), options)
        expect(fewer).toEqual(together.slice(0, examples))
      }
      expect(decoder.rowsPerStep[0]).toBe(15)
      expect(decoder.rowsPerStep.at(-1)).toBeLessThan(15)
    },
  )

  test.each([1, 2])('tokens are streamed in order with %i beams', async (numBeams) => {
    const streamed: number[][] = [[], [], []]
    const sequences = await generate(new HashedDecoder({ seed: 5, examples: 3, numBeams }), {
      ...special,
      maxNewTokens: 12,
      numBeams,
      onToken: (row, token) => streamed[row]?.push(token),
    })
    expect(streamed).toEqual(sequences.map(({ ids }) => ids))
    expect(streamed.flat().length).toBeGreaterThan(5)
  })

  test('a decoder without rows gives no sequences', async () => {
    const none = await generate(new HashedDecoder({ seed: 1, examples: 0 }), { ...special, maxNewTokens: 3 })
    expect(none).toEqual([])
  })
})
