import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp } from '../../../main/app.ts'
import type { App } from '../../../main/app.ts'
import type { CallContext, Handlers } from '../../../main/contract/methods.ts'
import { openStore } from '../../../main/store/open.ts'
import type { TrainerProcess } from '../../../main/trainers/trainer-process.ts'
import { comparison, seedRun } from '../../support/stored-run.ts'
import { settingNames } from '../../../trainer/settings.ts'
import type { Known } from './hostile-arguments.ts'

export interface FuzzApp {
  readonly app: App
  readonly known: Known
  /** What lies where nothing may have been written; null where all is as it was. */
  strayed(): Promise<string | null>
}

const repository = join(import.meta.dirname, '../../..')
/** The folders of a fuzz app; relative paths are below the last. */
const places = ['home', 'chosen', 'elsewhere', 'sentinel', 'cwd']

/**
 * The whole app over a home folder below `root`, with a project, its data, a chat and a finished run, beside a folder
 * that a person may choose and one that nobody does. No trainer runs: it has its own tests, and ends at once here.
 */
export async function openFuzzApp(root: string): Promise<FuzzApp> {
  await rm(root, { recursive: true, force: true })
  for (const place of places) await mkdir(join(root, place), { recursive: true })
  const [home, folder] = [join(root, 'home'), join(root, 'chosen')]
  await fillFolder(folder)
  for (const place of ['sentinel', 'elsewhere']) await writeFile(join(root, place, 'kept.txt'), 'kept')
  process.chdir(join(root, 'cwd'))

  const store = await openStore(home)
  const { runId, projectId: ranIn } = await seedRun(store, {
    comparisons: [comparison({ id: 'a', tunedRight: true }), comparison({ id: '__proto__' })],
  })
  await store.close()
  const app = await createApp({
    home,
    root: repository,
    version: '1',
    host: 'web',
    startTrainer: endingTrainer,
  })
  const call = plain(app.handlers)
  const { id: projectId } = await call['projects.create']({ name: 'Fuzz' }, quiet)
  const files = ['data.csv', 'data.json', 'guide.md'].map((name) => join(folder, name))
  const sources = []
  for (const path of files)
    sources.push(
      await call['data.import']({ projectId, file: { path }, name: null, mapping: null, use: 'auto' }, quiet),
    )
  const chat = await call['chat.create']({ projectId }, quiet)
  await call['projects.choose']({ projectId, modelId: 'starter' }, quiet)
  return {
    app,
    known: {
      folder,
      files,
      ids: {
        projectId: [projectId, ranIn],
        runId: [runId],
        modelId: ['starter', 'starter-gpt-neo'],
        sourceId: sources.map(({ id }) => id),
        chatId: [chat.id],
        catalogueId: ['flan-t5-small'],
        setting: settingNames,
      },
    },
    strayed: async () => {
      const names = await readdir(root)
      const more = names.filter((name) => !places.includes(name))
      if (more.length > 0) return `${more.join(', ')} beside the home folder`
      const kept = await readdir(join(root, 'sentinel'))
      const text = await readFile(join(root, 'sentinel', 'kept.txt'), 'utf8').catch(() => 'nothing')
      return kept.length === 1 && text === 'kept'
        ? null
        : `${kept.join(', ')} where nothing may be, or ${text}`
    },
  }
}

const quiet = { emit: () => undefined, signal: new AbortController().signal } satisfies CallContext<never>

function plain(handlers: Handlers): Handlers {
  return handlers
}

function endingTrainer(): TrainerProcess {
  return {
    pid: undefined,
    send: () => undefined,
    onMessage: () => undefined,
    onExit: (listener) => setTimeout(() => listener({ exitCode: 1, signal: null, lastLines: [] }), 1),
    kill: () => undefined,
  }
}

async function fillFolder(folder: string): Promise<void> {
  const rows = Array.from({ length: 20 }, (_, i) => `The sky is blue ${i}.,What is blue ${i}?,The sky`)
  await writeFile(join(folder, 'data.csv'), `context,question,answer\n${rows.join('\n')}\n`)
  const records = Array.from({ length: 20 }, (_, i) =>
    JSON.parse(
      `{"__proto__":"p${i}","constructor":"c","toString":"t","context":"Grass is green ${i}.","question":"What ${i}?","answer":"Grass"}`,
    ),
  ) as unknown[]
  await writeFile(join(folder, 'data.json'), JSON.stringify(records))
  await writeFile(join(folder, 'guide.md'), `# Guide\n\n${'Rome lies on the Tiber. '.repeat(60)}\n`)
  await writeFile(join(folder, 'kept.txt'), 'Kept words.')
  await symlink('../elsewhere', join(folder, 'link-out'))
  await symlink('.', join(folder, 'link-loop'))
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(folder, 'pipe')])
}
