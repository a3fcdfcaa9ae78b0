import { mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorValueOf } from '../../main/app.ts'
import type { ErrorValue } from '../../main/contract/errors.ts'
import type { RunDetail } from '../../main/contract/runs.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { addTinyProject, endless, openCalledApp, short } from './bad-input-app.ts'
import type { CalledApp } from './bad-input-app.ts'
import { csv, goodRows } from './datasets/open-project.ts'
import { isAlive } from './spawn-cli.ts'

/** How a call failed; a call that succeeds is an error of its own. */
const failure = (call: Promise<unknown>): Promise<ErrorValue> =>
  call.then(
    (result) => Promise.reject(new Error(`It went well: ${JSON.stringify(result).slice(0, 200)}`)),
    (thrown: unknown) => errorValueOf(thrown),
  )

/** Waits until a run is as wanted. */
async function until(
  { call }: CalledApp,
  runId: string,
  wanted: (run: RunDetail) => boolean,
): Promise<RunDetail> {
  for (;;) {
    const run = await call('runs.get', { runId })
    if (wanted(run)) return run
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function finishedRun(app: CalledApp, { projectId, modelId }: { projectId: string; modelId: string }) {
  const { id } = await app.call('runs.start', { projectId, modelId, name: 'Made', settings: short })
  return until(app, id, ({ status }) => status === 'finished')
}

describe('a project that is deleted', () => {
  /** Deletes the project by force, and looks whether anything of it is left and the other one is whole. */
  async function remove(app: CalledApp, projectId: string, other: string): Promise<void> {
    await app.call('projects.delete', { projectId, force: true })
    expect(await readdir(join(app.home, 'projects')).catch(() => [])).not.toContain(projectId)
    expect(await failure(app.call('projects.get', { projectId }))).toMatchObject({ code: 'project_missing' })
    expect(await app.call('data.summary', { projectId: other })).toMatchObject({ examples: 24 })
    expect((await app.call('app.info', {})).notices).toEqual([])
  }
  const alive = ({ trainers }: CalledApp) =>
    trainers.filter(({ pid }) => pid !== undefined && isAlive(pid)).length

  test('under a running job, with one that waits', async () => {
    const app = await openCalledApp()
    const [going, other] = [await addTinyProject(app, 'Going'), await addTinyProject(app, 'Other')]
    const begin = () => app.call('runs.start', { ...ids(going), name: null, settings: endless })
    const run = await begin()
    await begin()
    await until(app, run.id, ({ step }) => step > 0)
    await remove(app, going.projectId, other.projectId)
    await expect.poll(() => alive(app)).toBe(0)
    expect(await app.call('runs.list', { projectId: null })).toEqual([])
    expect((await finishedRun(app, other)).status).toBe('finished')
  })

  test('under an estimate', async () => {
    const app = await openCalledApp()
    const [going, other] = [await addTinyProject(app, 'Going'), await addTinyProject(app, 'Other')]
    const begun = Promise.withResolvers<undefined>()
    const measured = failure(
      app.call(
        'runs.estimate',
        { ...ids(going), settings: endless },
        { onEvent: () => begun.resolve(undefined) },
      ),
    )
    await begun.promise
    await remove(app, going.projectId, other.projectId)
    expect(await measured).toMatchObject({ code: 'project_missing' })
    expect(alive(app)).toBe(0)
    expect(await readdir(join(app.home, 'projects')).catch(() => [])).not.toContain(going.projectId)
  })

  test('under an import', async () => {
    const app = await openCalledApp()
    const [going, other] = [await addTinyProject(app, 'Going'), await addTinyProject(app, 'Other')]
    const path = join(going.folder, 'long.csv')
    await writeFile(path, csv(goodRows(20_000)))
    const begun = Promise.withResolvers<undefined>()
    const imported = failure(
      app.call(
        'data.import',
        { projectId: going.projectId, file: { path }, name: null, mapping: null, use: 'auto' },
        { onEvent: () => begun.resolve(undefined) },
      ),
    )
    await begun.promise
    await remove(app, going.projectId, other.projectId)
    expect(await imported).toMatchObject({ code: 'project_missing' })
  })

  test('under an answer and an export', async () => {
    const app = await openCalledApp()
    const [going, other] = [await addTinyProject(app, 'Going'), await addTinyProject(app, 'Other')]
    const { id: runId } = await finishedRun(app, going)
    const { id: chatId } = await app.call('chat.create', { projectId: going.projectId })
    const begun = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const
    const answered = failure(
      app.call(
        'chat.ask',
        { chatId, question: 'Which sentence is short?', runId },
        { onEvent: ({ kind }) => kind === 'loading' && begun[0].resolve(undefined) },
      ),
    )
    await begun[0].promise
    const exported = failure(
      app.call(
        'exports.create',
        { runId, kind: 'merged', folder: null },
        { onEvent: () => begun[1].resolve(undefined) },
      ),
    )
    await begun[1].promise
    await remove(app, going.projectId, other.projectId)
    expect(await answered).toMatchObject({
      code: expect.stringMatching(/^(chat|project)_missing$/) as string,
    })
    expect(await exported).toMatchObject({ code: 'project_missing' })
    expect(await readdir(join(app.home, 'exports')).catch(() => [])).toEqual([])
  })
})

const ids = ({ projectId, modelId }: { projectId: string; modelId: string }) => ({ projectId, modelId })

describe('what is taken away or damaged beneath the app', () => {
  test('a model’s folder, under a run, before one that waits and before an answer', async () => {
    const app = await openCalledApp()
    const project = await addTinyProject(app)
    const first = await app.call('runs.start', { ...ids(project), name: null, settings: short })
    const second = await app.call('runs.start', { ...ids(project), name: null, settings: short })
    await until(app, first.id, ({ step }) => step > 0)
    await rm(project.modelFolder, { recursive: true })
    const ended = await until(app, first.id, ({ status }) => status === 'finished' || status === 'failed')
    expect(ended.error?.code ?? 'none').not.toBe('internal')
    const failed = await until(app, second.id, ({ status }) => status === 'failed')
    expect(failed.error).toMatchObject({
      code: 'file_missing',
      message: expect.stringMatching(/^The model .* is gone: .*Put it back/) as string,
    })
    const { id: chatId } = await app.call('chat.create', { projectId: project.projectId })
    const asked = await failure(app.call('chat.ask', { chatId, question: 'Which sentence?', runId: null }))
    expect(asked.code).toBe('file_missing')
    const ready = await app.call('runs.readiness', { ...ids(project), settings: short })
    expect(ready.problems[0]?.message).toContain('is gone')
  })

  test('a run’s folder', async () => {
    const app = await openCalledApp()
    const project = await addTinyProject(app)
    const { id: runId, folder } = await finishedRun(app, project)
    await rm(folder, { recursive: true })
    const { id: chatId } = await app.call('chat.create', { projectId: project.projectId })
    const question = 'Which sentence is short?'
    const failures = [
      await failure(app.call('chat.ask', { chatId, question, runId })),
      await failure(
        app.call('compare.ask', { projectId: project.projectId, runId, question, context: question }),
      ),
      await failure(app.call('exports.create', { runId, kind: 'adapter', folder: null })),
      await failure(app.call('exports.create', { runId, kind: 'merged', folder: null })),
    ]
    for (const one of failures) expect(one).toMatchObject({ code: 'file_missing' })
    // What the store holds is shown and exported as before.
    expect((await app.call('compare.summary', { runId })).questions).toBe(5)
    expect((await app.call('runs.series', { runId, maxPoints: 10 })).points).toEqual([])
    expect((await app.call('exports.create', { runId, kind: 'report', folder: null })).there).toBe(true)
    await app.call('runs.discard', { runId })
  })

  test('an adapter that is cut off', async () => {
    const app = await openCalledApp()
    const project = await addTinyProject(app)
    const { id: runId, folder } = await finishedRun(app, project)
    const path = join(folder, 'adapter', 'adapter_model.safetensors')
    await truncate(path, Math.floor((await stat(path)).size / 2))
    const { id: chatId } = await app.call('chat.create', { projectId: project.projectId })
    const question = 'Which sentence is short?'
    const failures = [
      await failure(app.call('chat.ask', { chatId, question, runId })),
      await failure(
        app.call('compare.ask', { projectId: project.projectId, runId, question, context: question }),
      ),
      await failure(app.call('exports.create', { runId, kind: 'merged', folder: null })),
      await failure(app.call('exports.create', { runId, kind: 'adapter', folder: null })),
    ]
    for (const { code, message } of failures) {
      expect(code).toMatch(/^(weights_invalid|adapter_invalid|file_unreadable)$/)
      expect(message).toContain('adapter_model.safetensors')
    }
    expect(await readdir(join(app.home, 'exports')).catch(() => [])).toEqual([])
    // The base model answers as before.
    expect(await app.call('chat.ask', { chatId, question, runId: null })).toMatchObject({ runId: null })
  })
})

test('temporaries of measurements that were cut off are removed at the next start', async () => {
  const home = join(await temporaryFolder(), 'home')
  const app = await openCalledApp(home)
  const { projectId } = await addTinyProject(app)
  const folder = join(home, 'projects', projectId)
  await mkdir(join(folder, 'estimate-1'), { recursive: true })
  await mkdir(join(folder, 'runs', 'kept'), { recursive: true })
  await writeFile(join(folder, 'runs', 'kept', 'file'), 'kept')
  await app.close()
  await openCalledApp(home)
  const names = await readdir(folder)
  expect([names.includes('estimate-1'), names.includes('runs')]).toEqual([false, true])
  expect(await readFile(join(folder, 'runs', 'kept', 'file'), 'utf8')).toBe('kept')
})
