import { resolve } from 'node:path'
import { datasetFormats } from '../../contract/datasets.ts'
import { splitNames } from '../../contract/splits.ts'
import { plainCall } from '../../app.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { byteCount, countOf } from './format.ts'
import { withApp } from './with-app.ts'

export const exportData: CliCommand = {
  name: 'export-data',
  summary: "Write a project's examples to a file, as SQuAD, JSONL or CSV.",
  usage: ['--project NAME --format FORMAT [--split SPLIT] [--folder DIR] [--home DIR] [--json]'],
  options: {
    project: { value: 'NAME', summary: 'The project, by its name. See loracle project list.' },
    format: { value: 'FORMAT', summary: `One of ${datasetFormats.join(', ')}.` },
    split: {
      value: 'SPLIT',
      summary: 'The examples of one split: train, validation or test; all without it.',
    },
    folder: { value: 'DIR', summary: "Where the new file is written; the home folder's exports without it." },
    ...homeOption,
    ...jsonOption,
  },
  run: (args, { output, ...session }) => {
    const project = args.require('project')
    const format = oneOf('format', datasetFormats, args.require('format'))
    const given = args.get('split')
    const split = given === null ? null : oneOf('split', splitNames, given)
    const folder = args.get('folder')
    return withApp(session, { home: args.get('home') }, async (app, signal) => {
      const { id: projectId } = await findProject(app, project)
      const written = await app.handlers['data.export'](
        { projectId, format, split, folder: folder === null ? null : resolve(folder) },
        { ...plainCall, signal },
      )
      output.value({ type: 'dataset', ...written })
      const { path, bytes, examples, leftOut, note } = written
      output.text(`${path}\n`)
      output.progress.print(`${countOf(examples, 'example')}, ${byteCount(bytes)}`)
      if (leftOut > 0) output.progress.print(`${countOf(leftOut, 'example')} left out. ${note ?? ''}`.trim())
      else if (note !== null) output.progress.print(note)
      return 0
    })
  },
}

function oneOf<Name extends string>(option: string, names: readonly Name[], given: string): Name {
  const found = names.find((name) => name === given)
  if (found) return found
  throw new Failure(
    'usage',
    `--${option} takes ${names.join(', ')}, not ${given}. See loracle export-data --help.`,
  )
}
