import type { RunDetail } from '../../main/contract/runs.ts'
import { createAnswering } from '../../main/trainers/answering.ts'
import type { TrainerProcess } from '../../main/trainers/trainer-process.ts'
import { openSoakApp, startTrainer } from './soak-app.ts'
import type { SoakApp } from './soak-app.ts'
import { makeSoakProject, soakSettings } from './soak-project.ts'

/** Where processes are started and stopped. */
export interface Scene {
  readonly home: string
  /** Changes where a way closes the app and opens it again. */
  soak: SoakApp
  readonly projectId: string
  readonly modelId: string
  readonly files: { readonly model: string; readonly table: string }
}

const short = { ...soakSettings, maxSteps: 3, bestMetric: 'loss' }
const endless = { ...soakSettings, maxSteps: 1_000_000, bestMetric: 'loss' }

async function until<T>(look: () => Promise<T | null>): Promise<T> {
  const end = performance.now() + 120_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > end) throw new Error('What was waited for did not come within two minutes.')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

const settled = (scene: Scene, runId: string, statuses: readonly RunDetail['status'][]): Promise<RunDetail> =>
  until(async () => {
    const run = await scene.soak.client.call('runs.get', { runId })
    return statuses.includes(run.status) ? run : null
  })

/** Starts a run; one without an end is waited for until it has done a step. */
async function begin(scene: Scene, settings: typeof short, projectId = scene.projectId): Promise<string> {
  const { client } = scene.soak
  const { id } = await client.call('runs.start', { projectId, modelId: scene.modelId, name: null, settings })
  if (settings !== endless) return id
  const over = new AbortController()
  await client
    .call(
      'runs.watch',
      { runId: id, maxPoints: 2 },
      { signal: over.signal, onEvent: ({ progress }) => progress.step > 0 && over.abort() },
    )
    .catch(() => undefined)
  return id
}

const discard = (scene: Scene, runId: string): Promise<null> =>
  scene.soak.client.call('runs.discard', { runId })

/** Trains until the process gets a signal, and sees that the run fails by it. */
const dies = (signal: 'SIGKILL' | 'SIGSEGV' | 'SIGABRT') => async (scene: Scene) => {
  const runId = await begin(scene, endless)
  process.kill(scene.soak.newest().pid ?? -1, signal)
  const { error } = await settled(scene, runId, ['failed'])
  if (error?.code !== 'trainer_crashed')
    throw new Error(`After ${signal} the run tells of ${error?.code ?? 'nothing'}.`)
  await discard(scene, runId)
}

function openAnswering({ files }: Scene, idleMs: number) {
  let trainer: TrainerProcess | undefined
  const answering = createAnswering({
    startTrainer: () => (trainer = startTrainer()),
    idleMs,
    settings: { threads: 1 },
  })
  const contexts = ['The sentence 1 is so short. The other is long.']
  const request = {
    model: files.model,
    adapters: [null],
    question: 'Which is short?',
    contexts,
    settings: {},
  }
  return { answering, ask: () => answering.ask(request), pid: () => trainer?.pid ?? -1 }
}

/** Every way in which a process of the app is started and comes to its end. */
export const processWays = {
  'trained to the end': async (scene) => {
    const runId = await begin(scene, short)
    await settled(scene, runId, ['finished'])
    await discard(scene, runId)
  },
  'answered, ended when idle': async (scene) => {
    const { answering, ask } = openAnswering(scene, 30)
    await ask()
    await new Promise((resolve) => setTimeout(resolve, 60))
    await answering.dispose()
  },
  'killed while it trains': dies('SIGKILL'),
  paused: async (scene) => {
    const runId = await begin(scene, endless)
    await scene.soak.client.call('runs.pause', { runId })
    await settled(scene, runId, ['paused'])
    await discard(scene, runId)
  },
  'answered, then closed': async (scene) => {
    const { answering, ask } = openAnswering(scene, 60_000)
    await ask()
    await answering.dispose()
  },
  'discarded while it trains': async (scene) => {
    await discard(scene, await begin(scene, endless))
  },
  'stopped and kept': async (scene) => {
    const runId = await begin(scene, endless)
    await scene.soak.client.call('runs.stopAndKeep', { runId })
    await settled(scene, runId, ['finished'])
    await discard(scene, runId)
  },
  'the app closed while it trains': async (scene) => {
    const runId = await begin(scene, endless)
    await scene.soak.close()
    scene.soak = await openSoakApp(scene.home)
    await settled(scene, runId, ['paused'])
    await discard(scene, runId)
  },
  'crashed while it trains': dies('SIGSEGV'),
  'aborted while it trains': dies('SIGABRT'),
  'killed while it answers, and asked again': async (scene) => {
    const { answering, ask, pid } = openAnswering(scene, 60_000)
    await ask()
    process.kill(pid(), 'SIGKILL')
    await until(() => ask().catch(() => null))
    await answering.dispose()
  },
  'paused and resumed': async (scene) => {
    const { client } = scene.soak
    const runId = await begin(scene, endless)
    await client.call('runs.pause', { runId })
    await settled(scene, runId, ['paused'])
    await client.call('runs.resume', { runId })
    await settled(scene, runId, ['running'])
    await discard(scene, runId)
  },
  measured: async ({ soak: { client }, projectId, modelId }) => {
    await client.call('runs.estimate', { projectId, modelId, settings: { ...short, maxSteps: 50 } })
  },
  'measuring taken back': async ({ soak: { client }, projectId, modelId }) => {
    const taken = new AbortController()
    setTimeout(() => taken.abort(), 300)
    const settings = { ...short, maxSteps: 60, seed: Math.floor(Math.random() * 1e6) }
    await client
      .call('runs.estimate', { projectId, modelId, settings }, { signal: taken.signal })
      .catch(() => undefined)
  },
  'the project deleted while it trains': async (scene) => {
    const { client } = scene.soak
    const { projectId } = await makeSoakProject(client, scene.files, 'Gone')
    await begin(scene, endless, projectId)
    await client.call('projects.delete', { projectId, force: true })
  },
  'asked in a chat, then the app closed': async (scene) => {
    const { id: chatId } = await scene.soak.client.call('chat.create', { projectId: scene.projectId })
    await scene.soak.client.call('chat.ask', { chatId, question: 'Which is short?', runId: null })
    await scene.soak.close()
    scene.soak = await openSoakApp(scene.home)
    await scene.soak.client.call('chat.delete', { chatId })
  },
} as const satisfies Readonly<Record<string, (scene: Scene) => Promise<void>>>

export type ProcessWay = (scene: Scene) => Promise<void>
