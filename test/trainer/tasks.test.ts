import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from '../../trainer/ask.ts'
import { estimate } from '../../trainer/estimate.ts'
import { evaluate, predict } from '../../trainer/evaluate.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import type { Report, TrainResult } from '../../trainer/protocol.ts'
import { runTiny, tinyCommand, tinySettings, writeTinyRun } from '../support/tiny-run.ts'

const settings = parseSettings({ ...tinySettings, dropout: 0, loraDropout: 0, epochs: 20 })
const quiet = {
  report: () => undefined,
  stop: new AbortController().signal,
  keep: new AbortController().signal,
}

const long = 'The one is so so short. '.repeat(40)

/** Closed-book questions, tasks with an input, one whose input is too long, and one question about a context. */
const records = [
  ...Array.from({ length: 10 }, (_, i) => ({ id: `m${i}`, instruction: `Say ${i}`, target: 'so' })),
  ...Array.from({ length: 9 }, (_, i) => ({
    id: `t${i}`,
    title: `Part ${i}`,
    instruction: 'Shorter:',
    input: `The ${i} is so short.`,
    target: `${i} is short`,
  })),
  {
    id: 'long',
    title: 'Part 9',
    instruction: 'Shorter:',
    input: long,
    target: 'so',
  },
  {
    id: 'q',
    title: 'Part 10',
    context: 'The last is short.',
    question: 'Which is short?',
    answers: { text: ['last'], answer_start: [4] },
  },
]

let folder: string
let data: string
let result: TrainResult
let reports: readonly Report[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loracle-tasks-'))
  await writeTinyRun(folder)
  data = join(folder, 'tasks.jsonl')
  await writeFile(data, records.map((record) => JSON.stringify(record)).join('\n'))
  const command = tinyCommand(folder, join(folder, 'run'))
  ;({ result, reports } = await runTiny({
    ...command,
    datasets: [{ name: 'data', data, weight: 1 }],
    settings,
    tests: [{ name: 'all', data }],
  }))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('a run learns tasks and questions together, one item a task, and counts inputs that were cut', () => {
  const prepared = reports.find((report) => report.type === 'prepared')
  expect(prepared).toMatchObject({ windowsLeftOut: 0, inputsCut: 1, questionsCut: 0 })
  expect(prepared).toMatchObject({ trainExamples: records.length, windows: records.length })
  const losses = reports.flatMap((report) => (report.type === 'step' ? [report.loss] : []))
  expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0)
})

test('the comparison before and after holds every task and scores its text', () => {
  expect(result.comparisons.map(({ id }) => id)).toEqual(records.map(({ id }) => id))
  expect(result.comparisons.find(({ id }) => id === 't3')).toMatchObject({
    gold: ['3 is short'],
    question: 'Shorter:',
    tunedUnanswerable: false,
  })
  expect(result.after?.count).toBe(records.length)
  expect(result.after?.f1).toBeGreaterThan(result.before?.f1 ?? 0)
})

test('evaluate and predict give the figures of the comparison', async () => {
  const { model } = tinyCommand(folder, '')
  const common = { model, adapter: result.adapter, data, settings }
  const { scores, squad, loss } = await evaluate({ kind: 'evaluate', ...common }, quiet)
  expect(scores.f1).toBeCloseTo(result.after?.f1 ?? NaN, 6)
  expect(squad['total']).toBe(records.length)
  expect(loss).toBeGreaterThan(0)
  const out = join(folder, 'predictions.json')
  expect(await predict({ kind: 'predict', ...common, out }, quiet)).toMatchObject({ count: records.length })
  const predictions = JSON.parse(await readFile(out, 'utf8')) as Record<string, string>
  expect(predictions).toEqual(Object.fromEntries(result.comparisons.map(({ id, tuned }) => [id, tuned])))
})

test('ask does a task from memory and with an input; a question still needs its context', async () => {
  const { model } = tinyCommand(folder, '')
  const common = { kind: 'ask', model, adapter: result.adapter, settings } as const
  const of = (id: string) => result.comparisons.find((one) => one.id === id)?.tuned
  const memory = await ask({ ...common, form: 'task', question: 'Say 4', context: '' }, quiet)
  expect(memory).toMatchObject({ answer: of('m4'), windows: 1, inputCut: false })
  const cut = await ask({ ...common, form: 'task', question: 'Shorter:', context: long }, quiet)
  expect(cut).toMatchObject({ answer: of('long'), windows: 1, inputCut: true })
  await expect(ask({ ...common, question: 'Say 4', context: '' }, quiet)).rejects.toMatchObject({
    code: 'usage',
  })
})

test('estimate counts tasks as windows of their own', async () => {
  const { model } = tinyCommand(folder, '')
  const found = await estimate(
    {
      kind: 'estimate',
      model,
      datasets: [{ name: 'data', data, weight: 1 }],
      validation: null,
      tests: [{ name: 'all', data }],
      settings,
    },
    quiet,
  )
  expect(found.windows).toBe(found.trainExamples)
  expect(found).toMatchObject({ testExamples: records.length })
})
