import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { SearchDetail } from '../../../main/contract/searches.ts'
import { readRunFolder } from '../../../main/runs/run-folder.ts'
import { openStore } from '../../../main/store/open.ts'
import { quiet, tiny } from '../runs/runs-app.ts'
import { openSearchesApp, tinySearch } from './searches-app.ts'
import type { SearchesApp } from './searches-app.ts'

const hasEnded = ({ status }: SearchDetail): boolean => status === 'finished'
const statuses = ({ trials }: SearchDetail): string[] => trials.map(({ status }) => status)
const searchFolder = ({ home }: SearchesApp, id: string): string =>
  join(home, 'projects', 'p1', 'searches', id)
/** Steps enough to be stopped between two of them. */
const long = { ...tinySearch.settings, epochs: 1_000, maxSteps: 300, evaluateEvery: 5 }
const listed = async ({ runs }: SearchesApp): Promise<number> =>
  (await runs['runs.list']({ projectId: 'p1' }, quiet())).length

test('trials are trained one after the other on the same splits, judged by validation alone, and the best is chosen', async () => {
  const app = await openSearchesApp()
  const started = await app.begin()
  expect(started).toMatchObject({
    name: 'Search 1',
    status: 'running',
    objective: 'loss',
    total: 2,
    best: null,
  })
  await app.untilSearch(started.id, ({ trials }) => trials[0]?.status === 'running')
  const [run] = await app.store.all<{ name: string; folder: string }>('SELECT name, folder FROM run')
  expect(run?.name).toBe('Search 1, trial 1')
  // A trial answers no test questions: its folder names none.
  const kept = await readRunFolder(run?.folder ?? '')
  expect(kept.tests).toEqual([])
  expect(kept.validation).toBe(join(searchFolder(app, started.id), 'data', 'validation.jsonl'))
  expect(await listed(app)).toBe(0)

  const ended = await app.untilSearch(started.id, hasEnded)
  expect(statuses(ended)).toEqual(['finished', 'finished'])
  for (const trial of ended.trials) {
    expect(trial.validations.map(({ step, share }) => [step, share])).toEqual([
      [2, 0.5],
      [4, 1],
    ])
    expect(trial).toMatchObject({ step: 4, steps: 4, error: null })
    expect(trial.bestValue).toBe(Math.min(...trial.validations.map(({ value }) => value)))
    expect(trial.seconds).toBeGreaterThan(0)
  }
  const values = ended.trials.map(({ bestValue }) => bestValue ?? Infinity)
  expect(new Set(values).size).toBe(2)
  expect(ended.best?.value).toBe(Math.min(...values))
  // Nothing is left of the trials but what was found.
  expect(await app.store.all('SELECT id FROM run')).toEqual([])
  const folder = () => stat(searchFolder(app, started.id)).catch(() => null)
  await expect.poll(folder).toBeNull()

  const best = ended.trials[(ended.best?.number ?? 0) - 1]
  const choice = { searchId: started.id, number: best?.number ?? 0 }
  const chosen = await app.searches['search.choose'](choice, quiet())
  expect(chosen).toMatchObject({
    name: 'Run 1',
    settings: { ...best?.values, epochs: tiny['epochs'], maxSteps: 4 },
  })
  const trained = await app.until(chosen.id, ({ status }) => status === 'finished')
  expect(trained.after?.count).toBe(5)
  const { validations } = await app.runs['runs.series']({ runId: chosen.id, maxPoints: 10 }, quiet())
  // The same settings, the same seed, the same bits.
  expect(validations.at(-1)?.loss).toBe(best?.validations.at(-1)?.value)
  const after = await app.searches['search.get']({ searchId: started.id }, quiet())
  expect(after.trials[choice.number - 1]?.chosenRunId).toBe(chosen.id)
  expect(await listed(app)).toBe(1)
})

test('a trial that does worse than the median of three is pruned, one that blows up has failed, and both are passed over', async () => {
  const app = await openSearchesApp()
  const rates = [0.02, 0.015, 0.01]
  const started = await app.begin({
    settings: { ...tinySearch.settings, epochs: 100, maxSteps: 80, evaluateEvery: 20, warmupRatio: 0 },
    // In the order of this seed the two last are the one that blows up and the one that learns nothing.
    space: [{ name: 'learningRate', values: [...rates, 1e-9, 1e30] }],
    seed: 8,
    pruning: true,
  })
  const ended = await app.untilSearch(started.id, hasEnded)
  const byRate = new Map(ended.trials.map((trial) => [trial.values['learningRate'], trial]))
  expect(byRate.get(1e-9)).toMatchObject({ status: 'pruned', error: null })
  expect(byRate.get(1e-9)?.step).toBeLessThan(80)
  expect(byRate.get(1e30)).toMatchObject({ status: 'failed', error: { code: 'loss_not_finite' } })
  expect(rates.map((rate) => byRate.get(rate)?.status)).toEqual(['finished', 'finished', 'finished'])
  expect(rates).toContain(ended.trials[(ended.best?.number ?? 0) - 1]?.values['learningRate'])
  expect(await app.store.all('SELECT id FROM run')).toEqual([])
  // A failed trial is told by its search, not by a notice.
  expect(await app.store.all('SELECT id FROM notice')).toEqual([])
  const failed = { searchId: started.id, number: byRate.get(1e30)?.number ?? 0 }
  await expect(app.searches['search.choose'](failed, quiet())).rejects.toMatchObject({ code: 'search_state' })
})

test('stopped, closed and resumed, a trial goes on from its checkpoint', async () => {
  const app = await openSearchesApp()
  const started = await app.begin({ settings: long })
  await app.untilSearch(started.id, ({ trials }) => (trials[0]?.validations.length ?? 0) > 1)
  const stopped = await app.searches['search.stop']({ searchId: started.id }, quiet())
  expect(stopped).toMatchObject({ status: 'stopped', done: 0, best: { number: 1 } })
  expect(statuses(stopped)).toEqual(['waiting', 'waiting'])
  await expect(app.searches['search.stop']({ searchId: started.id }, quiet())).rejects.toMatchObject({
    code: 'search_state',
  })
  expect((await app.searches['search.resume']({ searchId: started.id }, quiet())).status).toBe('running')
  await app.untilSearch(started.id, ({ trials }) => (trials[0]?.step ?? 0) > (stopped.trials[0]?.step ?? 0))
  await app.close()

  const again = await openSearchesApp({ home: app.home })
  const found = await again.searches['search.get']({ searchId: started.id }, quiet())
  expect(found).toMatchObject({ status: 'interrupted', done: 0 })
  const [before, after] = [stopped.trials[0]?.validations ?? [], found.trials[0]?.validations ?? []]
  expect(after.slice(0, before.length)).toEqual(before)
  expect(again.trainers).toHaveLength(0)
  // An orderly end is no news.
  expect(await again.store.all('SELECT id FROM notice')).toEqual([])
})

test('a search that a crash left is interrupted with a notice, starts nothing by itself, and goes on when asked to', async () => {
  const app = await openSearchesApp()
  const started = await app.begin({ settings: { ...long, maxSteps: 30 } })
  const before = await app.untilSearch(started.id, ({ trials }) => trials[1]?.status === 'running')
  await app.close()
  // As a crash leaves it: at work, its trial in the queue.
  const store = await openStore(app.home)
  await store.run(`UPDATE search SET status = 'running', ended_at = NULL`)
  await store.run(`UPDATE run SET status = 'queued'`)
  await store.run(`UPDATE trial SET status = 'running' WHERE number = 2`)
  await store.close()

  const again = await openSearchesApp({ home: app.home })
  const found = await again.searches['search.get']({ searchId: started.id }, quiet())
  expect(found).toMatchObject({ status: 'interrupted', done: 1 })
  expect(found.trials[0]).toEqual(before.trials[0])
  expect(statuses(found)).toEqual(['finished', 'waiting'])
  const notices = await again.store.all<{ error: string }>('SELECT error FROM notice')
  expect(notices.map(({ error }) => (JSON.parse(error) as { message: string }).message)).toEqual([
    'Loracle ended while Search 1 was at work. What it had found is kept: go on with it on the Train page.',
  ])
  expect(again.trainers).toHaveLength(0)
  await again.searches['search.resume']({ searchId: started.id }, quiet())
  expect(statuses(await again.untilSearch(started.id, hasEnded))).toEqual(['finished', 'finished'])
  await expect(again.searches['search.resume']({ searchId: started.id }, quiet())).rejects.toMatchObject({
    code: 'search_state',
    message: expect.stringMatching(/no trial left/) as string,
  })
})

test('a discarded search leaves nothing behind, also in the middle of a trial', async () => {
  const app = await openSearchesApp()
  const started = await app.begin({ settings: { ...tinySearch.settings, maxSteps: null, epochs: 100_000 } })
  await app.untilSearch(started.id, ({ trials }) => (trials[0]?.step ?? 0) > 0)
  await app.searches['search.discard']({ searchId: started.id }, quiet())
  expect(await app.store.all('SELECT id FROM run')).toEqual([])
  expect(await app.store.all('SELECT number FROM trial')).toEqual([])
  expect(await readdir(join(app.home, 'projects', 'p1', 'searches'))).toEqual([])
  await expect(app.searches['search.get']({ searchId: started.id }, quiet())).rejects.toMatchObject({
    code: 'search_missing',
  })
})

test('discarded or closed while its first trial is being made, a search lets go of it', async () => {
  const app = await openSearchesApp()
  const first = await app.begin()
  await app.searches['search.discard']({ searchId: first.id }, quiet())
  expect(await app.store.all('SELECT id FROM run')).toEqual([])
  const second = await app.begin()
  await app.close()
  const again = await openSearchesApp({ home: app.home })
  const found = await again.searches['search.get']({ searchId: second.id }, quiet())
  expect(found.status).toBe('interrupted')
  expect(statuses(found)).toEqual(['waiting', 'waiting'])
})

test('a search waits behind a run, and one project has one search at a time', async () => {
  const app = await openSearchesApp()
  const run = await app.start({ ...tiny, epochs: 100_000, evaluateEvery: 1_000 })
  await app.until(run.id, ({ status }) => status === 'running')
  const started = await app.begin()
  await app.untilSearch(started.id, ({ ahead }) => ahead === 1)
  await expect(app.begin()).rejects.toMatchObject({ code: 'search_state' })
  expect(await app.searches.hasActiveSearch('p1')).toBe(true)
  expect(await app.searches.usesModel('tiny')).toBe(true)
  await app.runs['runs.discard']({ runId: run.id }, quiet())
  await app.untilSearch(started.id, ({ ahead, trials }) => ahead === 0 && trials[0]?.steps === 4)
  await app.searches.stopProject('p1')
  await app.runs.stopRuns('p1')
  expect(await app.store.all(`SELECT id FROM run WHERE status = 'queued'`)).toEqual([])
})

test('without a model, or with a seed that draws the validation examples, nothing is begun', async () => {
  const app = await openSearchesApp()
  await expect(
    app.searches['search.start']({ projectId: 'p1', modelId: 'gone', ...tinySearch }, quiet()),
  ).rejects.toMatchObject({ code: 'run_not_ready', details: { step: 'model' } })
  await app.store.run(`UPDATE example SET split = 'train' WHERE split = 'validation'`)
  await expect(app.begin({ space: [{ name: 'seed', values: [1, 2] }] })).rejects.toMatchObject({
    code: 'search_invalid',
    message: expect.stringMatching(/draws the validation examples/) as string,
  })
  expect(await app.searches['search.list']({ projectId: 'p1' }, quiet())).toEqual([])
})

test('where no validation examples are held out, all trials draw the same tenth of the training examples', async () => {
  const app = await openSearchesApp({ validation: false })
  const started = await app.begin()
  expect(started.drawsValidation).toBe(true)
  const ended = await app.untilSearch(started.id, hasEnded)
  expect(statuses(ended)).toEqual(['finished', 'finished'])
  expect(ended.trials.map(({ validations }) => validations.length)).toEqual([2, 2])
  expect(ended.best).not.toBeNull()
})
