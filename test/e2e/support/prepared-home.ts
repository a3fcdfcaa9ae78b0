import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createApp, forkTrainer, plainCall } from '../../../main/app.ts'
import type { App } from '../../../main/app.ts'
import { repository } from '../../main/spawn-cli.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const guideline = join(repository, 'assets/sample/documents/sp800-63-3/sec7_tofedornottofed.md')

/** A home folder with one project that has data, documents, drafts, a finished run and search, a chat and an export. */
export async function prepareHome(): Promise<{ readonly home: string; readonly projectId: string }> {
  const home = await temporaryFolder()
  const app = await createApp({
    home,
    root: repository,
    version: '0.0.0',
    host: 'cli',
    startTrainer: () => forkTrainer(join(repository, 'trainer', 'worker.ts')),
  })
  try {
    return { home, projectId: await fillProject(app) }
  } finally {
    await app.dispose()
  }
}

async function fillProject({ handlers }: App): Promise<string> {
  const { id: projectId } = await handlers['projects.create']({ name: 'Returns' }, plainCall)
  const folder = await temporaryFolder()
  await mkdir(folder, { recursive: true })
  const files = {
    'help-desk.csv': [
      'Absatz;Frage;Antwort',
      ...helpDeskRows(40),
      'Lamps are sold by the dozen.;How are lamps sold?;sold by a dozen',
      '',
    ].join('\n'),
    'garden.md': '# Garden\n\nRoses are cut in March.\n\n## Bulbs\n\nTulips are planted in autumn.\n',
  }
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  for (const path of [...Object.keys(files).map((name) => join(folder, name)), guideline]) {
    const { mapping } = await handlers['data.inspect']({ file: { path } }, plainCall)
    await handlers['data.import']({ projectId, file: { path }, name: null, mapping, use: 'auto' }, plainCall)
  }
  await handlers['projects.choose']({ projectId, modelId: 'starter' }, plainCall)
  const request = { projectId, modelId: 'starter', runId: null, sourceId: null, most: 3 }
  await handlers['data.draft'](request, plainCall)
  const { id: runId } = await handlers['runs.start'](
    { projectId, modelId: 'starter', name: null, settings: { maxSteps: 2, batchSize: 4 } },
    plainCall,
  )
  await ended({ handlers }, runId)
  await searchSettings({ handlers }, projectId)
  const { id: chatId } = await handlers['chat.create']({ projectId }, plainCall)
  await handlers['chat.ask']({ chatId, question: 'When are roses cut?', runId }, plainCall)
  await handlers['exports.create']({ runId, kind: 'report', folder: null }, plainCall)
  return projectId
}

export function helpDeskRows(count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const text = `Article ${i} can be returned for ${10 + i} days. After that the shop decides. Ask for ""form ${i}"".`
    return `"${text}";"How long can article ${i} be returned?";"${10 + i} days"`
  })
}

/** Tries two settings for a step each, and waits until it is done. */
async function searchSettings({ handlers }: Pick<App, 'handlers'>, projectId: string): Promise<void> {
  const { id: searchId } = await handlers['search.start'](
    {
      projectId,
      modelId: 'starter',
      settings: { maxSteps: 1, batchSize: 4 },
      space: [{ name: 'rank', values: [2, 4] }],
      strategy: 'grid',
      trials: null,
      seed: 1,
      pruning: true,
      trialEpochs: null,
      keepScale: true,
    },
    plainCall,
  )
  for (;;) {
    const { status } = await handlers['search.get']({ searchId }, plainCall)
    if (status === 'finished') return
    if (status !== 'running') throw new Error(`The search is ${status}.`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Watches a run until it has ended. @throws where it failed */
async function ended({ handlers }: Pick<App, 'handlers'>, runId: string): Promise<void> {
  const over = new AbortController()
  let failure: string | null = null
  await handlers['runs.watch'](
    { runId, maxPoints: 2 },
    {
      signal: over.signal,
      emit: ({ run }) => {
        if (run?.status === 'failed') failure = run.error?.message ?? 'The run failed.'
        if (run?.status === 'finished' || run?.status === 'failed') over.abort()
      },
    },
  ).catch(() => undefined)
  if (failure !== null) throw new Error(failure)
}
