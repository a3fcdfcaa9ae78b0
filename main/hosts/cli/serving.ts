import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { stat } from 'node:fs/promises'
import { plainCall } from '../../app.ts'
import type { Answering, App } from '../../app.ts'
import { startApiServer } from '../serve/api-server.ts'
import { modelIds } from '../serve/served.ts'
import type { Served, ServedModel } from '../serve/served.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption, modelOptions, settingsOptions, settingsSource } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { endSoon, onInterrupt } from './interrupts.ts'
import type { Output } from './output.ts'
import { withApp } from './with-app.ts'

const usualPort = 8347
const usualQueue = 64
const usualQueuePerClient = 16

export const serve: CliCommand = {
  name: 'serve',
  summary: "Answer programs that speak OpenAI's API, on this machine alone, until Ctrl-C.",
  usage: [
    '--project NAME [--run NAME] [--home DIR] [--port N] [--api-key KEY | --no-api-key] [--queue N] [--queue-per-client N] [--json]',
    '--model DIR [--adapter DIR] [--config FILE.json] [--set key=value …] [--port N] [--api-key KEY | --no-api-key] [--queue N] [--queue-per-client N] [--json]',
  ],
  options: {
    project: {
      value: 'NAME',
      summary:
        'A project of the window, by its name: its model, its newest finished run, and passages from its documents.',
    },
    run: { value: 'NAME', summary: 'A finished run of the project, by its name; the newest without it.' },
    ...homeOption,
    ...modelOptions,
    port: { value: 'N', summary: `The port on 127.0.0.1; ${usualPort} without it, 0 for any free one.` },
    'api-key': {
      value: 'KEY',
      summary:
        'What clients send as Authorization: Bearer KEY; LORACLE_API_KEY, or a new one that is printed, without it.',
    },
    'no-api-key': { value: null, summary: 'Answer every program of this machine.' },
    queue: {
      value: 'N',
      summary: `Questions that may wait in all, beside the one that is answered; ${usualQueue} without it. One more is refused with status 429.`,
    },
    'queue-per-client': {
      value: 'N',
      summary: `Questions of one client that may wait; ${usualQueuePerClient} without it. A client is what stands in the field user, or else a connection.`,
    },
    ...settingsOptions,
    ...jsonOption,
  },
  run: async (args, session) => {
    const limits = {
      waitingLimit: countOption(args, 'queue', usualQueue),
      waitingLimitPerClient: countOption(args, 'queue-per-client', usualQueuePerClient),
    }
    const door = { port: portOf(args), key: keyOf(args) }
    if (!args.has('project')) {
      const { settings, ...served } = await servedModel(args, session)
      const answering = session.openAnswering({ settings, ...limits })
      return withInterrupts((signal) =>
        serveUntil(signal, { served: { ...served, settings: {}, answering }, ...door }, session.output),
      )
    }
    refuseBeside(args, 'project', ['model', 'adapter', 'config', 'set'])
    return withApp(session, { home: args.get('home') }, async (app, signal) => {
      const served = await servedProject(app, args)
      const answering = session.openAnswering(limits)
      return serveUntil(signal, { served: { ...served, answering }, ...door }, session.output)
    })
  },
}

interface Serving {
  readonly served: Served & { readonly answering: Answering }
  readonly port: number
  readonly key: string | null
}

async function serveUntil(
  signal: AbortSignal,
  { served, port, key }: Serving,
  output: Output,
): Promise<number> {
  const { answering, models } = served
  try {
    const server = await startApiServer({ served, port, key }).catch((thrown: unknown) => {
      throw isPortTaken(thrown) ? new Failure('usage', portTaken(port), { port }) : thrown
    })
    try {
      const ids = models.map(({ id }) => id)
      output.value({ type: 'listening', address: server.address, port: server.port, key, models: ids })
      output.text(listeningText(server.address, key, ids))
      await new Promise<void>((done) => {
        if (signal.aborted) done()
        signal.addEventListener('abort', () => done())
      })
      output.progress.print('Closing; what waits is refused. Ctrl-C again ends it at once.')
    } finally {
      await server.close()
    }
    return 0
  } finally {
    await answering.dispose()
  }
}

function listeningText(address: string, key: string | null, ids: readonly string[]): string {
  return [
    `Loracle answers at ${address}`,
    key === null ? 'Every program of this machine may ask.' : `API key: ${key}`,
    `Models: ${ids.join(', ')}`,
    'Ctrl-C ends it.',
    '',
  ].join('\n')
}

async function servedModel(args: Arguments, { engine }: Session) {
  refuseBeside(args, 'model', ['run', 'home'])
  const model = resolve(args.require('model'))
  const adapter = args.get('adapter')
  await requireFolder(model, 'model')
  if (adapter !== null) await requireFolder(resolve(adapter), 'adapter')
  const settings = await engine.givenSettings(settingsSource(args))
  const base: ServedModel = { id: modelIds.base, model, adapter: null }
  const models: Served['models'] =
    adapter === null ? [base] : [{ id: modelIds.tuned, model, adapter: resolve(adapter) }, base]
  return { models, settings, form: 'qa' as const, search: null }
}

async function servedProject(app: App, args: Arguments): Promise<Omit<Served, 'answering'>> {
  const { handlers } = app
  const { id: projectId } = await findProject(app, args.require('project'))
  const { currentRunId } = await handlers['projects.get']({ projectId }, plainCall)
  const runName = args.get('run')
  const runId = runName === null ? currentRunId : await runOf(app, projectId, runName)
  const { base, tuned, settings, form, search } = await app.askedProject(projectId, runId)
  const baseModel: ServedModel = { id: modelIds.base, ...base }
  const models: Served['models'] = tuned ? [{ id: modelIds.tuned, ...tuned }, baseModel] : [baseModel]
  return { models, settings, form, search }
}

async function runOf({ handlers }: App, projectId: string, name: string): Promise<string> {
  const runs = await handlers['runs.list']({ projectId }, plainCall)
  const run = runs.find((one) => one.id === name || one.name.toLowerCase() === name.trim().toLowerCase())
  if (run) return run.id
  const known = runs.map((one) => one.name).join(', ')
  throw new Failure(
    'run_missing',
    `There is no run ${name} in this project. ${known === '' ? 'It has none yet.' : `It has ${known}.`}`,
    { name },
  )
}

function keyOf(args: Arguments): string | null {
  const given = args.get('api-key') ?? process.env['LORACLE_API_KEY'] ?? null
  if (args.has('no-api-key')) {
    refuseBeside(args, 'no-api-key', ['api-key'])
    return null
  }
  if (given === null || given === '') return `loracle-${randomBytes(24).toString('base64url')}`
  if (/^[\x21-\x7E]{8,256}$/.test(given)) return given
  throw new Failure('usage', 'An API key has 8 to 256 letters, digits or signs of ASCII, without spaces.')
}

function portOf(args: Arguments): number {
  const port = countOption(args, 'port', usualPort, 0)
  if (port <= 65_535) return port
  throw new Failure('usage', `--port takes a number up to 65535.`, { port })
}

function countOption(args: Arguments, name: string, usual: number, least = 1): number {
  const text = args.get(name)
  if (text === null) return usual
  const count = Number(text)
  if (/^\d{1,6}$/.test(text) && count >= least) return count
  throw new Failure('usage', `--${name} takes a whole number from ${least} on, not ${text}.`, {
    [name]: text,
  })
}

function refuseBeside(args: Arguments, name: string, others: readonly string[]): void {
  const other = others.find((one) => args.has(one))
  if (other === undefined) return
  throw new Failure('usage', `--${other} does not go with --${name}: leave one of them out.`, {
    option: other,
  })
}

async function requireFolder(path: string, what: 'model' | 'adapter'): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return
  throw new Failure(
    'file_missing',
    `${path} is no folder of ${what === 'model' ? 'a model' : 'an adapter'}. Check the path.`,
    {
      path,
    },
  )
}

async function withInterrupts<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  const stopping = new AbortController()
  const release = onInterrupt(() => {
    if (stopping.signal.aborted) endSoon()
    else stopping.abort()
  })
  try {
    return await work(stopping.signal)
  } finally {
    release()
  }
}

function isPortTaken(thrown: unknown): boolean {
  return (
    thrown instanceof Error && 'code' in thrown && (thrown.code === 'EADDRINUSE' || thrown.code === 'EACCES')
  )
}

function portTaken(port: number): string {
  return `Port ${port} cannot be used: another program has it, or it is reserved. Choose another with --port.`
}
