import type { App } from '../../app.ts'
import { plainCall } from '../../app.ts'
import { splitNames } from '../../contract/splits.ts'
import type { Source } from '../../contract/datasets.ts'
import type { Chunking, ImportProgress, ImportRequest, Mapping } from '../../contract/imports.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { Failure, failureValue } from './failure.ts'
import { findProject } from './find-project.ts'
import { countOf, wholeNumber } from './format.ts'
import { numberOption, openInput, readWebArguments, reportSkipped, webOptions } from './import-inputs.ts'
import type { InputFile, WebWish } from './import-inputs.ts'
import { findSavedMapping, mappingFor, mappingText } from './import-mapping.ts'
import type { MappingWish } from './import-mapping.ts'
import { isNothingGiven, mappingOptions, readMappingArguments } from './mapping-arguments.ts'
import type { GivenMapping } from './mapping-arguments.ts'
import type { Output } from './output.ts'
import { withApp } from './with-app.ts'

export const importData: CliCommand = {
  name: 'import',
  summary: 'Take documents, tables, archives, folders or web pages into a project.',
  usage: [
    'FILE|FOLDER|ZIP|URL … --project NAME [--as SPLIT] [--home DIR] [--json]',
    '… [--form FORM] [--task KIND] [--map role=SOURCE …] [--map-file FILE.json] [--mapping NAME] [--table TABLE]',
    '… [--save-mapping NAME] [--chunk-tokens N] [--chunk-overlap N] [--site] [--pages N]',
  ],
  options: {
    project: { value: 'NAME', summary: 'The project, by its name. See loracle project list.' },
    as: {
      value: 'SPLIT',
      summary: 'What the questions serve as: train, validation or test; auto, as without it, divides them.',
    },
    ...mappingOptions,
    'save-mapping': {
      value: 'NAME',
      summary: 'Keep the mapping of the first table that is taken, for files with the same columns.',
    },
    'chunk-tokens': { value: 'N', summary: 'Tokens that a passage of a document should have: 32 to 4096.' },
    'chunk-overlap': { value: 'N', summary: 'Tokens that a passage repeats of the one before: 0 to 1024.' },
    ...webOptions,
    ...homeOption,
    ...jsonOption,
  },
  words: Number.POSITIVE_INFINITY,
  run: async (args, session) => {
    const project = args.require('project')
    if (args.words.length === 0) throw usage('import needs a file: loracle import FILE --project NAME.')
    const wanted = {
      words: args.words,
      use: useOf(args),
      given: await readMappingArguments('import', args),
      saveAs: args.get('save-mapping'),
      chunking: chunkingOf(args),
      web: readWebArguments('import', args),
    }
    return withApp(session, { home: args.get('home') }, (app, signal) =>
      importAll(app, { project, ...wanted }, { output: session.output, signal }),
    )
  },
}

interface Wanted {
  readonly project: string
  readonly words: readonly string[]
  readonly use: ImportRequest['use']
  readonly given: GivenMapping
  readonly saveAs: string | null
  readonly chunking: Chunking | null
  readonly web: WebWish
}

interface ImportView {
  readonly output: Output
  readonly signal: AbortSignal
}

/** A file that was taken, with what its columns were mapped to. */
interface Taken {
  readonly source: Source
  readonly columns: readonly string[]
  readonly mapping: Mapping | null
}

/**
 * Imports files one after another; each is taken whole or not at all, and one that cannot be taken does not keep the
 * others out. Cancelled, none of them stays. Returns the exit code.
 */
async function importAll(app: App, wanted: Wanted, { output, signal }: ImportView): Promise<number> {
  const { handlers } = app
  const { id: projectId, name } = await findProject(app, wanted.project)
  const { given } = wanted
  const saved = given.saved === null ? null : await findSavedMapping(app, given.saved)
  const taken: Taken[] = []
  const announce = (): void =>
    output.progress.print('Stopping; nothing of this import is kept. Ctrl-C again ends it at once.')
  signal.addEventListener('abort', announce, { once: true })
  let failed = 0
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    if (signal.aborted) return
    try {
      await work()
    } catch (thrown) {
      if (signal.aborted) return
      output.progress.clear()
      output.error(failureValue(thrown))
      failed++
    }
  }
  for (const word of wanted.words)
    await attempt(async () => {
      const { files, skipped } = await openInput(app, word, { output, signal, web: wanted.web })
      reportSkipped(skipped, output)
      for (const file of files)
        await attempt(async () => {
          const one = await importFile(
            app,
            { projectId, file, wish: { given, saved }, ...wanted },
            { output, signal },
          )
          taken.push(one)
          output.value({ type: 'source', ...one.source })
          output.text(`${sourceText(one.source)}\n`)
        })
    })
  if (!signal.aborted && wanted.saveAs !== null)
    await attempt(() => saveMapping(app, wanted.saveAs ?? '', taken, output))
  output.progress.clear()
  signal.removeEventListener('abort', announce)
  if (signal.aborted) {
    for (const { source } of taken)
      await handlers['data.removeSource']({ projectId, sourceId: source.id }, plainCall)
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

interface OneFile extends Pick<Wanted, 'use' | 'chunking'> {
  readonly projectId: string
  readonly file: InputFile
  readonly wish: MappingWish
}

async function importFile(
  { handlers }: App,
  { projectId, file: input, wish, use, chunking }: OneFile,
  { output, signal }: ImportView,
): Promise<Taken> {
  const { file, label } = input
  const { table } = wish.given
  const call = { ...plainCall, signal }
  const inspection = await handlers['data.inspect']({ file, table }, call)
  // Of a folder's files those without columns are taken as they are.
  const needsNone = inspection.mapping === null && !input.isNamed
  const mapping = needsNone ? null : mappingFor(inspection, wish)
  const columns = inspection.columns.map(({ name }) => name)
  if (mapping) output.progress.print(`${label}: ${mappingText(mapping)}`)
  if (inspection.tables.length > 1 && table === null)
    output.progress.print(
      `${label} has ${inspection.tables.length} tables (${inspection.tables.join(', ')}); ${inspection.table ?? 'the first'} is taken. Choose another one with --table.`,
    )
  if (mapping && isNothingGiven(wish.given)) await offerSaved(handlers, columns, { label, output, signal })
  const source = await handlers['data.import'](
    { projectId, file, name: input.name, table, mapping, chunking, use },
    {
      signal,
      emit: (progress) => {
        output.value({ type: 'progress', file: label, ...('path' in file ? file : {}), ...progress })
        if (!output.json) output.progress.update(progressText(label, progress))
      },
    },
  )
  return { source, columns, mapping }
}

interface Offer extends ImportView {
  readonly label: string
}

/** Says that a mapping was kept for a file with just these columns. */
async function offerSaved(
  handlers: App['handlers'],
  columns: readonly string[],
  { label, output, signal }: Offer,
): Promise<void> {
  const [first] = await handlers['data.mappings'](
    { columns: columns.slice(0, 1000) },
    { ...plainCall, signal },
  )
  if (!first || output.json) return
  const isSame =
    first.columns.length === columns.length && first.columns.every((column) => columns.includes(column))
  if (isSame)
    output.progress.print(`${label} has the columns of the saved mapping ${first.name}: see --mapping.`)
}

async function saveMapping(
  { handlers }: App,
  name: string,
  taken: readonly Taken[],
  output: Output,
): Promise<void> {
  const first = taken.find(({ mapping }) => mapping !== null)
  if (!first?.mapping)
    throw new Failure(
      'usage',
      'No table was taken, so there is no mapping to save. See loracle import --help.',
    )
  const { columns, mapping } = first
  const saved = await handlers['data.saveMapping'](
    { name, columns: columns.slice(0, 1000), mapping },
    plainCall,
  )
  output.value({ type: 'mapping', ...saved })
  output.text(`The mapping is saved as ${saved.name}.\n`)
}

function progressText(name: string, { bytesDone, bytesTotal, rows }: ImportProgress): string {
  const percent = bytesTotal > 0 ? Math.floor((100 * bytesDone) / bytesTotal) : 100
  return `importing ${name}  ${percent} %  ${countOf(rows, 'row')}`
}

function sourceText({ name, kind, examples, passages, rejected, mended, mapping }: Source): string {
  const left = rejected > 0 ? `, ${countOf(rejected, 'row')} left out` : ''
  if (kind === 'documents' || mapping?.form === 'passages')
    return `${name}: ${countOf(passages, 'passage')}${left}`
  return `${name}: ${countOf(examples, 'example')}${mended > 0 ? `, ${wholeNumber(mended)} mended` : ''}${left}`
}

function useOf(args: Arguments): ImportRequest['use'] {
  const uses = ['auto', ...splitNames] as const
  const given = args.get('as') ?? 'auto'
  const use = uses.find((one) => one === given)
  if (use) return use
  throw usage(`--as takes ${uses.slice(0, -1).join(', ')} or ${uses.at(-1) ?? ''}, not ${given}.`)
}

const usualTokens = 256

function chunkingOf(args: Arguments): Chunking | null {
  const tokens = numberOption('import', args, { name: 'chunk-tokens', from: 32, to: 4096 })
  const overlap = numberOption('import', args, { name: 'chunk-overlap', from: 0, to: 1024 })
  if (tokens === null && overlap === null) return null
  return { tokens: tokens ?? usualTokens, overlap: overlap ?? 0 }
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle import --help.`)
}
