import { resolve } from 'node:path'
import { plainCall } from '../../app.ts'
import type { AdapterInfo } from '../../contract/runs.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { countOf } from './format.ts'
import { runToResult } from './supervise.ts'
import { withApp } from './with-app.ts'

export const adapter: CliCommand = {
  name: 'adapter',
  summary: 'Look into an adapter that was trained elsewhere with PEFT, or bring it into a project.',
  usage: [
    'inspect --model DIR --adapter DIR [--json]',
    'import --project NAME --adapter DIR [--model DIR] [--name NAME] [--home DIR] [--json]',
  ],
  options: {
    adapter: {
      value: 'DIR',
      summary: 'An adapter folder: adapter_config.json and adapter_model.safetensors.',
    },
    model: { value: 'DIR', summary: "Its base model; the project's own model without it." },
    project: { value: 'NAME', summary: 'A project of the window: the adapter joins its runs.' },
    name: { value: 'NAME', summary: "What the run is called; the folder's name without it." },
    ...homeOption,
    ...jsonOption,
  },
  words: 1,
  run: (args, session) => {
    const [action] = args.words
    if (action === 'inspect') return inspect(args, session)
    if (action === 'import') return bringIn(args, session)
    throw usage(`adapter takes inspect or import${action === undefined ? '' : `, not ${action}`}.`)
  },
}

function inspect(args: Arguments, { engine, output }: Session): Promise<number> {
  for (const name of ['project', 'name', 'home'])
    if (args.has(name)) throw usage(`adapter inspect takes no --${name}.`)
  const request = { model: args.require('model'), adapter: args.require('adapter') }
  return runToResult(engine.inspectAdapter(request, eventView(output)), output, describe)
}

function bringIn(args: Arguments, session: Session): Promise<number> {
  const folder = resolve(args.require('adapter'))
  const project = args.require('project')
  return withApp(session, { home: args.get('home') }, async ({ handlers, ...app }, signal) => {
    const found = await findProject({ handlers, ...app }, project)
    const model = args.get('model')
    const detail = await handlers['projects.get']({ projectId: found.id }, plainCall)
    const modelId =
      model === null
        ? detail.modelId
        : (await handlers['models.addFolder']({ folder: resolve(model) }, plainCall)).id
    if (modelId === null)
      throw new Failure(
        'model_missing',
        `The project ${found.name} has no model yet. Name the adapter's base model with --model DIR.`,
        { project: found.name },
      )
    const request = { projectId: found.id, modelId, folder, name: args.get('name') }
    const made = await handlers['adapters.import'](request, { signal, emit: () => undefined })
    session.output.value({ type: 'adapter', ...made })
    session.output.text(`${made.run.name}: ${describe(made.adapter)}`)
    return 0
  })
}

/** An adapter in a few lines, what has no effect last. */
function describe({ layers, modules, ranks, dora, savedModules, parameters, notes }: AdapterInfo): string {
  const rank = ranks.length === 1 ? `rank ${ranks.join('')}` : `ranks ${ranks.join(', ')}`
  const lines = [
    `${dora ? 'DoRA' : 'LoRA'} of ${rank} on ${countOf(layers, 'layer')} (${modules.join(', ')}), ${countOf(parameters, 'value')}`,
    ...(savedModules.length > 0 ? [`Kept whole: ${savedModules.join(', ')}`] : []),
    ...notes.map((note) => `Note: ${note}`),
  ]
  return `${lines.join('\n')}\n`
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle adapter --help.`)
}
