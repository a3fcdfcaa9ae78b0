import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { AnswerEvent, CompareQuery, Verdict } from '../../../main/contract/comparisons.ts'
import { createEvaluations } from '../../../main/evaluations/evaluations.ts'
import type { Store } from '../../../main/store/open.ts'
import { readTrainedRun } from '../../../main/store/trained-run.ts'
import { createAnswering } from '../../../main/trainers/answering.ts'
import { forkTrainer } from '../../../main/trainers/trainer-process.ts'
import type { Settings } from '../../../trainer/protocol.ts'
import { comparison, seedComparisons, seedRun, temporaryStore } from '../../support/stored-run.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { runTiny, tinyCommand, tinySettings, writeTinyRun } from '../../support/tiny-run.ts'

const workerPath = join(import.meta.dirname, '../../../trainer/worker.ts')
const call = { emit: () => undefined, signal: new AbortController().signal }

function evaluationsOf(store: Store, modelFolder: string | null = null) {
  const answering = createAnswering({ startTrainer: () => forkTrainer(workerPath) })
  onTestFinished(() => answering.dispose())
  return createEvaluations({
    store,
    answering,
    runOf: (runId) => readTrainedRun(store, runId),
    modelOf: () => Promise.resolve(modelFolder === null ? null : { folder: modelFolder, name: 'Tiny T5' }),
  })
}

const mixed = [
  comparison({
    id: 'a',
    tunedRight: true,
    question: 'How many % of 5_0 are lost?',
    gold: ['ten "per" cent'],
  }),
  comparison({ id: 'b', baseRight: true, question: 'Wie groß ist Österreich?' }),
  comparison({ id: 'c', baseRight: true, tunedRight: true, set: 'other', base: 'a\\b' }),
  comparison({ id: 'd', tuned: '', gold: [], set: 'other' }),
  comparison({ id: 'e', tunedRight: true }),
]

describe('the summary of a run', () => {
  test('counts verdicts and scores all questions and each set', async () => {
    const store = await temporaryStore()
    await seedRun(store, { comparisons: mixed })
    const summary = await evaluationsOf(store)['compare.summary']({ runId: 'run-1' }, call)
    expect(summary).toMatchObject({
      runId: 'run-1',
      questions: 5,
      counts: { fixed: 2, broken: 1, 'both-right': 1, 'both-wrong': 1 },
    })
    const exactMatch = summary.tiles.find((tile) => tile.metric === 'exactMatch')
    expect([exactMatch?.before.value, exactMatch?.after.value]).toEqual([40, 60])
    expect(exactMatch?.difference.value).toBeCloseTo(20, 10)
    expect(summary.sets.map(({ name, questions }) => [name, questions])).toEqual([
      ['test', 3],
      ['other', 2],
    ])
    expect(summary.sets[1]?.tiles[1]?.before.value).toBe(50)
  })

  test('is kept until the run has other answers', async () => {
    const store = await temporaryStore()
    await seedRun(store, { comparisons: mixed.slice(0, 4) })
    const evaluations = evaluationsOf(store)
    const first = await evaluations.summaryOf('run-1')
    expect(await evaluations.summaryOf('run-1')).toBe(first)
    await store.run('DELETE FROM comparison')
    await seedComparisons(store, 'run-1', mixed)
    expect((await evaluations.summaryOf('run-1'))?.questions).toBe(5)
  })

  test('is refused for a run that is gone or has no questions', async () => {
    const store = await temporaryStore()
    await seedRun(store)
    const summary = (runId: string) => evaluationsOf(store)['compare.summary']({ runId }, call)
    await expect(summary('run-1')).rejects.toMatchObject({ code: 'run_state' })
    await expect(summary('gone')).rejects.toMatchObject({ code: 'run_missing' })
  })
})

describe('the questions of a run', () => {
  const idsOf = async (change: Partial<CompareQuery>) => {
    const store = await temporaryStore()
    await seedRun(store, { comparisons: mixed })
    const page = await evaluationsOf(store)['compare.questions'](
      { runId: 'run-1', offset: 0, limit: 100, verdict: null, search: null, set: null, ...change },
      call,
    )
    return [page.total, page.rows.map(({ id }) => id).join('')]
  }

  test.each<[Partial<CompareQuery>, number, string]>([
    [{}, 5, 'abcde'],
    [{ offset: 1, limit: 2 }, 5, 'bc'],
    [{ verdict: 'fixed' satisfies Verdict }, 2, 'ae'],
    [{ verdict: 'broken' }, 1, 'b'],
    [{ verdict: 'both-wrong' }, 1, 'd'],
    [{ set: 'other' }, 2, 'cd'],
    [{ set: 'other', verdict: 'both-right' }, 1, 'c'],
    [{ search: '%' }, 1, 'a'],
    [{ search: '5_0' }, 1, 'a'],
    [{ search: 'a\\b' }, 1, 'c'],
    [{ search: '"PER" c' }, 1, 'a'],
    [{ search: 'österREICH' }, 1, 'b'],
    [{ search: ' what IS ' }, 3, 'cde'],
    [{ search: "' OR 1 --" }, 0, ''],
  ])('%o', async (change, total, ids) => {
    expect(await idsOf(change)).toEqual([total, ids])
  })
})

describe('one question', () => {
  const context = 'Iron is heavy. Gold 😀 is heavier: IRON rusts, gold does not.'
  const asked = comparison({
    id: 'q 1',
    question: 'What rusts?',
    base: 'gold',
    tuned: 'iron',
    gold: ['IRON'],
  })
  const at = (text: string) => [...context.slice(0, context.lastIndexOf(text))].length
  const spans = {
    goldSpan: { start: at('IRON'), end: at('IRON') + 4 },
    baseSpan: { start: at('gold'), end: at('gold') + 4 },
    tunedSpan: { start: at('IRON'), end: at('IRON') + 4 },
  }
  const detail = (store: Store, id = 'q 1') =>
    evaluationsOf(store)['compare.question']({ runId: 'run-1', id }, call)

  async function seedExample(store: Store, projectId: string, question: string) {
    await store.run(
      "INSERT INTO source (id, project_id, name, kind, format, bytes, imported_at) VALUES ('s', ?, 'x.csv', 'dataset', 'csv', 1, 1)",
      projectId,
    )
    await store.run(
      "INSERT INTO passage (id, project_id, source_id, hash, title, place, text, words) VALUES (1, ?, 's', 'h', '', '', ?, 3)",
      projectId,
      context,
    )
    await store.run(
      `INSERT INTO example (project_id, source_id, passage_id, key, question, answers, is_impossible, grp, place,
         context_words, question_words, answer_words) VALUES (?, 's', 1, 'q 1', ?, ?, 0, '', '', 1, 1, 1)`,
      projectId,
      question,
      JSON.stringify([{ text: 'IRON', start: at('IRON') }]),
    )
  }

  test('has the context of the project, with spans in code points', async () => {
    const store = await temporaryStore()
    const { projectId } = await seedRun(store, { comparisons: [asked] })
    await seedExample(store, projectId, 'What rusts?')
    expect(await detail(store)).toMatchObject({ id: 'q 1', verdict: 'both-wrong', context, ...spans })
  })

  test('has the context of the run’s own copy where the project has another question', async () => {
    const store = await temporaryStore()
    const { projectId, folder } = await seedRun(store, { comparisons: [asked] })
    await seedExample(store, projectId, 'What rusts not?')
    await mkdir(join(folder, 'data'))
    const answers = { text: ['IRON'], answer_start: [at('IRON')] }
    const lines = [
      { id: 'q', context: 'other', question: 'says "q 1"', answers: { text: [], answer_start: [] } },
      { id: 'q 1', context, question: 'What rusts?', answers },
    ]
    const text = lines.map((line) => JSON.stringify(line)).join('\n')
    await writeFile(join(folder, 'data', 'test.jsonl'), `not JSON "q 1"\n${text}`)
    expect(await detail(store)).toMatchObject({ context, ...spans })
  })

  test('says so where neither has it, and where it was not asked', async () => {
    const store = await temporaryStore()
    await seedRun(store, { comparisons: [asked] })
    expect(await detail(store)).toMatchObject({ context: null, goldSpan: null, tunedSpan: null })
    await expect(detail(store, 'other')).rejects.toMatchObject({ code: 'example_missing' })
  })
})

describe('asking both sides', () => {
  const context = 'The sentence 3 is short. The other is long.'

  // One window for the whole prompt, whose tokens are then streamed.
  const asked = { maxSourceLength: 96, learningRate: 0.05, evaluateEvery: 0 }

  async function trained(settings: Partial<Settings> = {}) {
    const store = await temporaryStore()
    const folder = await temporaryFolder()
    await writeTinyRun(folder)
    const { result } = await runTiny(
      tinyCommand(folder, join(folder, 'run'), { settings: { ...asked, ...settings } }),
    )
    const modelFolder = join(folder, 'model')
    const seeded = await seedRun(store, {
      modelFolder,
      outcome: result.adapter,
      settings: { ...tinySettings, ...asked, ...settings },
    })
    const events: AnswerEvent[] = []
    const ask = (
      change: { runId?: string | null; projectId?: string; context?: string; signal?: AbortSignal } = {},
    ) =>
      evaluationsOf(store, modelFolder)['compare.ask'](
        { projectId: seeded.projectId, runId: 'run-1', question: 'Which is short?', context, ...change },
        { emit: (event) => events.push(event), signal: change.signal ?? call.signal },
      )
    return { store, events, ask, outcome: result.adapter }
  }

  test.each(['lora', 'full'] as const)('answers as base and tuned model of a %s run', async (method) => {
    const { ask, events } = await trained({ method })
    const { base, tuned } = await ask()
    expect(base.text).not.toBe(tuned?.text)
    for (const side of ['base', 'tuned'] as const) {
      const told = events.flatMap((event) =>
        event.kind === 'token' && event.side === side ? [event.text] : [],
      )
      const answer = side === 'base' ? base : tuned
      expect(told.join('').trim()).toBe(answer?.text)
      expect(events).toContainEqual({ kind: 'answer', side, answer })
    }
    expect(events[0]).toEqual({ kind: 'loading' })
    expect(events.filter((event) => event.kind === 'loading')).toHaveLength(method === 'full' ? 2 : 1)
    expect(base.score).toBeLessThan(0)
    expect(base.passage === null).toBe(base.unanswerable)
  })

  test('asks the project’s model alone where no run is named', async () => {
    const { ask, store } = await trained()
    const { base, tuned } = await ask({ runId: null })
    expect([typeof base.text, tuned]).toEqual(['string', null])
    const noModel = evaluationsOf(store)['compare.ask'](
      { projectId: 'p', runId: null, question: 'Q?', context },
      call,
    )
    await expect(noModel).rejects.toMatchObject({ code: 'model_missing' })
  })

  test('answers a task from memory where no text is given', async () => {
    const { ask, store } = await trained()
    await expect(ask({ context: '  ' })).rejects.toMatchObject({ code: 'usage' })
    await store.run(
      `INSERT INTO source (id, project_id, name, kind, format, bytes, imported_at)
       SELECT 's', project_id, 's', 'dataset', 'csv', 1, 1 FROM run`,
    )
    await store.run(
      `INSERT INTO passage (project_id, source_id, hash, title, place, text, words, searchable)
       SELECT project_id, id, 'h', '', '', '', 0, 0 FROM source`,
    )
    await store.run(
      `INSERT INTO example (project_id, source_id, passage_id, key, question, answers, is_impossible, grp, place,
         context_words, question_words, answer_words, form)
       SELECT project_id, source_id, id, 'k', 'Q?', '[]', 0, 'g', 'row 1', 0, 1, 1, 'task' FROM passage`,
    )
    const { base, tuned } = await ask({ context: '' })
    expect([typeof base.text, typeof tuned?.text]).toEqual(['string', 'string'])
    expect([base.passage, tuned?.passage]).toEqual([null, null])
  })

  test('is cancelled, and refused for another project’s run or an unfinished one', async () => {
    const { ask, store } = await trained()
    const cancelling = new AbortController()
    const asked = ask({ signal: cancelling.signal })
    cancelling.abort()
    await expect(asked).rejects.toMatchObject({ code: 'cancelled' })
    await expect(ask({ projectId: 'other' })).rejects.toMatchObject({ code: 'run_missing' })
    await store.run('UPDATE run SET outcome = NULL')
    await expect(ask()).rejects.toMatchObject({ code: 'run_state' })
  })
})
