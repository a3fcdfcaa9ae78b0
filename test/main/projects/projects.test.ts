import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createPreferences } from '../../../main/projects/preferences.ts'
import { createProjects } from '../../../main/projects/service.ts'
import { createChanges } from '../../../main/store/changes.ts'
import { openStore } from '../../../main/store/open.ts'
import type { Change } from '../../../main/contract/projects.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const call = { emit: () => undefined, signal: new AbortController().signal }

async function openProjects() {
  const home = await temporaryFolder()
  const store = await openStore(home)
  onTestFinished(() => store.close())
  const changes = createChanges()
  const seen: Change[] = []
  changes.subscribe((change) => seen.push(change))
  const active = new Set<string>()
  const projects = createProjects({
    store,
    changes,
    hasActiveRun: (id) => active.has(id),
    stopWork: (id) => {
      active.delete(id)
      return Promise.resolve()
    },
  })
  const create = (name: string) => projects['projects.create']({ name }, call)
  const insert = (table: string, row: Readonly<Record<string, string | number | null>>) =>
    store.run(
      `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${Object.keys(row)
        .map(() => '?')
        .join(', ')})`,
      ...Object.values(row),
    )
  return { home, store, projects, seen, active, create, insert }
}

const model = {
  name: 'Model',
  origin: 'folder',
  architecture: 't5',
  parameters: 1,
  bytes: 1,
  training_memory_mb: 1,
  added_at: 1,
} as const

const run = {
  name: 'Run',
  model_name: 'Model',
  model_folder: '/m',
  folder: '/r',
  settings: '{}',
  changed: '{}',
  splits: '{}',
  created_at: 1,
  queued_at: 1,
} as const

describe('names', () => {
  test('are trimmed, composed, and unique whatever their letter case', async () => {
    const { projects, create } = await openProjects()
    const { id, name } = await create('  A\u0308rzte   Fragen ')
    expect(name).toBe('Ärzte Fragen')
    await expect(create('ÄRZTE fragen')).rejects.toMatchObject({ code: 'name_taken' })
    const other = await create('Other')
    await expect(
      projects['projects.rename']({ projectId: other.id, name: 'ärzte fragen' }, call),
    ).rejects.toMatchObject({ code: 'name_taken' })
    expect((await projects['projects.rename']({ projectId: id, name: 'ärzte Fragen' }, call)).name).toBe(
      'ärzte Fragen',
    )
  })

  test.each(['', ' \n\t ', '\u202e', 'x'.repeat(101)])('%j is refused', async (name) => {
    const { create } = await openProjects()
    await expect(create(name)).rejects.toMatchObject({ code: 'name_invalid' })
  })

  test('of a hundred characters, emoji too, and hostile ones are names', async () => {
    const { projects, create } = await openProjects()
    const names = ['🙂'.repeat(100), `x'); DROP TABLE project; --`, '../../etc']
    for (const name of names) await create(name)
    const list = await projects['projects.list']({}, call)
    expect(list.map(({ name }) => name).sort()).toEqual([...names].sort())
  })

  test('two at once: one gets the name', async () => {
    const { create } = await openProjects()
    const results = await Promise.allSettled([create('Same'), create('same')])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('steps', () => {
  test('open one after another as the project grows', async () => {
    const { projects, create, insert } = await openProjects()
    const { id: projectId } = await create('Growing')
    const get = () => projects['projects.get']({ projectId }, call)
    const ready = async () => (await get()).steps.filter((step) => step.ready).map(({ step }) => step)
    const empty = await get()
    expect(empty.steps.map(({ step, ready: isReady, goTo }) => [step, isReady, goTo])).toEqual([
      ['data', false, 'data'],
      ['model', false, 'model'],
      ['train', false, 'data'],
      ['compare', false, 'train'],
      ['chat', false, 'data'],
      ['export', false, 'train'],
    ])
    expect(empty.steps[0]?.reason).toBe('Add a file with questions, or documents to mark questions in.')

    const source = {
      project_id: projectId,
      name: 'f',
      kind: 'dataset',
      format: 'csv',
      bytes: 1,
      imported_at: 1,
    }
    await insert('source', { ...source, id: 'hidden', ready: 0 })
    const passage = { project_id: projectId, title: '', place: '', text: 'text', words: 1 }
    await insert('passage', { ...passage, id: 1, source_id: 'hidden', hash: 'a' })
    const example = {
      project_id: projectId,
      key: 'k',
      question: 'q',
      answers: '[]',
      is_impossible: 1,
      grp: 'g',
      place: '',
      context_words: 1,
      question_words: 1,
      answer_words: 0,
    }
    await insert('example', { ...example, source_id: 'hidden', passage_id: 1 })
    expect(await get()).toMatchObject({ examples: 0, passages: 0 })
    expect(await ready()).toEqual([])
    await insert('source', { ...source, id: 'seen' })
    await insert('passage', { ...passage, id: 2, source_id: 'seen', hash: 'b' })
    await insert('example', { ...example, source_id: 'seen', passage_id: 2, split: 'test' })
    expect(await get()).toMatchObject({ examples: 1, passages: 1 })
    expect((await get()).steps[0]?.reason).toContain('held out')
    await insert('example', { ...example, source_id: 'seen', passage_id: 2 })
    expect(await ready()).toEqual(['data'])

    await insert('model', { ...model, id: 'bad', folder: '/bad', reason: 'Its folder is gone.' })
    await insert('model', { ...model, id: 'good', folder: '/good' })
    await projects['projects.choose']({ projectId, modelId: 'bad' }, call)
    expect((await get()).steps[1]?.reason).toContain('Its folder is gone.')
    await projects['projects.choose']({ projectId, modelId: 'good' }, call)
    expect(await ready()).toEqual(['data', 'model', 'train', 'chat'])

    await insert('run', { ...run, id: 'r1', project_id: projectId, status: 'running' })
    expect((await get()).lastRun).toEqual({ id: 'r1', status: 'running', f1Before: null, f1After: null })
    const finished = { ...run, project_id: projectId, status: 'finished', outcome: '{}', created_at: 2 }
    await insert('run', {
      ...finished,
      id: 'r2',
      ended_at: 5,
      scores_before: '{"f1":40.5}',
      scores_after: '{"f1":80}',
    })
    expect(await ready()).toEqual(['data', 'model', 'train', 'chat', 'export'])
    expect(await get()).toMatchObject({
      currentRunId: 'r2',
      runs: 2,
      lastRun: { id: 'r2', f1Before: 40.5, f1After: 80 },
    })
    const answers = { key: 'k', set_name: 's', question: 'q', base: '', tuned: '', gold: '[]' }
    await insert('comparison', {
      ...answers,
      run_id: 'r2',
      number: 0,
      base_right: 0,
      tuned_right: 0,
      base_f1: 0,
      tuned_f1: 0,
    })
    expect(await ready()).toHaveLength(6)
    for (const { reason, ready: isReady } of (await get()).steps) expect(reason === null).toBe(isReady)
  })

  test('choosing checks the model and the settings', async () => {
    const { projects, create } = await openProjects()
    const { id: projectId } = await create('Choosing')
    const choose = (more: { modelId?: string | null; settings?: Record<string, unknown> }) =>
      projects['projects.choose']({ projectId, ...more }, call)
    expect((await choose({ settings: { rank: 8 } })).settings).toEqual({ rank: 8 })
    await expect(choose({ settings: { rnak: 8 } })).rejects.toMatchObject({ code: 'setting_unknown' })
    await expect(choose({ modelId: 'none' })).rejects.toMatchObject({ code: 'model_missing' })
    expect(await choose({ modelId: null })).toMatchObject({ modelId: null, settings: { rank: 8 } })
    await expect(
      projects['projects.choose']({ projectId: 'none', settings: {} }, call),
    ).rejects.toMatchObject({ code: 'project_missing' })
  })
})

describe('deleting', () => {
  test('takes the rows and the folder; busy projects only by force', async () => {
    const { home, store, projects, seen, active, create, insert } = await openProjects()
    const { id: projectId } = await create('Going')
    const kept = await create('Staying')
    const folder = join(home, 'projects', projectId)
    await mkdir(join(folder, 'runs'), { recursive: true })
    await writeFile(join(folder, 'runs', 'file'), 'x')
    await insert('run', { ...run, id: 'r', project_id: projectId, status: 'running' })
    await insert('run_log', { run_id: 'r', at: 1, level: 'info', text: 't' })
    await insert('chat', { id: 'c', project_id: projectId, title: 't', created_at: 1, updated_at: 1 })
    active.add(projectId)
    const remove = (force: boolean) => projects['projects.delete']({ projectId, force }, call)
    await expect(remove(false)).rejects.toMatchObject({ code: 'project_busy' })
    expect((await stat(folder)).isDirectory()).toBe(true)
    await remove(true)
    expect(active.size).toBe(0)
    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' })
    for (const table of ['run', 'run_log', 'chat'])
      expect(await store.get(`SELECT count(*) AS count FROM ${table}`)).toEqual({ count: 0 })
    expect((await projects['projects.list']({}, call)).map(({ id }) => id)).toEqual([kept.id])
    expect(seen.at(-1)).toEqual({ topic: 'projects', projectId })
    await expect(remove(false)).rejects.toMatchObject({ code: 'project_missing' })
  })

  test('folders that a deletion left are swept; those of others and of a store put aside stay', async () => {
    const { home, projects, create } = await openProjects()
    await projects.sweepOrphans()
    const [{ id }, { id: deleted }] = [await create('Staying'), await create('Going')]
    await projects['projects.delete']({ projectId: deleted, force: false }, call)
    // As if the app had gone before it removed the folder.
    for (const name of [id, deleted, 'of-another-store'])
      await mkdir(join(home, 'projects', name, 'runs'), { recursive: true })
    await projects.sweepOrphans()
    expect((await readdir(join(home, 'projects'))).toSorted()).toEqual([id, 'of-another-store'].toSorted())
  })
})

test('preferences are kept, one by one', async () => {
  const { store } = await openProjects()
  const preferences = createPreferences({ store })
  expect(await preferences['preferences.get']({}, call)).toEqual({ theme: 'system', advanced: false })
  expect(await preferences['preferences.set']({ theme: 'dark' }, call)).toEqual({
    theme: 'dark',
    advanced: false,
  })
  await preferences['preferences.set']({ advanced: true }, call)
  expect(await createPreferences({ store })['preferences.get']({}, call)).toEqual({
    theme: 'dark',
    advanced: true,
  })
})
