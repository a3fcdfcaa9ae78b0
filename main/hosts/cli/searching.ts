import type { App } from '../../app.ts'
import { nearestName, plainCall } from '../../app.ts'
import type { SearchDetail, SearchInfo, TrialInfo } from '../../contract/searches.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption, settingsOptions, settingsSource } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { countOf, shellWord } from './format.ts'
import type { Output } from './output.ts'
import { readNumber, readSearchWish } from './search-arguments.ts'
import { progressText, searchList, searchTable, trialLine } from './search-view.ts'
import { showProjectRun } from './train.ts'
import { createTrainingFeed } from './training-feed.ts'
import type { TrainingFeed } from './training-feed.ts'
import { withApp } from './with-app.ts'

export const search: CliCommand = {
  name: 'search',
  summary: "Try several settings on a project's data, one trial after the other, and train with the best.",
  usage: [
    'start --project NAME [--over key=VALUES …] [--strategy random|grid] [--trials N] [--trial-epochs N] [--seed N] [--no-pruning] [--fixed-alpha] [--model DIR] [--config FILE.json] [--set key=value …] [--home DIR] [--json]',
    'list --project NAME [--home DIR] [--json]',
    'get [SEARCH] --project NAME [--home DIR] [--json]',
    'resume [SEARCH] --project NAME [--home DIR] [--json]',
    'choose [SEARCH] --project NAME [--trial N] [--home DIR] [--json]',
    'discard SEARCH --project NAME [--home DIR] [--json]',
  ],
  options: {
    project: {
      value: 'NAME',
      summary: 'A project of the window, by its name: its data, model and settings.',
    },
    over: {
      value: 'key=VALUES',
      summary:
        'What is tried of a setting: rank=4,8,16 or learningRate=1e-4..1e-2; may be given several times. Without it learning rate and rank.',
      multiple: true,
    },
    strategy: {
      value: 'random|grid',
      summary: 'Draw the settings (the usual way), or try every combination.',
    },
    trials: { value: 'N', summary: 'At most so many trials; 8 drawn ones, or the whole grid, without it.' },
    'trial-epochs': {
      value: 'N',
      summary: 'Epochs of a trial; at most 3 without it. The chosen one trains all.',
    },
    seed: { value: 'N', summary: 'Seed of the draws and of the order; 42 without it.' },
    'no-pruning': { value: null, summary: 'Train every trial to its end, also one that does badly.' },
    'fixed-alpha': {
      value: null,
      summary: 'Leave alpha as it is where the rank is searched; otherwise alpha / rank stays.',
    },
    trial: { value: 'N', summary: 'The trial to choose; the best without it.' },
    model: { value: 'DIR', summary: 'A model folder to use instead of the one that the project has chosen.' },
    ...settingsOptions,
    ...homeOption,
    ...jsonOption,
  },
  words: 2,
  listsSettings: true,
  run: (args, session) => {
    const [verb, name] = args.words
    const action = verb !== undefined && Object.hasOwn(actions, verb) ? actions[verb] : undefined
    if (!action) throw unknownAction(verb)
    const strange = Object.keys(search.options).find(
      (option) => args.has(option) && !common.includes(option) && !action.options.includes(option),
    )
    if (strange) throw usage(`search ${verb ?? ''} takes no --${strange}.`)
    if (verb === 'start' && name !== undefined) throw usage(`search start takes no ${JSON.stringify(name)}.`)
    if (verb === 'discard' && name === undefined) throw usage('search discard needs the name of a search.')
    const project = args.require('project')
    const home = args.get('home')
    const feed = createTrainingFeed()
    return withApp(session, { home, onTraining: feed.listen }, (app, signal) =>
      action.run(app, { args, name: name ?? null, project, home, feed, session, signal }),
    )
  },
}

interface Request {
  readonly args: Arguments
  /** Of the search; null for the newest. */
  readonly name: string | null
  readonly project: string
  readonly home: string | null
  readonly feed: TrainingFeed
  readonly session: Session
  readonly signal: AbortSignal
}

interface Action {
  /** The options that it takes beside the common ones. */
  readonly options: readonly string[]
  run(app: App, request: Request): Promise<number>
}

const common = ['project', 'home', 'json']

const actions: Readonly<Record<string, Action>> = {
  start: {
    options: [
      'over',
      'strategy',
      'trials',
      'trial-epochs',
      'seed',
      'no-pruning',
      'fixed-alpha',
      'model',
      'config',
      'set',
    ],
    run: async (app, request) => {
      const begun = await startSearch(app, request)
      const { progress } = request.session.output
      progress.print(`${begun.name}: ${countOf(begun.total, 'trial')}, judged by the validation examples`)
      return follow(app, begun, request)
    },
  },
  list: {
    options: [],
    run: async (app, { project, session: { output } }) => {
      const all = await listOf(app, project)
      for (const one of all) output.value({ type: 'search', ...one })
      output.text(all.length === 0 ? noSearch(project) : `${searchList(all)}\n`)
      return 0
    },
  },
  get: {
    options: [],
    run: async (app, request) => {
      const { output } = request.session
      const found = await detailOf(app, await findSearch(app, request))
      output.value({ type: 'search', ...found })
      output.text(`${found.name}: ${found.status}\n${searchTable(found, output)}`)
      return 0
    },
  },
  resume: {
    options: [],
    run: async (app, request) => {
      const { id: searchId } = await findSearch(app, request)
      return follow(app, await app.handlers['search.resume']({ searchId }, plainCall), request)
    },
  },
  choose: {
    options: ['trial'],
    run: async (app, request) => {
      const { args, project, home, feed, session } = request
      const { id: searchId, name, best } = await findSearch(app, request)
      const number = readNumber(args, 'trial', { whole: true }) ?? best?.number
      if (number === undefined)
        throw new Failure('search_state', `${name} has found nothing yet: resume it first.`, { searchId })
      const begin = () => app.handlers['search.choose']({ searchId, number }, plainCall)
      return showProjectRun(app, begin, { project, resumed: false, home, feed, session })
    },
  },
  discard: {
    options: [],
    run: async (app, request) => {
      const { output } = request.session
      const { id: searchId, name } = await findSearch(app, request)
      await app.handlers['search.discard']({ searchId }, plainCall)
      output.value({ type: 'discarded', id: searchId, name })
      output.text(`${name} is discarded. Runs that were started from it stay.\n`)
      return 0
    },
  },
}

async function startSearch(app: App, { args, project }: Request): Promise<SearchDetail> {
  const { handlers, engine } = app
  const { id: projectId, name } = await findProject(app, project)
  const detail = await handlers['projects.get']({ projectId }, plainCall)
  const settings = { ...detail.settings, ...(await engine.givenSettings(settingsSource(args))) }
  const form = await handlers['search.form']({ projectId, settings }, plainCall)
  const wish = readSearchWish(args, form)
  const folder = args.get('model')
  const modelId =
    folder === null ? detail.modelId : (await handlers['models.addFolder']({ folder }, plainCall)).id
  if (modelId === null)
    throw new Failure(
      'run_not_ready',
      `The project ${name} has no model yet: name one with --model DIR, or choose one in the window.`,
      { project: name },
    )
  const request = { projectId, modelId, settings, ...wish }
  const begun = await handlers['search.start'](request, plainCall)
  if (detail.modelId === null) await handlers['projects.choose']({ projectId, modelId }, plainCall)
  return begun
}

/** Shows a search until it is at rest; Ctrl-C stops it, and nothing is lost. Ends with the table. */
async function follow(app: App, begun: SearchDetail, request: Request): Promise<number> {
  const { session, signal } = request
  const { output } = session
  const told = new Set(begun.trials.filter(hasEnded).map(({ number }) => number))
  let stopping: Promise<unknown> | null = null
  const show = (now: SearchDetail): void => {
    for (const trial of now.trials)
      if (hasEnded(trial) && !told.has(trial.number)) {
        told.add(trial.number)
        output.value({ type: 'trial', ...trial })
        if (!output.json) output.progress.print(trialLine(trial, now))
      }
    const text = progressText(now)
    if (text !== null) output.progress.update(text)
  }
  let last = begun
  while (last.status === 'running' || last.status === 'stopping') {
    if (signal.aborted && !stopping) {
      output.progress.print('Stopping; the trial at work is saved first. Ctrl-C again ends it at once.')
      // Where it ends in this very moment there is nothing to stop.
      stopping = app.handlers['search.stop']({ searchId: begun.id }, plainCall).catch(() => undefined)
    }
    await changeOf(app, stopping ? null : signal)
    last = await detailOf(app, begun)
    show(last)
  }
  await stopping
  last = await detailOf(app, begun)
  output.progress.clear()
  output.value({ type: 'search', ...last })
  output.text(`${searchTable(last, output)}\n${closing(last, request, output)}`)
  if (last.status === 'failed' && last.error) output.error(last.error)
  return last.status === 'finished' ? 0 : last.status === 'failed' ? 1 : 130
}

/** Resolves with the next change of a search, when the signal aborts, or after a while. */
async function changeOf({ handlers }: App, stopped: AbortSignal | null): Promise<void> {
  const waiting = new AbortController()
  // Not `AbortSignal.timeout`, for which the process would not stay: a change may have been missed, and nothing else be
  // at work.
  const timer = setTimeout(() => waiting.abort(), 1_000)
  const signals = [waiting.signal, ...(stopped ? [stopped] : [])]
  const emit: Parameters<App['handlers']['app.watch']>[1]['emit'] = ({ topic }) => {
    if (topic === 'searches') waiting.abort()
  }
  await handlers['app.watch']({}, { emit, signal: AbortSignal.any(signals) }).catch(() => undefined)
  clearTimeout(timer)
}

function closing(search: SearchDetail, { project, home }: Request, output: Output): string {
  const there = `--project ${shellWord(project)}${home === null ? '' : ` --home ${shellWord(home)}`}`
  const lines: string[] = []
  if (search.best)
    lines.push(`Train with the best, trial ${search.best.number}:`, `  npx loracle search choose ${there}`)
  else if (search.status === 'finished')
    lines.push('No trial came to a validation value: read above why, and search other values.')
  if (search.status !== 'finished')
    lines.push('Go on with the search:', `  npx loracle search resume ${there}`)
  return lines.map((line, index) => (index === 0 ? output.paint('bold', line) : line)).join('\n') + '\n'
}

function hasEnded({ status }: TrialInfo): boolean {
  return status === 'pruned' || status === 'finished' || status === 'failed'
}

async function listOf(app: App, project: string): Promise<readonly SearchInfo[]> {
  const { id: projectId } = await findProject(app, project)
  return app.handlers['search.list']({ projectId }, plainCall)
}

function detailOf({ handlers }: App, { id: searchId }: Pick<SearchInfo, 'id'>): Promise<SearchDetail> {
  return handlers['search.get']({ searchId }, plainCall)
}

/** The search of a name or number, in whatever letter case, or the newest. @throws Failure `search_missing` */
async function findSearch(app: App, { name, project }: Request): Promise<SearchInfo> {
  const all = await listOf(app, project)
  const folded = (text: string): string => text.trim().toLowerCase()
  const found =
    name === null
      ? all[0]
      : all.find(
          (one) => one.id === name || [name, `search ${name}`].some((it) => folded(it) === folded(one.name)),
        )
  if (found) return found
  if (name === null) throw new Failure('search_missing', noSearch(project).trimEnd())
  throw new Failure(
    'search_missing',
    `There is no search ${name} in ${project}. loracle search list --project ${shellWord(project)} shows those that there are.`,
    { name },
  )
}

function noSearch(project: string): string {
  return `There is no search in ${project} yet. Begin one with: loracle search start --project ${shellWord(project)}\n`
}

function unknownAction(verb: string | undefined): Failure {
  const verbs = Object.keys(actions)
  if (verb === undefined)
    return usage(`search needs ${verbs.slice(0, -1).join(', ')} or ${verbs.at(-1) ?? ''}.`)
  if (verb === 'stop')
    return usage(
      'A search is stopped with Ctrl-C where it was started, or with Stop in the window; resume goes on.',
    )
  const near = nearestName(verb, verbs)
  return usage(`search cannot ${verb}.${near ? ` Did you mean search ${near}?` : ''}`)
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle search --help.`)
}
