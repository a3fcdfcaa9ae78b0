import { expect, test } from 'vitest'
import type { SearchDetail, TrialInfo } from '../../main/contract/searches.ts'
import { inOrder } from '../../renderer/screens/train/search/trial-order.ts'
import {
  axisDraft,
  canVary,
  hasRange,
  newAxis,
  readAxis,
} from '../../renderer/screens/train/search/search-space.ts'
import type { AxisDraft } from '../../renderer/screens/train/search/search-space.ts'
import { readWish } from '../../renderer/screens/train/search/search-wish.ts'
import { describeSettings } from '../../trainer/protocol.ts'

const infoOf = (name: string) => {
  const found = describeSettings().find((info) => info.name === name)
  if (!found) throw new Error(`There is no setting ${name}.`)
  return found
}
const axis = (change: Partial<AxisDraft>): AxisDraft => ({
  name: 'rank',
  form: 'values',
  values: '',
  from: '',
  to: '',
  ...change,
})

test.each<[string, Partial<AxisDraft>, unknown]>([
  ['4, 8;16 32', {}, { name: 'rank', values: [4, 8, 16, 32] }],
  ['linear cosine', { name: 'schedule' }, { name: 'schedule', values: ['linear', 'cosine'] }],
  ['true,false', { name: 'rankStabilized' }, { name: 'rankStabilized', values: [true, false] }],
])('the values %s are read', (values, change, dimension) => {
  const given = axis({ ...change, values })
  expect(readAxis(given, infoOf(given.name))).toEqual({ dimension, problem: null })
})

test.each<[string, Partial<AxisDraft>, unknown]>([
  ['nothing', { values: ' , ' }, { kind: 'no-values' }],
  ['a word', { values: '4, x' }, { kind: 'not-a-value', text: 'x', problem: { kind: 'not-a-number' } }],
  [
    'a rank of 0',
    { values: '0, 4' },
    { kind: 'not-a-value', text: '0', problem: { kind: 'at-least', limit: 1 } },
  ],
  ['half a range', { form: 'range', from: '2' }, { kind: 'no-range' }],
  ['a falling range', { form: 'range', from: '8', to: '2' }, { kind: 'no-range' }],
  ['a log of 0', { name: 'dropout', form: 'log-range', from: '0', to: '0.5' }, { kind: 'not-positive' }],
])('%s is refused', (_, change, problem) => {
  const given = axis(change)
  expect(readAxis(given, infoOf(given.name))).toEqual({ dimension: null, problem })
})

test('what is suggested is read back as it was', () => {
  for (const dimension of [
    { name: 'learningRate', from: 0.0003, to: 0.0075, scale: 'log' },
    { name: 'warmupRatio', from: 0, to: 0.2, scale: 'linear' },
    { name: 'rank', values: [4, 8] },
  ] as const)
    expect(readAxis(axisDraft(dimension), infoOf(dimension.name))).toEqual({ dimension, problem: null })
})

test('a setting that is added brings values of its own, which are right', () => {
  for (const info of describeSettings().filter(canVary)) {
    const added = newAxis(info, info.defaultValue)
    if (added.values !== '') expect([info.name, readAxis(added, info).problem]).toEqual([info.name, null])
  }
  expect(newAxis(infoOf('epochs'), 10).values).toBe('5, 10, 20')
  expect(newAxis(infoOf('schedule'), 'linear').values).toBe('linear, cosine, constant')
  expect(hasRange(infoOf('schedule'))).toBe(false)
  expect(canVary(infoOf('targetModules'))).toBe(false)
})

test('how a search is done is read, and what is wrong is said by field', () => {
  const fields = {
    strategy: 'random',
    trials: '8',
    epochs: '2,5',
    seed: '1',
    pruning: true,
    keepScale: false,
  } as const
  expect(readWish(fields).value).toEqual({
    strategy: 'random',
    trials: 8,
    trialEpochs: 2.5,
    seed: 1,
    pruning: true,
    keepScale: false,
  })
  expect(readWish({ ...fields, strategy: 'grid', trials: '' }).value).toMatchObject({ trials: null })
  const wrong = readWish({ ...fields, trials: '1.5', epochs: '0', seed: '-1' })
  expect([wrong.value, Object.keys(wrong.errors)]).toEqual([null, ['trials', 'epochs', 'seed']])
  expect(wrong.wrong).toEqual(['Trials', 'Epochs of a trial', 'Random seed'])
})

test('sorted by value, the best comes first and what has none last', () => {
  const trial = (
    number: number,
    bestValue: number | null,
    status: TrialInfo['status'] = 'finished',
  ): TrialInfo => ({
    number,
    values: {},
    status,
    bestValue,
    bestStep: null,
    step: 0,
    steps: 0,
    seconds: 0,
    validations: [],
    error: null,
    chosenRunId: null,
  })
  const trials: SearchDetail['trials'] = [
    trial(1, 3),
    trial(2, 1, 'failed'),
    trial(3, null, 'waiting'),
    trial(4, 2),
  ]
  const numbers = (objective: 'loss' | 'f1') =>
    inOrder(trials, 'value', objective).map(({ number }) => number)
  expect(numbers('loss')).toEqual([4, 1, 2, 3])
  expect(numbers('f1')).toEqual([1, 4, 2, 3])
  expect(inOrder(trials, 'trial', 'loss')).toEqual(trials)
})
