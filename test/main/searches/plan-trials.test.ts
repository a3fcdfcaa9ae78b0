import { expect, test } from 'vitest'
import type { SearchDimension } from '../../../main/contract/searches.ts'
import { planTrials, trialSettings } from '../../../main/searches/plan-trials.ts'
import type { PlanRequest } from '../../../main/searches/plan-trials.ts'
import { searchForm } from '../../../main/searches/suggestion.ts'

const rates: SearchDimension = { name: 'learningRate', from: 1e-4, to: 1e-2, scale: 'log' }
const ranks: SearchDimension = { name: 'rank', values: [4, 8, 16] }

const request = (change: Partial<PlanRequest> = {}): PlanRequest => ({
  settings: {},
  space: [rates, ranks],
  strategy: 'random',
  trials: null,
  seed: 1,
  trialEpochs: null,
  keepScale: false,
  ...change,
})
const keys = (change: Partial<PlanRequest>): string[] =>
  planTrials(request(change)).trials.map((values) => JSON.stringify(values))
const refusal = (change: Partial<PlanRequest>): unknown => {
  try {
    return planTrials(request(change))
  } catch (thrown) {
    return thrown
  }
}

test('a grid holds every combination once, a range evenly on its scale with both bounds', () => {
  const { trials } = planTrials(request({ strategy: 'grid' }))
  expect(trials).toHaveLength(9)
  expect(new Set(trials.map(({ learningRate }) => learningRate))).toEqual(new Set([1e-4, 1e-3, 1e-2]))
  expect(new Set(keys({ strategy: 'grid' })).size).toBe(9)
  const linear: SearchDimension = { name: 'warmupRatio', from: 0, to: 0.4, scale: 'linear', points: 5 }
  const shares = planTrials(request({ strategy: 'grid', space: [linear] })).trials.map(
    (values) => values['warmupRatio'],
  )
  expect(shares.toSorted()).toEqual([0, 0.1, 0.2, 0.3, 0.4])
})

test('a grid comes in a seeded order, and can be cut', () => {
  const all = keys({ strategy: 'grid' })
  expect(keys({ strategy: 'grid' })).toEqual(all)
  expect(keys({ strategy: 'grid', seed: 2 })).not.toEqual(all)
  expect(keys({ strategy: 'grid', seed: 2 }).toSorted()).toEqual(all.toSorted())
  expect(keys({ strategy: 'grid', trials: 4 })).toEqual(all.slice(0, 4))
})

test('draws are a function of the seed, within their bounds and all different', () => {
  const first = keys({ trials: 100 })
  expect(keys({ trials: 100 })).toEqual(first)
  expect(keys({ trials: 100, seed: 2 })).not.toEqual(first)
  expect(new Set(first).size).toBe(100)
  const drawn = planTrials(request({ trials: 200 })).trials.map(({ learningRate }) => Number(learningRate))
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(1e-4)
  expect(Math.max(...drawn)).toBeLessThanOrEqual(1e-2)
  // On a logarithmic scale half of the draws lie below the geometric middle, 1e-3.
  const below = drawn.filter((rate) => rate < 1e-3).length
  expect(below).toBeGreaterThan(75)
  expect(below).toBeLessThan(125)
})

test('whole numbers stay whole, and a small space is drawn to its last combination', () => {
  const space: SearchDimension[] = [
    { name: 'batchSize', from: 1, to: 4, scale: 'log' },
    { name: 'schedule', values: ['linear', 'cosine', 'linear'] },
  ]
  const { trials } = planTrials(request({ space, trials: 50 }))
  expect(trials).toHaveLength(8)
  expect(new Set(trials.map(({ batchSize }) => batchSize))).toEqual(new Set([1, 2, 3, 4]))
})

test('alpha goes along with a searched rank where the scale is to stay', () => {
  const scaled = planTrials(
    request({ strategy: 'grid', space: [ranks], settings: { rank: 8, alpha: 24 }, keepScale: true }),
  )
  expect(scaled.trials.toSorted((a, b) => Number(a['rank']) - Number(b['rank']))).toEqual([
    { rank: 4, alpha: 12 },
    { rank: 8, alpha: 24 },
    { rank: 16, alpha: 48 },
  ])
  const alphas: SearchDimension = { name: 'alpha', values: [1] }
  const searched = planTrials(request({ strategy: 'grid', space: [ranks, alphas], keepScale: true }))
  expect(searched.trials.every(({ alpha }) => alpha === 1)).toBe(true)
})

test('trials are as long as asked for, but where epochs are searched themselves', () => {
  const short = { settings: { epochs: 10 }, trialEpochs: 2 }
  expect(planTrials(request(short)).epochs).toBe(2)
  expect(trialSettings(short, { rank: 4 })).toMatchObject({ epochs: 2, rank: 4 })
  expect(trialSettings({ ...short, trialEpochs: null }, { rank: 4 }).epochs).toBe(10)
  const epochs: SearchDimension = { name: 'epochs', values: [1, 5] }
  expect(planTrials(request({ ...short, space: [epochs] })).epochs).toBeNull()
  expect(trialSettings(short, { epochs: 5 }).epochs).toBe(5)
})

test.each<[string, Partial<PlanRequest>, string, RegExp]>([
  ['nothing', { space: [] }, 'search_invalid', /nothing to compare yet/],
  ['one value', { space: [{ name: 'rank', values: [4, 4] }] }, 'search_invalid', /at least two values/],
  ['one trial', { trials: 1 }, 'search_invalid', /One trial compares nothing/],
  [
    'no value',
    { space: [{ name: 'rank', values: [] }] },
    'search_invalid',
    /Rank \(rank\): there is no value/,
  ],
  ['a setting twice', { space: [ranks, ranks] }, 'search_invalid', /rank is named twice/],
  [
    'an unknown setting',
    { space: [{ name: 'rnak', values: [1, 2] }] },
    'search_invalid',
    /Did you mean rank\?/,
  ],
  [
    'a setting that decides',
    { space: [{ name: 'bestMetric', values: ['loss', 'f1'] }] },
    'search_invalid',
    /judged/,
  ],
  ['the machine', { space: [{ name: 'threads', values: [1, 2] }] }, 'search_invalid', /does not change/],
  [
    'beams by loss',
    { space: [{ name: 'numBeams', values: [1, 2] }] },
    'search_invalid',
    /Set bestMetric to f1/,
  ],
  ['a rank of 0', { space: [{ name: 'rank', values: [0, 4] }] }, 'setting_invalid', /rank cannot be 0/],
  ['a falling range', { space: [{ ...rates, from: 1, to: 0.1 }] }, 'search_invalid', /Swap its bounds/],
  ['a logarithm of 0', { space: [{ ...rates, from: 0 }] }, 'search_invalid', /begins above 0/],
  [
    'a range of words',
    { space: [{ ...rates, name: 'schedule' }] },
    'search_invalid',
    /only numbers have a range/,
  ],
  [
    'a range out of bounds',
    { space: [{ name: 'dropout', from: 0.5, to: 3, scale: 'linear' }], strategy: 'grid' },
    'setting_invalid',
    /dropout cannot be/,
  ],
  [
    'too many',
    {
      space: [
        { ...rates, points: 100 },
        { ...ranks, name: 'epochs' },
      ],
      strategy: 'grid',
    },
    'search_invalid',
    /300 trials; a search has at most 200/,
  ],
])('%s cannot be searched, and the reason is said', (_, change, code, message) => {
  expect(refusal(change)).toMatchObject({ code, message: expect.stringMatching(message) as string })
})

test('what only an F1 can compare may be searched by it', () => {
  const space: SearchDimension[] = [{ name: 'numBeams', values: [1, 4] }]
  expect(planTrials(request({ space, settings: { bestMetric: 'f1' } }))).toMatchObject({ objective: 'f1' })
})

test('the form suggests a search around the present settings that can be planned as it is', () => {
  const settings = { learningRate: 2e-3, rank: 16, epochs: 10 }
  const { suggestion, settings: searchable } = searchForm(settings)
  expect(suggestion).toEqual({
    space: [
      { name: 'learningRate', from: 4e-4, to: 1e-2, scale: 'log' },
      { name: 'rank', values: [4, 8, 16, 32] },
    ],
    strategy: 'random',
    trials: 8,
    trialEpochs: 3,
  })
  expect(planTrials({ ...request(), ...suggestion, settings }).trials).toHaveLength(8)
  expect(searchable.map(({ name }) => name)).not.toContain('threads')
  expect(searchForm({ method: 'full' }).suggestion.space.map(({ name }) => name)).toEqual(['learningRate'])
})
