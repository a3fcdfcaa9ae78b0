import { describe, expect, test } from 'vitest'
import type { Example } from '../../../trainer/data/example.ts'
import { labelsOf } from '../../../trainer/data/labels.ts'
import type { TaskKind } from '../../../trainer/data/tasks.ts'
import { compareAnswers, scoreTogether } from '../../../trainer/run/test-scores.ts'
import { comparedQuestions } from '../../../main/evaluations/compared-questions.ts'
import { summarise } from '../../../main/evaluations/summarise.ts'
import { seedRun, temporaryStore } from '../../support/stored-run.ts'

function example(id: string, task: TaskKind, input: string, target: string): Example {
  const isTask = task !== 'question-answering'
  return {
    id,
    form: isTask ? 'task' : 'qa',
    ...(isTask ? { task } : {}),
    context: input,
    question: isTask ? 'Do it.' : `${id}?`,
    answers: [{ text: target, start: isTask ? null : 0 }],
    isImpossible: false,
    group: 'g',
    source: 's',
  }
}

const labels = ['north', 'south', 'east']
const words = [
  'the ferry leaves the harbour at noon',
  'two lamps burn on the pier',
  'nobody saw the keeper today',
]
const times = 12
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: times }, (_, i) => make(i))
const pick = (list: readonly string[], i: number) => list[i % list.length] ?? ''
const sets = [
  { name: 'winds', examples: many((i) => example(`w${i}`, 'classification', `wind ${i}`, pick(labels, i))) },
  {
    name: 'news',
    examples: many((i) => example(`n${i}`, 'translation', `Satz ${i}`, `${pick(words, i)} ${i}`)),
  },
  {
    name: 'held out',
    examples: many((i) => example(`q${i}`, 'question-answering', `${pick(words, i)}`, 'the')),
  },
]
const before = [many((i) => pick(['north', 'nothing'], i)), many((i) => `the ${i}`), many(() => 'nothing')]
const after = [many((i) => pick(labels, i)), many((i) => `${pick(words, i)} ${i}`), many(() => 'The')]

async function stored() {
  const store = await temporaryStore()
  await seedRun(store, {
    comparisons: compareAnswers(sets, before, after, labelsOf(sets[0]?.examples ?? [])),
  })
  return store
}

describe('the summary of a run of several tasks', () => {
  test('scores each task by its own metrics, and agrees with the scores of the trainer', async () => {
    const summary = await summarise(await stored(), 'run-1')
    expect(summary?.tiles.map(({ task, metric }) => [task, metric])).toEqual([
      ['question-answering', 'f1'],
      ['classification', 'accuracy'],
      ['translation', 'bleu'],
    ])
    for (const [when, answers] of [
      ['before', before],
      ['after', after],
    ] as const) {
      const { tasks = [] } = scoreTogether(sets, answers) ?? {}
      for (const { task, questions, tiles } of summary?.tasks ?? []) {
        const expected = tasks.find((one) => one.task === task)
        expect(questions).toBe(expected?.count)
        expect(tiles.length).toBeGreaterThan(1)
        for (const tile of tiles) {
          expect(tile[when].value, `${task} ${tile.metric}`).toBeCloseTo(
            expected?.values[tile.metric] ?? NaN,
            9,
          )
          expect(tile[when].low).toBeLessThanOrEqual(tile[when].value + 1e-9)
          expect(tile[when].high).toBeGreaterThanOrEqual(tile[when].value - 1e-9)
        }
      }
    }
    expect(summary?.tasks[1]?.counts).toEqual({ fixed: 10, broken: 0, 'both-right': 2, 'both-wrong': 0 })
    expect(summary?.tasks.flatMap(({ tiles }) => tiles).every(({ verdict }) => verdict === 'better')).toBe(
      true,
    )
    expect(summary?.sets.map(({ name, tiles }) => [name, tiles.map(({ metric }) => metric)])).toEqual([
      ['winds', ['accuracy', 'macroF1']],
      ['news', ['bleu', 'f1']],
      ['held out', ['f1', 'exactMatch']],
    ])
  })

  test('the interval of BLEU is of the corpus, not of a mean of sentences', async () => {
    const summary = await summarise(await stored(), 'run-1')
    const bleu = summary?.sets[1]?.tiles[0]
    expect(bleu?.after).toEqual({
      value: expect.closeTo(100, 9) as number,
      low: expect.closeTo(100, 9) as number,
      high: expect.closeTo(100, 9) as number,
    })
    expect(bleu?.before.high).toBeLessThan(20)
  })

  test('questions of one task are listed with their inputs, and found by them', async () => {
    const store = await stored()
    const query = { runId: 'run-1', offset: 0, limit: 50, verdict: null, search: null, set: null }
    const { rows, total } = await comparedQuestions(store, { ...query, task: 'translation' })
    expect(total).toBe(times)
    expect(rows[1]).toMatchObject({
      task: 'translation',
      question: 'Do it.',
      input: 'Satz 1',
      nearness: { metric: 'f1', tuned: 100 },
    })
    expect(
      (await comparedQuestions(store, { ...query, search: 'satz 11' })).rows.map(({ id }) => id),
    ).toEqual(['n11'])
    const [question] = (await comparedQuestions(store, { ...query, task: 'question-answering' })).rows
    expect(question).toMatchObject({ input: null, nearness: { metric: 'f1' } })
    const [wind] = (await comparedQuestions(store, { ...query, task: 'classification' })).rows
    expect(wind?.nearness).toEqual({ metric: 'accuracy', base: 100, tuned: 100 })
  })
})

test('a run of one task has all its metrics, also of more labels than two', async () => {
  const store = await temporaryStore()
  const pairs = many((i) => example(`p${i}`, 'paraphrase-detection', `a ${i}`, String(i % 3)))
  const given = many((i) => String((i * i) % 3))
  await seedRun(store, { comparisons: compareAnswers([{ name: 'p', examples: pairs }], [given], [given]) })
  const summary = await summarise(store, 'run-1')
  expect(summary?.tiles.map(({ metric }) => metric)).toEqual(['accuracy', 'macroF1'])
  const scores = scoreTogether([{ name: 'p', examples: pairs }], [given])
  expect(summary?.tiles[1]?.after.value).toBeCloseTo(scores?.tasks?.[0]?.values.macroF1 ?? NaN, 9)
})
