import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../trainer/data/random.ts'
import { generate } from '../../trainer/generate/generate.ts'
import type { SamplingOptions } from '../../trainer/generate/sampling.ts'
import { drawToken, samplingSupport } from '../../trainer/generate/sampling.ts'
import { eosTokenId, HashedDecoder, padTokenId, vocabSize } from './hashed-decoder.ts'

interface Golden {
  readonly logits: readonly number[]
  readonly options: SamplingOptions
  /** The tokens that transformers' warpers leave, with their probabilities. */
  readonly support: Readonly<Record<string, number>>
}

const goldens = JSON.parse(
  readFileSync(new URL('../goldens/generation/warpers.json', import.meta.url), 'utf8'),
) as readonly Golden[]

test('the support and its probabilities equal those of the warpers of transformers', () => {
  expect(goldens.length).toBe(60)
  for (const { logits, options, support } of goldens) {
    const { tokens, weights } = samplingSupport(Float32Array.from(logits), options)
    const sum = weights.reduce((a, b) => a + b, 0)
    expect(tokens.toSorted((a, b) => a - b)).toEqual(Object.keys(support).map(Number))
    for (const [i, token] of tokens.entries())
      expect(Math.abs((weights[i] ?? 0) / sum - (support[token] ?? 0))).toBeLessThan(1e-6)
  }
})

test('top-k and top-p over a large vocabulary equal their definitions by a full sort', () => {
  const random = seededRandom('large', 1)
  const scores = Float32Array.from({ length: 5000 }, () => random() * 20)
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0))
  for (const topK of [1, 50, 511, 512, 4999, 5000, 9000]) {
    const { tokens } = samplingSupport(scores, { temperature: 1, topK, topP: 1 })
    expect(new Set(tokens)).toEqual(new Set(order.slice(0, topK)))
  }
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
  for (const topP of [0.001, 0.3, 0.9, 0.999999]) {
    const { tokens } = samplingSupport(scores, { temperature: 1, topK: 0, topP })
    expect(tokens).toEqual(order.slice(0, tokens.length))
    const mass = (count: number) =>
      order.slice(0, count).reduce((sum, token) => sum + Math.exp(scores[token] ?? 0), 0) / total
    expect(mass(tokens.length)).toBeGreaterThanOrEqual(topP - 1e-12)
    expect(mass(tokens.length - 1)).toBeLessThan(topP)
  }
})

test('draws follow the probabilities (chi-square at 0.001)', () => {
  const random = seededRandom('chi-square', 7)
  const golden = goldens.find(({ support }) => Object.keys(support).length > 15)
  const support = samplingSupport(
    Float32Array.from(golden?.logits ?? []),
    golden?.options ?? goldens[0]?.options ?? none,
  )
  const total = support.weights.reduce((a, b) => a + b, 0)
  const draws = 50_000
  const counts = new Map<number, number>()
  for (let i = 0; i < draws; i++) {
    const token = drawToken(support, random())
    counts.set(token, (counts.get(token) ?? 0) + 1)
  }
  let chiSquare = 0
  let rare = { expected: 0, seen: 0 }
  let cells = 0
  for (const [i, token] of support.tokens.entries()) {
    const expected = (draws * (support.weights[i] ?? 0)) / total
    const seen = counts.get(token) ?? 0
    if (expected < 20) rare = { expected: rare.expected + expected, seen: rare.seen + seen }
    else {
      chiSquare += (seen - expected) ** 2 / expected
      cells++
    }
  }
  if (rare.expected > 0) chiSquare += (rare.seen - rare.expected) ** 2 / rare.expected
  const freedom = cells - (rare.expected > 0 ? 0 : 1)
  // Wilson and Hilferty's approximation of the 0.999 quantile.
  const bound = freedom * (1 - 2 / (9 * freedom) + 3.09 * Math.sqrt(2 / (9 * freedom))) ** 3
  expect(cells).toBeGreaterThan(8)
  expect(chiSquare).toBeLessThan(bound)
})

const none: SamplingOptions = { temperature: 1, topK: 0, topP: 1 }

describe('sampled sequences', () => {
  const sample = (seed: number, examples: number, temperature = 1) =>
    generate(new HashedDecoder({ seed: 9, examples }), {
      eosTokenId,
      padTokenId,
      maxNewTokens: 12,
      doSample: true,
      topK: vocabSize,
      temperature,
      seed,
    })

  test('follow from the seed, whatever else is in the batch', async () => {
    const first = await sample(1, 6)
    expect(await sample(1, 6)).toEqual(first)
    expect(await sample(1, 2)).toEqual(first.slice(0, 2))
    expect(await sample(2, 6)).not.toEqual(first)
  })

  test('are the greedy ones at a temperature near 0', async () => {
    const greedy = await generate(new HashedDecoder({ seed: 9, examples: 6 }), {
      eosTokenId,
      padTokenId,
      maxNewTokens: 12,
    })
    expect(await sample(3, 6, 1e-6)).toEqual(greedy)
    expect(await sample(3, 6, 3)).not.toEqual(greedy)
  })
})
