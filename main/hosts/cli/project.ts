import type { App } from '../../app.ts'
import { nearestName } from '../../app.ts'
import type { ProjectSummary } from '../../contract/projects.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { columns, countOf, shellWord, wholeNumber } from './format.ts'
import type { Output } from './output.ts'
import { plainCall } from '../../app.ts'
import { withApp } from './with-app.ts'

export const project: CliCommand = {
  name: 'project',
  summary: 'List, create and delete the projects that the window shows.',
  usage: [
    'list [--home DIR] [--json]',
    'create NAME [--home DIR] [--json]',
    'delete NAME [--force] [--home DIR] [--json]',
  ],
  options: {
    force: { value: null, summary: 'Delete the project even where a run of it waits for its turn.' },
    ...homeOption,
    ...jsonOption,
  },
  words: 2,
  run: (args, session) => {
    const [verb, name] = args.words
    const action = verb !== undefined && Object.hasOwn(actions, verb) ? actions[verb] : undefined
    if (!action) throw unknownAction(verb)
    if (args.has('force') && verb !== 'delete')
      throw usage(`project ${verb} takes no --force: it is for project delete.`)
    if (action.takesName && name === undefined)
      throw usage(`project ${verb} needs a name: loracle project ${verb} NAME.`)
    if (!action.takesName && name !== undefined)
      throw usage(`project ${verb} takes no name, and was given ${JSON.stringify(name)}.`)
    const request = { name: name ?? '', force: args.has('force') }
    return withApp(session, { home: args.get('home') }, async (app) => {
      await action.run(app, request, session.output)
      return 0
    })
  },
}

interface Action {
  readonly takesName: boolean
  run(app: App, request: { readonly name: string; readonly force: boolean }, output: Output): Promise<void>
}

const actions: Readonly<Record<string, Action>> = {
  list: {
    takesName: false,
    run: async ({ handlers }, _request, output) => {
      const projects = await handlers['projects.list']({}, plainCall)
      for (const one of projects) output.value({ type: 'project', ...one })
      output.text(projects.length === 0 ? noProject : `${projectTable(projects)}\n`)
    },
  },
  create: {
    takesName: true,
    run: async ({ handlers }, { name }, output) => {
      const created = await handlers['projects.create']({ name }, plainCall)
      output.value({ type: 'project', ...created })
      output.text(
        `Project ${created.name} is made. Fill it with: loracle import FILE --project ${shellWord(created.name)}\n`,
      )
    },
  },
  delete: {
    takesName: true,
    run: async (app, { name, force }, output) => {
      const found = await findProject(app, name)
      await app.handlers['projects.delete']({ projectId: found.id, force }, plainCall).catch(withForce)
      output.value({ type: 'deleted', id: found.id, name: found.name })
      output.text(
        `Project ${found.name} is deleted, with its data and ${countOf(found.runs, 'training run')}.\n`,
      )
    },
  },
}

const noProject = 'There is no project yet. Make one with: loracle project create NAME\n'

function unknownAction(verb: string | undefined): Failure {
  if (verb === undefined) return usage('project needs list, create or delete.')
  const near = nearestName(verb, Object.keys(actions))
  return usage(`project cannot ${verb}.${near ? ` Did you mean project ${near}?` : ''}`)
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle project --help.`)
}

function withForce(thrown: unknown): never {
  if (thrown instanceof Error && 'code' in thrown && thrown.code === 'project_busy')
    throw new Failure('project_busy', `${thrown.message} The latter is loracle project delete NAME --force.`)
  throw thrown
}

function projectTable(projects: readonly ProjectSummary[]): string {
  const score = (value: number | null | undefined): string => value?.toFixed(1) ?? ''
  const rows = projects.map((one) => [
    one.name,
    wholeNumber(one.examples),
    wholeNumber(one.passages),
    wholeNumber(one.runs),
    one.lastRun?.status ?? '',
    score(one.lastRun?.f1Before),
    score(one.lastRun?.f1After),
  ])
  const heading = ['project', 'examples', 'passages', 'runs', 'last run', 'F1 before', 'F1 after']
  return columns([heading, ...rows], [1, 2, 3, 5, 6]).join('\n')
}
