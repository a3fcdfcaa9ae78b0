import { describe, expect, test } from 'vitest'
import { seededRandom } from '../../../trainer/data/random.ts'
import { packColumn } from '../../../trainer/metrics/aggregate.ts'
import { bootstrapPairs } from '../../../main/evaluations/bootstrap.ts'
import type { BootstrapOptions, ColumnPair } from '../../../main/evaluations/bootstrap.ts'
import { scoreTiles } from '../../../main/evaluations/score-tiles.ts'
import type { QuestionScore } from '../../../main/evaluations/score-tiles.ts'

/** A metric that is these values before, and zero after. */
const column = (values: readonly number[]): readonly ColumnPair[] => [
  {
    before: packColumn(
      'f1',
      values.map((value) => [value]),
    ),
    after: packColumn(
      'f1',
      values.map(() => [0]),
    ),
  },
]

/** The one metric of figures with one. */
async function bootstrapOne(figures: readonly ColumnPair[], options: BootstrapOptions = {}) {
  const [only] = await bootstrapPairs(figures, options)
  if (!only) throw new Error('No metric was given.')
  return only
}

/** 0 and 100 in the share `p`. */
const proportion = (count: number, p: number) =>
  column(Array.from({ length: count }, (_, i) => (i < p * count ? 100 : 0)))

const question = (base: number, tuned: number): QuestionScore => ({
  task: 'question-answering',
  statistics: null,
  base_right: base,
  tuned_right: tuned,
  base_f1: 100 * base,
  tuned_f1: 100 * tuned,
})
const many = (count: number, base: number, tuned: number) =>
  Array.from({ length: count }, () => question(base, tuned))

describe('the bootstrap', () => {
  test.each([
    [400, 0.3],
    [1000, 0.5],
    [2500, 0.9],
  ])('gives the normal interval of a proportion over %i questions at %f', async (count, p) => {
    const { before: interval, difference } = await bootstrapOne(proportion(count, p))
    const half = 100 * 1.959964 * Math.sqrt((p * (1 - p)) / count)
    expect(interval.value).toBeCloseTo(100 * p, 10)
    expect(difference.value).toBeCloseTo(-interval.value, 10)
    expect(difference.low).toBeCloseTo(-interval.high, 8)
    // A quantile of 1,000 resamples is itself uncertain: about 4 % of the half width at one deviation.
    expect(Math.abs(interval.low - (100 * p - half))).toBeLessThan(0.15 * half)
    expect(Math.abs(interval.high - (100 * p + half))).toBeLessThan(0.15 * half)
  })

  test('holds the true mean in about 95 of 100 samples', async () => {
    let held = 0
    for (let sample = 0; sample < 200; sample++) {
      const random = seededRandom(sample, 'a sample')
      const values = Array.from({ length: 120 }, () => 100 * random())
      const { before } = await bootstrapOne(column(values), { resamples: 400 })
      if (before.low <= 50 && before.high >= 50) held++
    }
    expect(held).toBeGreaterThan(180)
    expect(held).toBeLessThan(199)
  })

  test('gives the same for the same figures, and another for another seed', async () => {
    const figures = proportion(301, 0.37)
    const first = await bootstrapPairs(figures)
    expect(await bootstrapPairs(figures, { sliceMs: 0 })).toEqual(first)
    expect(await bootstrapPairs(figures, { seed: 1 })).not.toEqual(first)
  })

  test('takes 10,000 questions in under 300 ms, and leaves the process its turn', async () => {
    const questions = [...many(3000, 0, 1), ...many(1000, 1, 0), ...many(6000, 1, 1)]
    let turns = 0
    const ticking = setInterval(() => turns++, 5)
    const times: number[] = []
    for (let i = 0; i < 20 && Math.min(...times) >= 300; i++) {
      // Processor time, and the best of several: the machine may be busy with other things.
      const started = process.cpuUsage()
      await scoreTiles(questions)
      times.push(process.cpuUsage(started).user / 1000)
    }
    clearInterval(ticking)
    expect(Math.min(...times)).toBeLessThan(300)
    expect(turns).toBeGreaterThan(2)
  })
})

describe('score tiles', () => {
  test('the difference is paired: the same gain on every question has no spread', async () => {
    const gained = Array.from({ length: 50 }, (_, i) => ({ ...question(0, 0), base_f1: i, tuned_f1: i + 10 }))
    const [f1, exactMatch] = await scoreTiles(gained)
    for (const bound of ['value', 'low', 'high'] as const) expect(f1?.difference[bound]).toBeCloseTo(10, 10)
    expect(f1?.verdict).toBe('better')
    expect((f1?.before.high ?? 0) - (f1?.before.low ?? 0)).toBeGreaterThan(5)
    expect(exactMatch?.verdict).toBe('noise')
  })

  test('calls better, worse and noise by their names', async () => {
    const verdict = async (questions: readonly QuestionScore[]) => (await scoreTiles(questions))[0]?.verdict
    expect(await verdict([...many(40, 0, 1), ...many(60, 1, 1)])).toBe('better')
    expect(await verdict([...many(40, 1, 0), ...many(60, 1, 1)])).toBe('worse')
    expect(await verdict([...many(11, 0, 1), ...many(9, 1, 0), ...many(80, 0, 0)])).toBe('noise')
    expect(await verdict(many(5, 0, 1))).toBe('noise')
    expect(await verdict(many(6, 0, 1))).toBe('better')
  })
})
