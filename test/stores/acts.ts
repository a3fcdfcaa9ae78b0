/** What a person does with an earlier version of the app, in a process of its own: ACT ROOT FOLDER. See make-store.ts. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { files } from './own-texts.ts'

const [act = '', root = '', folder = ''] = process.argv.slice(2)
// Nothing is fetched: a download that is asked for fails, and stays in the store as such.
globalThis.fetch = () => Promise.reject(new TypeError('fetch failed'))

type Answer = Readonly<Record<string, unknown>> & { readonly id: string }
type Method = (args: unknown, context: unknown) => Promise<Answer>
interface OldApp {
  readonly handlers: Readonly<Record<string, Method | undefined>>
  dispose(): Promise<void>
}
interface TrainerProcess {
  kill(signal: string): void
}
const load = async (path: string) =>
  (await import(pathToFileURL(join(root, path)).href)) as Readonly<Record<string, never>>

const { createApp } = (await load('main/app.ts')) as unknown as {
  createApp(options: object): Promise<OldApp>
}
const { forkTrainer } = (await load('main/trainers/trainer-process.ts')) as unknown as {
  forkTrainer(path: string): TrainerProcess
}
const { writeTinyRun, tinySettings } = (await load('test/support/tiny-run.ts')) as unknown as {
  writeTinyRun(folder: string): Promise<void>
  tinySettings: object
}
let trainer: TrainerProcess | undefined
const app = await createApp({
  home: join(folder, 'home'),
  root,
  version: '1',
  host: 'cli',
  startsWaitingRuns: false,
  startTrainer: () => (trainer = forkTrainer(join(root, 'trainer', 'worker.ts'))),
})
const knows = (method: string): boolean => app.handlers[method] !== undefined
const call = async (method: string, args: object = {}): Promise<Answer> => {
  const handler = app.handlers[method]
  if (!handler) throw new Error(`This version has no ${method}.`)
  return handler(args, { emit: () => undefined, signal: new AbortController().signal })
}
const list = async (method: string, args: object = {}): Promise<readonly Answer[]> =>
  (await call(method, args)) as unknown as readonly Answer[]

const endless = { ...tinySettings, epochs: 100_000, evaluateEvery: 1_000 }
const statusOf = async (runId: string): Promise<string> =>
  String((await call('runs.get', { runId }))['status'])
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; !(await isSo()); i++) {
    if (i > 1200) throw new Error(`Waited too long: ${isSo.toString()}`)
    await sleep(100)
  }
}
const hasBegun = (runId: string) => async () => Number((await call('runs.get', { runId }))['step']) > 3

if (act === 'work') {
  await work()
  await app.dispose()
} else {
  const [project] = (await list('projects.list')).filter(({ name }) => String(name).startsWith('Häuser'))
  const projectId = project?.id ?? ''
  const { modelId } = await call('projects.get', { projectId })
  const name = act === 'killed' ? 'Interrupted' : 'At work'
  const { id: runId } = await call('runs.start', { projectId, modelId, name, settings: endless })
  await call('runs.start', { projectId, modelId, name: `Behind ${name}`, settings: tinySettings })
  await until(hasBegun(runId))
  process.kill(process.pid, 'SIGKILL')
}

async function work(): Promise<void> {
  await mkdir(join(folder, 'texts'), { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, 'texts', name), text)
  await writeTinyRun(join(folder, 'tiny'))
  await call('preferences.set', { theme: 'dark', advanced: true })
  const model = await call('models.addFolder', { folder: join(folder, 'tiny', 'model') })
  await list('models.list')
  await call('models.download', { catalogueId: 'flan-t5-small' })

  await call('projects.create', { name: 'Пустой проект' })
  const { id: projectId } = await call('projects.create', { name: 'Häuser & Gärten 🏡 (“quoted”)' })
  await importAll(projectId)
  await workOnData(projectId)
  await call('projects.choose', { projectId, modelId: model.id, settings: { epochs: 2, rank: 4 } })
  if (knows('data.draft')) await draft(projectId)
  const request = { projectId, modelId: model.id, settings: tinySettings }
  await call('runs.estimate', request)
  await trainSome(request)
  if (knows('search.start')) await search(projectId, model.id)
}

async function importAll(projectId: string): Promise<void> {
  const path = (name: string) => join(folder, 'texts', name)
  const given = (name: string, more: object = {}) =>
    call('data.import', {
      projectId,
      file: { path: path(name) },
      name: null,
      mapping: null,
      use: 'auto',
      ...more,
    })
  await given('garden.md')
  await given('garden-copy.md')
  await given('questions.json')
  await given('more-questions.json', { use: 'test' })
  const roles = { context: 'texte', question: 'frage', answer: 'réponse' }
  const mapping = knows('data.expand') ? { form: 'qa', roles } : { roles }
  await given('tabelle.csv', { mapping, name: 'Tabelle “ä”.csv' })
  await call('data.import', {
    projectId,
    file: { path: join(folder, 'tiny', 'train.json') },
    name: null,
    mapping: null,
    use: 'train',
  })
  if (knows('data.expand')) await given('tasks.jsonl')
  const removed = await given('removed.md')
  await call('data.removeSource', { projectId, sourceId: removed.id })
  if (knows('data.saveMapping'))
    await call('data.saveMapping', { name: 'Meine Spalten', columns: Object.values(roles), mapping })
  if (knows('data.setWeight')) {
    const [source] = await list('data.sources', { projectId })
    await call('data.setWeight', { projectId, sourceId: source?.id, weight: 2.5 })
  }
}

async function workOnData(projectId: string): Promise<void> {
  const page = { projectId, offset: 0, limit: 50 }
  for (const { kind } of await list('data.problems', { projectId })) {
    const { rows } = await call('data.problemRows', { ...page, kind })
    const [first] = rows as readonly Answer[]
    if (first) await call('data.mend', { projectId, kind, ids: [first.id], undo: false }).catch(() => null)
  }
  const { rows } = await call('data.passages', { ...page, search: 'compost', sourceId: null })
  const [passage] = rows as readonly Answer[]
  await call('data.mark', { projectId, passageId: passage?.id, question: 'Wo beginnt es?', start: 0, end: 6 })
  const all = await call('data.examples', { ...page, search: null, split: null, sourceId: null, range: null })
  const example = (all['rows'] as readonly Answer[]).find(({ question }) =>
    String(question).includes('often'),
  )
  const id = example?.id
  await call('data.updateExample', { projectId, id, question: 'How often, then?', answers: ['twice a week'] })
  if (knows('data.setUse')) {
    await call('data.check', { projectId })
    const splits = { seed: 7, validation: { fraction: 0.2 }, test: { count: 3 } }
    await call('data.setSplits', { projectId, ...splits })
  } else await call('data.setSplits', { projectId, seed: 7, validationFraction: 0.2, testFraction: 0.1 })
}

async function draft(projectId: string): Promise<void> {
  const request = { projectId, modelId: 'starter', runId: null, sourceId: null, most: 4 }
  await call('data.draft', request).catch((thrown: unknown) =>
    process.stdout.write(`No drafts: ${String(thrown)}\n`),
  )
  const waiting = { projectId, state: 'waiting', offset: 0, limit: 10 }
  const rows = (await call('data.drafts', waiting))['rows'] as readonly Answer[]
  for (const [i, verdict] of (['keep', 'drop'] as const).entries())
    if (rows[i])
      await call('data.reviewDraft', { projectId, id: rows[i].id, verdict, question: null, span: null })
  process.stdout.write(`${rows.length} drafts\n`)
}

interface TrainRequest {
  readonly projectId: string
  readonly modelId: string
  readonly settings: object
}

async function trainSome(request: TrainRequest): Promise<void> {
  const { projectId } = request
  const ended = (runId: string, status: string) => until(async () => (await statusOf(runId)) === status)
  const { id: runId } = await call('runs.start', { ...request, name: 'First run' })
  await ended(runId, 'finished')
  await call('compare.summary', { runId })
  const { id: chatId } = await call('chat.create', { projectId })
  await call('chat.ask', { chatId, question: 'How often is the compost turned? 🌱', runId })
  await call('chat.ask', { chatId, question: 'Wann wird geschnitten?', runId: null })
  await call('chat.create', { projectId })
  const adapter = await call('exports.create', { runId, kind: 'adapter', folder: null })
  await call('exports.create', { runId, kind: 'report', folder: null })

  const begin = async (name: string, settings: object) => {
    const { id } = await call('runs.start', { ...request, name, settings })
    await until(hasBegun(id))
    return id
  }
  const kept = await begin('Kept', endless)
  await call('runs.stopAndKeep', { runId: kept })
  await ended(kept, 'finished')
  const paused = await begin('Paused', endless)
  await call('runs.pause', { runId: paused })
  await ended(paused, 'paused')
  const failed = await begin('Failed', endless)
  trainer?.kill('SIGKILL')
  await ended(failed, 'failed')
  const discarded = await begin('Discarded', endless)
  await call('runs.discard', { runId: discarded })
  if (knows('adapters.import'))
    await call('adapters.import', {
      projectId,
      modelId: request.modelId,
      folder: String(adapter['path']),
      name: 'From elsewhere',
    })
}

async function search(projectId: string, modelId: string): Promise<void> {
  const request = {
    projectId,
    modelId,
    settings: tinySettings,
    space: [{ name: 'learningRate', values: [0.001, 0.02] }],
    strategy: 'grid',
    trials: null,
    seed: 3,
    pruning: true,
    trialEpochs: 1,
    keepScale: true,
  }
  const statusIs = (searchId: string, wanted: string) =>
    until(async () => String((await call('search.get', { searchId }))['status']) === wanted)
  const { id: searchId } = await call('search.start', request)
  await statusIs(searchId, 'finished')
  const { id: stopped } = await call('search.start', { ...request, trialEpochs: null })
  await call('search.stop', { searchId: stopped })
  await statusIs(stopped, 'stopped')
}
