import { basename, resolve } from 'node:path'
import type { App } from '../../app.ts'
import { nearestName } from '../../app.ts'
import { roles, splitNames } from '../../contract/datasets.ts'
import type { ImportProgress, ImportRequest, Mapping, Role, Source } from '../../contract/datasets.ts'
import { homeOption, jsonOption } from './command.ts'
import type { Arguments } from './arguments.ts'
import type { CliCommand } from './command.ts'
import { Failure, failureValue } from './failure.ts'
import { findProject } from './find-project.ts'
import { countOf, wholeNumber } from './format.ts'
import { mappingFor } from './import-mapping.ts'
import type { GivenRoles } from './import-mapping.ts'
import type { Output } from './output.ts'
import { plainCall } from '../../app.ts'
import { withApp } from './with-app.ts'

export const importData: CliCommand = {
  name: 'import',
  summary: 'Take documents or question files into a project.',
  usage: ['FILE … --project NAME [--as SPLIT] [--map role=COLUMN …] [--home DIR] [--json]'],
  options: {
    project: { value: 'NAME', summary: 'The project, by its name. See loracle project list.' },
    as: {
      value: 'SPLIT',
      summary: 'What the questions serve as: train, validation or test; auto, as without it, divides them.',
    },
    map: {
      value: 'role=COLUMN',
      summary: `Which column of a table has which role, where the guess is wrong: ${roles.join(', ')}.`,
      multiple: true,
    },
    ...homeOption,
    ...jsonOption,
  },
  words: Number.POSITIVE_INFINITY,
  run: (args, session) => {
    const project = args.require('project')
    const wanted = { files: args.words, use: useOf(args), given: givenRoles(args) }
    if (wanted.files.length === 0) throw usage('import needs a file: loracle import FILE --project NAME.')
    return withApp(session, { home: args.get('home') }, (app, signal) =>
      importFiles(app, { project, ...wanted }, { output: session.output, signal }),
    )
  },
}

interface Wanted {
  readonly project: string
  readonly files: readonly string[]
  readonly use: ImportRequest['use']
  readonly given: GivenRoles
}

interface ImportView {
  readonly output: Output
  readonly signal: AbortSignal
}

/**
 * Imports files one after another; each is taken whole or not at all, and one that cannot be taken does not keep the
 * others out. Cancelled, none of them stays. Returns the exit code.
 */
async function importFiles(app: App, wanted: Wanted, { output, signal }: ImportView): Promise<number> {
  const { handlers } = app
  const { id: projectId, name } = await findProject(app, wanted.project)
  const taken: Source[] = []
  const announce = (): void =>
    output.progress.print('Stopping; nothing of this import is kept. Ctrl-C again ends it at once.')
  signal.addEventListener('abort', announce, { once: true })
  let failed = 0
  for (const file of wanted.files) {
    if (signal.aborted) break
    try {
      const source = await importFile(app, { projectId, file, ...wanted }, { output, signal })
      taken.push(source)
      output.value({ type: 'source', ...source })
      output.text(`${sourceText(source)}\n`)
    } catch (thrown) {
      if (signal.aborted) break
      output.progress.clear()
      output.error(failureValue(thrown))
      failed++
    }
  }
  output.progress.clear()
  signal.removeEventListener('abort', announce)
  if (signal.aborted) {
    for (const { id } of taken) await handlers['data.removeSource']({ projectId, sourceId: id }, plainCall)
    throw new Failure('cancelled', 'The import was stopped; nothing of it was kept.')
  }
  const { examples, passages, splits, advice } = await handlers['data.summary']({ projectId }, plainCall)
  output.value({ type: 'summary', imported: taken.length, failed, examples, passages, splits, advice })
  if (taken.length === 0) return 1
  const parts = splitNames.map((split) => `${wholeNumber(splits[split])} ${splitTexts[split]}`).join(', ')
  output.text(`${name} has ${countOf(examples, 'example')} (${parts}) and ${countOf(passages, 'passage')}.\n`)
  if (!output.json) for (const sentence of advice) output.progress.print(sentence)
  return failed > 0 ? 1 : 0
}

const splitTexts = { train: 'to train on', validation: 'to validate on', test: 'held out' } as const

interface OneFile extends Pick<Wanted, 'use' | 'given'> {
  readonly projectId: string
  readonly file: string
}

async function importFile(
  { handlers }: App,
  { projectId, file, use, given }: OneFile,
  { output, signal }: ImportView,
): Promise<Source> {
  const path = resolve(file)
  const call = { ...plainCall, signal }
  const inspection = await handlers['data.inspect']({ file: { path } }, call)
  const mapping = mappingFor(inspection, given)
  if (mapping) output.progress.print(`${basename(path)}: ${mappingText(mapping)}`)
  return handlers['data.import'](
    { projectId, file: { path }, name: null, mapping, use },
    {
      signal,
      emit: (progress) => {
        output.value({ type: 'progress', path, ...progress })
        if (!output.json) output.progress.update(progressText(basename(path), progress))
      },
    },
  )
}

function mappingText({ roles: columns }: Mapping): string {
  return Object.entries(columns)
    .map(([role, column]) => (role === column ? role : `${role} from ${column}`))
    .join(', ')
}

function progressText(name: string, { bytesDone, bytesTotal, rows }: ImportProgress): string {
  const percent = bytesTotal > 0 ? Math.floor((100 * bytesDone) / bytesTotal) : 100
  return `importing ${name}  ${percent} %  ${countOf(rows, 'row')}`
}

function sourceText({ name, kind, examples, passages, rejected, mended }: Source): string {
  if (kind === 'documents') return `${name}: ${countOf(passages, 'passage')}`
  const left = rejected > 0 ? `, ${countOf(rejected, 'row')} left out` : ''
  return `${name}: ${countOf(examples, 'example')}${mended > 0 ? `, ${wholeNumber(mended)} mended` : ''}${left}`
}

function useOf(args: Arguments): ImportRequest['use'] {
  const uses = ['auto', ...splitNames] as const
  const given = args.get('as') ?? 'auto'
  const use = uses.find((one) => one === given)
  if (use) return use
  throw usage(`--as takes ${uses.slice(0, -1).join(', ')} or ${uses.at(-1) ?? ''}, not ${given}.`)
}

function givenRoles(args: Arguments): GivenRoles {
  return new Map(
    args.all('map').map((assignment): [Role, string] => {
      const at = assignment.indexOf('=')
      const [name, column] = [assignment.slice(0, Math.max(at, 0)), assignment.slice(at + 1)]
      if (at < 0 || column === '') throw usage(`--map takes role=COLUMN, not ${assignment}.`)
      const role = roles.find((one) => one === name)
      if (role) return [role, column]
      const near = nearestName(name, roles)
      throw usage(
        `There is no role ${name}.${near ? ` Did you mean ${near}?` : ''} The roles are ${roles.join(', ')}.`,
      )
    }),
  )
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle import --help.`)
}
