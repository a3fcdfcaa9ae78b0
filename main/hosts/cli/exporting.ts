import { resolve } from 'node:path'
import { plainCall } from '../../app.ts'
import type { App } from '../../app.ts'
import { exportKinds } from '../../contract/comparisons.ts'
import { weightTypes } from '../../contract/engine-types.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption, modelOptions } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { byteCount, clock, countOf } from './format.ts'
import { runToResult } from './supervise.ts'
import { withApp } from './with-app.ts'

export const exportModel: CliCommand = {
  name: 'export',
  summary: 'Take a trained model away: as an adapter, merged, as ONNX, with its report.',
  usage: [
    '--project NAME --format FORMAT [--folder DIR] [--home DIR] [--json]',
    '--model DIR [--adapter DIR] --format onnx --out DIR [--weights TYPE] [--json]',
  ],
  options: {
    project: { value: 'NAME', summary: 'A project of the window: its newest finished run is exported.' },
    format: {
      value: 'FORMAT',
      summary: `One of ${exportKinds.join(', ')}; onnx is for Optimum, Transformers.js and ONNX Runtime.`,
    },
    folder: { value: 'DIR', summary: "Where the export is written; the home folder's exports without it." },
    ...homeOption,
    model: modelOptions.model,
    adapter: { value: 'DIR', summary: 'An adapter folder (PEFT layout) that is merged in.' },
    out: { value: 'DIR', summary: 'The folder to write, which does not exist yet.' },
    weights: {
      value: 'TYPE',
      summary: `What weights are stored as: ${weightTypes.join(' or ')} (half the size); F32 without it.`,
    },
    ...jsonOption,
  },
  run: (args, session) => {
    const format = oneOf('format', exportKinds, args.require('format'))
    const project = args.get('project')
    if (project === null) return exportPaths(format, args, session)
    refuse(args, ['model', 'adapter', 'out', 'weights'], '--project NAME takes its own model')
    return withApp(session, { home: args.get('home') }, async (app, signal) => {
      const runId = await newestRun(app, project)
      const folder = args.get('folder')
      const { progress } = session.output
      let phase = ''
      const made = await app.handlers['exports.create'](
        { runId, kind: format, folder: folder === null ? null : resolve(folder) },
        {
          signal,
          emit: (event) => {
            if (event.phase !== phase) progress.print((phase = event.phase))
            if (event.total > 0)
              progress.update(`${phase}  ${Math.floor((100 * event.done) / event.total)} %`)
          },
        },
      )
      progress.clear()
      session.output.value({ type: 'export', ...made })
      session.output.text(`${made.path}\n`)
      progress.print(
        `${countOf(made.files.length, 'file')}, ${byteCount(made.bytes)}, of the run ${made.runName}`,
      )
      return 0
    })
  },
}

function exportPaths(format: string, args: Arguments, { engine, output }: Session): Promise<number> {
  refuse(args, ['folder', 'home'], 'a model that is named by --model is written to --out')
  if (format !== 'onnx')
    throw usage(`--format ${format} is of a project's run: add --project NAME, or choose --format onnx.`)
  const weights = args.get('weights')
  const request = {
    model: args.require('model'),
    adapter: args.get('adapter'),
    out: args.require('out'),
    dtype: weights === null ? ('F32' as const) : oneOf('weights', weightTypes, weights),
  }
  return runToResult(
    engine.exportOnnx(request, eventView(output)),
    output,
    ({ out, files, bytes, seconds }) =>
      `${countOf(files.length, 'file')}, ${byteCount(bytes)}, in ${clock(seconds)}: ${out}\n`,
  )
}

async function newestRun(app: App, project: string): Promise<string> {
  const { id: projectId, name } = await findProject(app, project)
  const { currentRunId } = await app.handlers['projects.get']({ projectId }, plainCall)
  if (currentRunId !== null) return currentRunId
  throw new Failure(
    'run_missing',
    `The project ${name} has no finished run yet. Train one first, in the window or with loracle train --project.`,
    { project: name },
  )
}

function refuse(args: Arguments, names: readonly string[], why: string): void {
  const given = names.find((name) => args.has(name))
  if (given !== undefined) throw usage(`--${given} has no meaning here: ${why}.`)
}

function oneOf<Name extends string>(option: string, names: readonly Name[], given: string): Name {
  const found = names.find((name) => name === given)
  if (found !== undefined) return found
  throw usage(`--${option} takes ${names.join(', ')}, not ${given}.`)
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle export --help.`)
}
