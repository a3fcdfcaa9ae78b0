/** A home folder with a little of everything in it, and all that the contract's methods tell of it. */
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp, forkTrainer, plainCall } from '../../../main/app.ts'
import type { App } from '../../../main/app.ts'
import type { Methods, MethodName } from '../../../main/contract/methods.ts'
import { connect } from '../../../main/store/connection.ts'
import type { TrainerProcess } from '../../../main/trainers/trainer-process.ts'
import { tinySettings, writeTinyRun } from '../../support/tiny-run.ts'

const root = join(import.meta.dirname, '../../..')

export interface OpenHome {
  readonly app: App
  readonly call: <M extends MethodName>(name: M, args: Methods[M]['args']) => Promise<Methods[M]['result']>
  readonly close: () => Promise<void>
  /** Ends the trainers at once, as a fall of the machine does. */
  readonly killTrainers: () => void
}

/** Opens the app over a home folder; nothing that waits begins to train. */
export async function openHome(home: string): Promise<OpenHome> {
  const trainers: TrainerProcess[] = []
  const app = await createApp({
    home,
    root,
    version: '1',
    host: 'cli',
    startsWaitingRuns: false,
    startTrainer: () => {
      const trainer = forkTrainer(join(root, 'trainer', 'worker.ts'))
      trainers.push(trainer)
      return trainer
    },
  })
  return {
    app,
    call: async (name, args) => (await app.handlers[name](args as never, plainCall)) as never,
    close: () => app.dispose(),
    killTrainers: () => {
      for (const trainer of trainers) trainer.kill('SIGKILL')
    },
  }
}

export interface FullHome {
  readonly projectId: string
  readonly finishedRun: string
  readonly pausedRun: string
}

/** The settings of the run that is paused, which a run without a pause must equal. */
export const pausedSettings = { ...tinySettings, epochs: 60, saveEvery: 1 } as const

/** Fills a home: imports with problems, marks, mends, splits, drafts, runs, a search, a chat, a kept mapping. */
export async function fillHome(
  home: string,
  { withSearch, epochs = pausedSettings.epochs }: { readonly withSearch: boolean; readonly epochs?: number },
): Promise<FullHome> {
  const files = join(home, '..', 'files')
  await mkdir(files, { recursive: true })
  await writeTinyRun(files)
  await writeFile(
    join(files, 'odd.csv'),
    'question,context,answer\n' +
      'Who came?,"Ann came late, \u{1f600} and \u0000 Bo left.",Ann\n' +
      'Who left?,"Ann came late, \u{1f600} and \u0000 Bo left.",Boo\n' +
      'What?,,nothing\nWho came?,"Ann came late, \u{1f600} and \u0000 Bo left.",Ann\n',
  )
  await writeFile(
    join(files, 'guide.md'),
    [
      '# Guide',
      ...Array.from({ length: 40 }, (_, i) => `## Part ${i}\n\n${`The part ${i} tells of it. `.repeat(20)}`),
    ].join('\n\n'),
  )
  await writeFile(
    join(files, 'tasks.jsonl'),
    '{"instruction":"Say it.","input":"One.","output":"Uno."}\n'.repeat(3),
  )
  const open = await openHome(home)
  const { call } = open
  try {
    const model = await call('models.addFolder', { folder: join(files, 'model') })
    const { id: projectId } = await call('projects.create', { name: 'Tiny' })
    await call('projects.create', { name: 'Empty' })
    const bring = (file: string, use: 'train' | 'test' | 'auto') =>
      call('data.import', { projectId, file: { path: join(files, file) }, name: null, mapping: null, use })
    const train = await bring('train.json', 'train')
    await bring('validation.json', 'test')
    await bring('odd.csv', 'auto')
    await bring('guide.md', 'auto')
    await call('data.setWeight', { projectId, sourceId: train.id, weight: 0.1 + 0.2 })
    const { rows: passages } = await call('data.passages', {
      projectId,
      offset: 0,
      limit: 5,
      search: 'part',
      sourceId: null,
    })
    const passage = passages[0]
    if (!passage) throw new Error('no passage')
    await call('data.mark', { projectId, passageId: passage.id, question: 'What tells?', start: 0, end: 8 })
    await call('data.mend', { projectId, kind: null, ids: null, undo: false })
    await call('data.check', { projectId })
    const { rows: examples } = await call('data.examples', exampleQuery(projectId))
    const example = examples[3]
    if (!example) throw new Error('no example')
    await call('data.updateExample', {
      projectId,
      id: example.id,
      question: 'Changed?',
      answers: [...example.answers.map(({ text }) => text)],
    })
    await call('data.setSplits', {
      projectId,
      seed: 7,
      validation: { fraction: 0.2 },
      test: { fraction: 0.1 },
    })
    await call('data.saveMapping', {
      name: 'Mine',
      columns: ['question', 'context', 'answer'],
      mapping: (await call('data.inspect', { file: { path: join(files, 'odd.csv') } })).mapping as never,
    })
    await call('projects.choose', { projectId, modelId: model.id, settings: { ...tinySettings } })
    await call('preferences.set', { theme: 'dark', advanced: true })
    const start = (name: string, settings: object) =>
      call('runs.start', { projectId, modelId: model.id, name, settings: { ...settings } })
    const finished = await start('Whole', tinySettings)
    await until(open, finished.id, (status) => status === 'finished')
    const paused = await start('Half', { ...pausedSettings, epochs })
    await until(open, paused.id, (_status, step) => step > 2)
    await call('runs.pause', { runId: paused.id })
    await until(open, paused.id, (status) => status === 'paused')
    const chat = await call('chat.create', { projectId })
    await call('chat.ask', { chatId: chat.id, question: 'What does part 3 tell?', runId: finished.id })
    if (withSearch) {
      const search = await call('search.start', {
        projectId,
        modelId: model.id,
        settings: { ...tinySettings, epochs: 1 },
        space: [{ name: 'rank', values: [1, 2] }] as never,
        strategy: 'grid',
        trials: null,
        seed: 1,
        pruning: false,
        trialEpochs: null,
        keepScale: false,
      })
      while ((await call('search.get', { searchId: search.id })).status === 'running') await pause()
    }
    await open.close()
    await addDrafts(home, projectId)
    return { projectId, finishedRun: finished.id, pausedRun: paused.id }
  } catch (thrown) {
    await open.close()
    throw thrown
  }
}

/** Drafts as a model would have left them; a tiny random one drafts nothing. */
async function addDrafts(home: string, projectId: string): Promise<void> {
  const db = await connect(join(home, 'store.sqlite'), 'write')
  try {
    for (const state of ['waiting', 'waiting', 'dropped'])
      await db.run(
        `INSERT INTO draft (project_id, passage_id, question, answer, start, score, model_name, state)
          SELECT ?1, id, 'What? ' || id, 'The', 0, -0.30000000000000004, 'Tiny', ?2 FROM passage
          WHERE project_id = ?1 AND searchable = 1 AND id NOT IN (SELECT passage_id FROM draft) ORDER BY id LIMIT 1`,
        projectId,
        state,
      )
  } finally {
    await db.close()
  }
}

function exampleQuery(projectId: string) {
  return { projectId, offset: 0, limit: 500, search: null, split: null, sourceId: null, range: null } as const
}

export async function until(
  { call }: OpenHome,
  runId: string,
  wanted: (status: string, step: number) => boolean,
): Promise<void> {
  for (;;) {
    const run = await call('runs.get', { runId })
    if (wanted(run.status, run.step)) return
    if (run.status === 'failed') throw new Error(run.error?.message)
    await pause()
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, 30))

/** What the reading methods of the contract give, but for what is only of this process or this moment. */
export async function tellAll({ call }: OpenHome): Promise<Record<string, unknown>> {
  const told: Record<string, unknown> = {}
  const add = async (key: string, value: Promise<unknown>) => {
    told[key] = await value.catch((thrown: unknown) => ({ thrown: String(thrown) }))
  }
  await add('projects', call('projects.list', {}))
  await add('preferences', call('preferences.get', {}))
  await add('mappings', call('data.mappings', { columns: null }))
  await add('models', call('models.list', {}))
  await add('all runs', call('runs.list', { projectId: null }))
  for (const { id: projectId, name } of await call('projects.list', {})) {
    const page = { projectId, offset: 0, limit: 500 }
    await call('data.check', { projectId })
    await add(`${name} detail`, call('projects.get', { projectId }))
    await add(`${name} sources`, call('data.sources', { projectId }))
    await add(`${name} summary`, call('data.summary', { projectId }))
    await add(`${name} examples`, call('data.examples', exampleQuery(projectId)))
    await add(`${name} splits`, call('data.splits', { projectId }))
    await add(
      `${name} passages`,
      call('data.passages', { ...page, limit: 100, search: null, sourceId: null }),
    )
    await add(
      `${name} found`,
      call('data.passages', { ...page, limit: 100, search: 'part 7', sourceId: null }),
    )
    const problems = await call('data.problems', { projectId })
    told[`${name} problems`] = problems
    for (const { kind } of problems)
      await add(`${name} rows ${kind}`, call('data.problemRows', { ...page, limit: 100, kind }))
    for (const state of ['waiting', 'kept', 'dropped'] as const)
      await add(`${name} drafts ${state}`, call('data.drafts', { ...page, limit: 100, state }))
    await add(`${name} searches`, call('search.list', { projectId }))
    for (const { id } of await call('search.list', { projectId }))
      await add(`search ${id}`, call('search.get', { searchId: id }))
    await add(`${name} exports`, call('exports.list', { projectId }))
    await add(`${name} chats`, call('chat.list', { projectId }))
    for (const { id } of await call('chat.list', { projectId }))
      await add(`chat ${id}`, call('chat.get', { chatId: id }))
    for (const { id, name: run } of await call('runs.list', { projectId })) {
      await add(`run ${run}`, call('runs.get', { runId: id }))
      await add(`series ${run}`, call('runs.series', { runId: id, maxPoints: 1000 }))
      await add(`scores ${run}`, call('compare.summary', { runId: id }))
      await add(
        `answers ${run}`,
        call('compare.questions', {
          runId: id,
          offset: 0,
          limit: 100,
          verdict: null,
          search: null,
          set: null,
        }),
      )
    }
  }
  return JSON.parse(JSON.stringify(told)) as Record<string, unknown>
}

/** Names of what was told differently. */
export function differences(
  a: Readonly<Record<string, unknown>>,
  b: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (key) => JSON.stringify(a[key]) !== JSON.stringify(b[key]),
  )
}

/** Files that were set aside. */
export async function damagedFiles(home: string): Promise<string[]> {
  return (await readdir(home)).filter((name) => name.startsWith('store.damaged-'))
}

/** SQLite's own judgement of a store that is closed. */
export async function integrityOf(home: string): Promise<string> {
  const db = await connect(join(home, 'store.sqlite'), 'read')
  try {
    const rows = await db.all<{ integrity_check: string }>('PRAGMA integrity_check')
    const lost = await db.all('PRAGMA foreign_key_check')
    return lost.length > 0 ? `${lost.length} references to nothing` : (rows[0]?.integrity_check ?? '')
  } finally {
    await db.close()
  }
}
