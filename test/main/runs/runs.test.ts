import { readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { RunUpdate } from '../../../main/contract/runs.ts'
import { adapterBytes } from '../../support/tiny-run.ts'
import { isAlive } from '../spawn-cli.ts'
import { endless, openRunsApp, quiet, tiny } from './runs-app.ts'
import type { RunsApp } from './runs-app.ts'

const pidOf = ({ trainers }: RunsApp, index: number): number => trainers[index]?.pid ?? 0
const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

test('a run trains to its end and is stored with its scores, comparisons, log and course', async () => {
  const app = await openRunsApp()
  const started = await app.start()
  expect(started).toMatchObject({
    name: 'Run 1',
    projectId: 'p1',
    splits: { train: 19, validation: 5, test: 5 },
  })
  const ended = await app.until(started.id, ({ status }) => status === 'finished')
  expect(ended).toMatchObject({ step: 15, steps: 15, stopped: 'finished', usable: true, error: null })
  expect(ended.before?.count).toBe(5)
  expect(ended.after?.count).toBe(5)
  expect(ended.trainableParameters).toBeGreaterThan(0)
  expect(ended.totalParameters).toBeGreaterThan(ended.trainableParameters ?? 0)
  expect(ended.changed).toMatchObject({ batchSize: 2, rank: 2 })
  const rows = await app.store.all<{ set_name: string }>(
    'SELECT * FROM comparison WHERE run_id = ?',
    ended.id,
  )
  expect(rows).toHaveLength(5)
  const series = await app.runs['runs.series']({ runId: ended.id, maxPoints: 100 }, quiet())
  expect(series.points.map(({ step }) => step)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1))
  expect(series.validations.map(({ step }) => step)).toEqual([4, 8, 12, 15])
  const log = await app.store.all<{ text: string }>('SELECT text FROM run_log WHERE run_id = ?', ended.id)
  expect(log.at(-1)?.text).toBe('Finished after step 15 of 15.')
  expect(isAlive(pidOf(app, 0))).toBe(false)
})

test('two runs train one after the other, the first that was queued first', async () => {
  const app = await openRunsApp()
  const first = await app.start(endless)
  await app.until(first.id, ({ status }) => status === 'running')
  const second = await app.start()
  const third = await app.start()
  const watched = app.watch(third.id)
  await expect
    .poll(() => watched.updates[0])
    .toMatchObject({
      kind: 'snapshot',
      run: { status: 'queued' },
      progress: { phase: 'queued', ahead: 2 },
    })
  expect(app.trainers).toHaveLength(1)
  await app.runs['runs.pause']({ runId: second.id }, quiet())
  await app.runs['runs.discard']({ runId: first.id }, quiet())
  await app.until(third.id, ({ status }) => status === 'finished')
  expect((await app.until(second.id, () => true)).status).toBe('paused')
  await watched.stop()
})

test('paused and resumed, a run ends with the bytes of an uninterrupted one', async () => {
  const app = await openRunsApp()
  const straight = await app.start({ ...tiny, epochs: 30 })
  await app.until(straight.id, ({ status }) => status === 'finished')
  const run = await app.start({ ...tiny, epochs: 30 })
  await app.until(run.id, ({ step }) => step > 4)
  await app.runs['runs.pause']({ runId: run.id }, quiet())
  const paused = await app.until(run.id, ({ status }) => status === 'paused')
  expect(paused).toMatchObject({ resumable: true })
  await app.runs['runs.resume']({ runId: run.id }, quiet())
  await app.until(run.id, ({ status }) => status === 'finished')
  expect(await adapterBytes(run.folder)).toEqual(await adapterBytes(straight.folder))
})

test('a trainer that is killed leaves a failed run with a notice, which goes on from its checkpoint', async () => {
  const app = await openRunsApp()
  const run = await app.start({ ...tiny, epochs: 60 })
  await app.until(run.id, ({ step }) => step > 6)
  process.kill(pidOf(app, 0), 'SIGKILL')
  const failed = await app.until(run.id, ({ status }) => status === 'failed')
  expect(failed.error).toMatchObject({
    code: 'trainer_crashed',
    message: expect.stringMatching(
      /SIGKILL, probably for want of memory.*resume the run to go on from step/,
    ) as string,
  })
  expect(failed.resumable).toBe(true)
  const notices = await app.store.all<{ run_id: string }>('SELECT run_id FROM notice')
  expect(notices).toEqual([{ run_id: run.id }])
  await app.runs['runs.resume']({ runId: run.id }, quiet())
  const ended = await app.until(run.id, ({ status }) => status === 'finished')
  expect(ended).toMatchObject({ step: 300, error: null, usable: true })
  const { points } = await app.runs['runs.series']({ runId: run.id, maxPoints: 1_000 }, quiet())
  expect(points.map(({ step }) => step)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
})

test('stopped and kept, a run is scored and usable; a paused one can be kept too', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 3)
  expect((await app.runs['runs.stopAndKeep']({ runId: run.id }, quiet())).status).toBe('stopping')
  const kept = await app.until(run.id, ({ status }) => status === 'finished')
  expect(kept).toMatchObject({ stopped: 'kept', usable: true, after: { count: 5 } })

  const other = await app.start(endless)
  await app.until(other.id, ({ step }) => step > 3)
  await app.runs['runs.pause']({ runId: other.id }, quiet())
  const paused = await app.until(other.id, ({ status }) => status === 'paused')
  await app.runs['runs.stopAndKeep']({ runId: other.id }, quiet())
  const late = await app.until(other.id, ({ status }) => status === 'finished')
  expect(late).toMatchObject({ stopped: 'kept', usable: true, step: paused.step })
})

test('a discarded run leaves neither row, folder nor process', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 0)
  const watched = app.watch(run.id)
  await expect.poll(() => watched.updates.length).toBeGreaterThan(0)
  await app.runs['runs.discard']({ runId: run.id }, quiet())
  await expect(app.runs['runs.get']({ runId: run.id }, quiet())).rejects.toMatchObject({
    code: 'run_missing',
  })
  expect(await exists(run.folder)).toBe(false)
  expect(isAlive(pidOf(app, 0))).toBe(false)
  expect(await watched.ended).toMatchObject({ code: 'run_missing' })
})

test('what does not go with the state of a run is refused with a sentence', async () => {
  const app = await openRunsApp()
  const run = await app.start()
  await app.until(run.id, ({ status }) => status === 'finished')
  for (const method of ['runs.pause', 'runs.resume', 'runs.stopAndKeep'] as const)
    await expect(app.runs[method]({ runId: run.id }, quiet())).rejects.toMatchObject({
      code: 'run_state',
      message: expect.stringContaining('it has finished. Start a new run') as string,
    })
  const queued = [await app.start(endless), await app.start()]
  await expect(app.runs['runs.stopAndKeep']({ runId: queued[1]?.id ?? '' }, quiet())).rejects.toMatchObject({
    code: 'run_state',
    message: expect.stringContaining('has not learnt anything yet') as string,
  })
  await expect(app.runs['runs.rename']({ runId: run.id, name: '  ' }, quiet())).rejects.toMatchObject({
    code: 'name_invalid',
  })
  expect(await app.runs['runs.rename']({ runId: run.id, name: ' Mine ' }, quiet())).toMatchObject({
    name: 'Mine',
  })
})

test('quitting pauses the run; the next start offers to go on, and does', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 3)
  await app.runs.dispose()
  expect(isAlive(pidOf(app, 0))).toBe(false)
  const left = await app.runs['runs.get']({ runId: run.id }, quiet())
  expect(left).toMatchObject({ status: 'paused', resumable: true })
  const log = await app.store.all<{ text: string }>('SELECT text FROM run_log ORDER BY id DESC LIMIT 1')
  expect(log[0]?.text).toMatch(/^Paused because Loracle was closed, saved at step \d+\.$/)
  await app.close()

  const again = await openRunsApp(app.home)
  await again.runs.recover()
  await again.runs['runs.resume']({ runId: run.id }, quiet())
  await again.until(run.id, ({ status, step }) => status === 'running' && step > left.step)
  await again.runs['runs.discard']({ runId: run.id }, quiet())
})

test('after the app has died, its run is interrupted with a notice, and what waited starts', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 6)
  const waiting = await app.start()
  await app.runs['runs.pause']({ runId: waiting.id }, quiet())
  await app.runs.dispose()
  // What a host that died at work leaves in its store: the states, and no result of the run.
  await app.store.run(`UPDATE run SET status = 'running' WHERE id = ?`, run.id)
  await app.store.run(`UPDATE run SET status = 'queued' WHERE id = ?`, waiting.id)
  await rm(join(run.folder, 'result.json'))
  await app.close()

  const again = await openRunsApp(app.home)
  await again.runs.recover()
  expect(await again.until(run.id, () => true)).toMatchObject({
    status: 'interrupted',
    resumable: true,
    error: { code: 'run_interrupted', message: expect.stringMatching(/go on from step \d+/) as string },
  })
  expect(await again.store.all('SELECT run_id FROM notice')).toEqual([{ run_id: run.id }])
  await again.until(waiting.id, ({ status }) => status === 'finished')
})

test('a result that the app did not live to store is taken from the folder', async () => {
  const app = await openRunsApp()
  const run = await app.start()
  const ended = await app.until(run.id, ({ status }) => status === 'finished')
  await app.store.run(
    `UPDATE run SET status = 'running', stopped = NULL, outcome = NULL, scores_after = NULL WHERE id = ?`,
    run.id,
  )
  await app.store.run('DELETE FROM comparison')
  await app.runs.recover()
  expect(await app.until(run.id, () => true)).toMatchObject({
    status: 'finished',
    stopped: 'finished',
    usable: true,
    after: ended.after,
  })
  expect(await app.store.all('SELECT * FROM comparison')).toHaveLength(5)
})

test('a project deleted under a running job ends it, without an orphan', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 0)
  expect(await app.runs.hasActiveRun('p1')).toBe(true)
  expect(await app.runs.usesModel('tiny')).toBe(true)
  await app.runs.stopRuns('p1')
  expect(isAlive(pidOf(app, 0))).toBe(false)
  expect(await app.runs.hasActiveRun('p1')).toBe(false)

  await app.runs['runs.resume']({ runId: run.id }, quiet())
  await app.until(run.id, ({ status, step }) => status === 'running' && step > 0)
  await app.store.run(`DELETE FROM project WHERE id = 'p1'`)
  await expect.poll(() => app.runs.activeRun(), { timeout: 10_000 }).toBeNull()
  expect(isAlive(pidOf(app, 1))).toBe(false)
})

test('a vanished run folder or model is said in a sentence', async () => {
  const app = await openRunsApp()
  const run = await app.start(endless)
  await app.until(run.id, ({ step }) => step > 0)
  await rename(run.folder, `${run.folder}-moved`)
  const failed = await app.until(run.id, ({ status }) => status === 'failed')
  expect(failed.error).toMatchObject({
    code: 'file_missing',
    message: expect.stringMatching(/folder of the run "Run 1" is gone/) as string,
  })
  await expect(app.runs['runs.resume']({ runId: run.id }, quiet())).rejects.toMatchObject({
    code: 'file_missing',
  })

  const other = await app.start(endless)
  await app.until(other.id, ({ step }) => step > 0)
  await app.runs['runs.pause']({ runId: other.id }, quiet())
  await app.until(other.id, ({ status }) => status === 'paused')
  await rm(join(app.home, 'tiny/model'), { recursive: true })
  await app.runs['runs.resume']({ runId: other.id }, quiet())
  expect((await app.until(other.id, ({ status }) => status === 'failed')).error).toMatchObject({
    code: 'file_missing',
    message: expect.stringContaining('The model Tiny is gone') as string,
  })
})

test('a watcher gets a snapshot, then news in batches, each step once', async () => {
  const app = await openRunsApp()
  const run = await app.start({ ...tiny, epochs: 60 })
  const watched = app.watch(run.id)
  const began = performance.now()
  await app.until(run.id, ({ status }) => status === 'finished')
  const isEnd = (update: RunUpdate | undefined): boolean => update?.run?.status === 'finished'
  await expect.poll(() => watched.updates.some(isEnd)).toBe(true)
  // Ten times a second at most, and the first at once.
  expect(watched.updates.length).toBeLessThanOrEqual((performance.now() - began) / 100 + 2)
  expect(await watched.stop()).toMatchObject({ code: 'cancelled' })
  expect(watched.updates[0]?.kind).toBe('snapshot')
  const lastSnapshot = watched.updates.findLastIndex(({ kind }) => kind === 'snapshot')
  const steps = watched.updates
    .slice(lastSnapshot)
    .flatMap((update) => (update.kind === 'snapshot' ? update.series.points : update.points))
    .map(({ step }) => step)
  expect(steps).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
  const texts = watched.updates.flatMap(({ log }) => log).map(({ text }) => text)
  expect(texts).toContain('The tuned model answers the test questions.')
  expect(new Set(watched.updates.map(({ progress }) => progress.phase))).toContain('training')
})

test('the run folder is one that the command line can go on with', async () => {
  const app = await openRunsApp()
  const run = await app.start()
  const settings = JSON.parse(await readFile(join(run.folder, 'settings.json'), 'utf8')) as Record<
    string,
    unknown
  >
  expect(settings).toMatchObject({
    model: join(app.home, 'tiny/model'),
    datasets: [{ name: 'data', data: join(run.folder, 'data/train.jsonl'), weight: 1 }],
    validation: join(run.folder, 'data/validation.jsonl'),
    tests: [{ name: 'test', data: join(run.folder, 'data/test.jsonl') }],
  })
  await app.until(run.id, ({ status }) => status === 'finished')
})
