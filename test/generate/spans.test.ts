import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { likelySpans, rankSpans } from '../../trainer/generate/spans.ts'
import { bestThreshold } from '../../trainer/metrics/best-threshold.ts'
import type { ThresholdCase } from '../../trainer/metrics/best-threshold.ts'
import { goldensFolder } from '../support/goldens.ts'

interface SpanGoldens {
  readonly nBest: number
  readonly maxAnswerLength: number
  readonly spans: readonly {
    readonly context: string
    readonly contextStart: number
    readonly windows: readonly {
      readonly firstToken: number
      readonly endToken: number
      readonly start: readonly number[]
      readonly end: readonly number[]
    }[]
    readonly noAnswer: readonly (readonly [text: string, probability: number])[]
    readonly always: readonly (readonly [text: string, probability: number])[]
    readonly noAnswerScore: number
  }[]
  readonly thresholds: readonly {
    readonly cases: readonly ThresholdCase[]
    readonly threshold: number
    readonly best: number
  }[]
}

const goldens = JSON.parse(await readFile(join(goldensFolder, 'spans.json'), 'utf8')) as SpanGoldens
const { nBest, maxAnswerLength } = goldens

describe.each(goldens.spans.map((golden, i) => ({ golden, i })))(
  'spans as run_squad, case $i',
  ({ golden }) => {
    const { context, contextStart } = golden
    const tokens = [...context.matchAll(/\S+/g)].map(({ 0: word, index }) => ({
      id: 0,
      start: index,
      end: index + word.length,
    }))
    const windows = golden.windows.map((window) => ({ ...window, contextStart, sourceIds: [] }))
    const ranked = rankSpans({ windows, tokens, questionCut: false }, golden.windows, context, {
      nBest,
      maxAnswerLength,
    })

    test('the best with their probabilities', () => {
      const { spans, noAnswer } = likelySpans(ranked, { nBest, noAnswer: false })
      expect(spans.map(({ text }) => text)).toEqual(golden.always.map(([text]) => text))
      for (const [i, { probability }] of spans.entries())
        expect(probability).toBeCloseTo(golden.always[i]?.[1] ?? NaN, 10)
      expect(noAnswer).toBe(0)
    })

    test('the best beside there being none', () => {
      const { spans, noAnswer } = likelySpans(ranked, { nBest, noAnswer: true })
      const expected = golden.noAnswer.filter(([text]) => text !== '')
      expect(spans.map(({ text }) => text)).toEqual(expected.map(([text]) => text))
      for (const [i, { probability }] of spans.entries())
        expect(probability).toBeCloseTo(expected[i]?.[1] ?? NaN, 10)
      expect(noAnswer).toBeCloseTo(golden.noAnswer.find(([text]) => text === '')?.[1] ?? NaN, 10)
      expect(ranked.nullScore - (spans[0]?.score ?? NaN)).toBeCloseTo(golden.noAnswerScore, 10)
    })

    test('each is the text at its place', () => {
      for (const { text, start, end } of ranked.spans) expect(context.slice(start, end)).toBe(text)
    })
  },
)

test('a context without tokens has no spans', () => {
  const window = { sourceIds: [2, 9, 3, 3], contextStart: 3, firstToken: 0, endToken: 0 }
  const ranked = rankSpans(
    { windows: [window], tokens: [], questionCut: false },
    [{ start: [1, 2, 3, 4], end: [0.5, 2, 3, 4] }],
    '',
    { nBest: 20, maxAnswerLength: 30 },
  )
  expect(ranked).toEqual({ spans: [], nullScore: 1.5 })
  expect(likelySpans(ranked, { nBest: 20, noAnswer: true })).toEqual({ spans: [], noAnswer: 1 })
})

describe('the best threshold', () => {
  test.each(goldens.thresholds)('has the best F1 of the official scorer', ({ cases, threshold, best }) => {
    const found = bestThreshold(cases)
    const f1 = cases.reduce(
      (sum, { noAnswerScore, answered, refused }) => sum + (noAnswerScore > found ? refused : answered),
      0,
    )
    expect((100 * f1) / cases.length).toBeCloseTo(best, 10)
    const between = cases.filter(({ noAnswerScore }) => noAnswerScore > threshold && noAnswerScore <= found)
    expect(found).toBeGreaterThan(threshold)
    expect(between).toEqual([])
  })

  test('lies below all scores where it is best to refuse everything', () => {
    expect(
      bestThreshold([
        { noAnswerScore: 2, answered: 0, refused: 1 },
        { noAnswerScore: -3, answered: 0.5, refused: 1 },
      ]),
    ).toBe(-4)
  })

  test('equal scores fall on the same side', () => {
    expect(
      bestThreshold([
        { noAnswerScore: 0, answered: 1, refused: 0 },
        { noAnswerScore: 1, answered: 1, refused: 0 },
        { noAnswerScore: 1, answered: 0, refused: 1 },
        { noAnswerScore: 1, answered: 0, refused: 1 },
        { noAnswerScore: 3, answered: 0, refused: 1 },
      ]),
    ).toBe(0.5)
  })
})
