import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { App } from '../../app.ts'
import { plainCall } from '../../app.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { Failure, failureValue } from './failure.ts'
import { openInput, readWebArguments, reportSkipped, webOptions } from './import-inputs.ts'
import type { InputFile, WebWish } from './import-inputs.ts'
import { findSavedMapping, mappingFor } from './import-mapping.ts'
import type { MappingWish } from './import-mapping.ts'
import { inspectionText } from './inspection-text.ts'
import type { Inspected } from './inspection-text.ts'
import { isNothingGiven, mappingOptions, readMappingArguments } from './mapping-arguments.ts'
import type { GivenMapping } from './mapping-arguments.ts'
import type { Output } from './output.ts'
import { withApp } from './with-app.ts'

export const inspectData: CliCommand = {
  name: 'inspect',
  summary: 'Say what files hold and what they would become, without taking anything.',
  usage: [
    'FILE|FOLDER|ZIP|URL … [--table TABLE] [--site] [--pages N] [--home DIR] [--json]',
    '… [--form FORM] [--task KIND] [--map role=SOURCE …] [--map-file FILE.json] [--mapping NAME]',
  ],
  options: {
    ...mappingOptions,
    ...webOptions,
    home: {
      value: homeOption.home.value,
      summary: 'The folder whose saved mappings are offered; none are without it, or LORACLE_HOME.',
    },
    ...jsonOption,
  },
  words: Number.POSITIVE_INFINITY,
  run: async (args, session) => {
    if (args.words.length === 0) throw new Failure('usage', 'inspect needs a file: loracle inspect FILE.')
    const wanted = {
      words: args.words,
      given: await readMappingArguments('inspect', args),
      web: readWebArguments('inspect', args),
    }
    const work = (home: string): Promise<number> =>
      withApp(session, { home }, (app, signal) => inspectAll(app, wanted, { output: session.output, signal }))
    const home = args.get('home') ?? process.env['LORACLE_HOME']
    return home ? work(home) : inTemporaryHome(work)
  },
}

/** Looking needs no projects: the usual home may be open in the window meanwhile. */
async function inTemporaryHome(work: (home: string) => Promise<number>): Promise<number> {
  const home = await mkdtemp(join(tmpdir(), 'loracle-inspect-'))
  try {
    return await work(home)
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

interface Wanted {
  readonly words: readonly string[]
  readonly given: GivenMapping
  readonly web: WebWish
}

interface InspectView {
  readonly output: Output
  readonly signal: AbortSignal
}

/** One file after another; one that cannot be read does not keep the others from being shown. */
async function inspectAll(app: App, wanted: Wanted, { output, signal }: InspectView): Promise<number> {
  const { given } = wanted
  const saved = given.saved === null ? null : await findSavedMapping(app, given.saved)
  let failed = 0
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (thrown) {
      if (signal.aborted) throw new Failure('cancelled', 'Looking at the files was stopped.')
      output.progress.clear()
      output.error(failureValue(thrown))
      failed++
    }
  }
  for (const word of wanted.words)
    await attempt(async () => {
      const { files, skipped, kind } = await openInput(app, word, { output, signal, web: wanted.web })
      if (kind === 'files') {
        output.value({ type: 'expansion', path: word, files, skipped: skipped.length })
        const names = files.map(({ label }) => `  ${label}\n`).join('')
        output.text(`${word}: ${files.length} files\n${names}\n`)
      }
      reportSkipped(skipped, output)
      for (const file of files)
        await attempt(async () => {
          const inspected = await inspectFile(app, { file, wish: { given, saved } }, signal)
          output.value({ type: 'inspection', ...inspected })
          output.text(`${inspectionText(inspected, output)}\n`)
        })
    })
  output.progress.clear()
  return failed > 0 ? 1 : 0
}

interface OneFile {
  readonly file: InputFile
  readonly wish: MappingWish
}

async function inspectFile(
  { handlers }: App,
  { file: input, wish }: OneFile,
  signal: AbortSignal,
): Promise<Inspected> {
  const { file, label } = input
  const { table } = wish.given
  const call = { ...plainCall, signal }
  const inspection = { ...(await handlers['data.inspect']({ file, table }, call)), name: label }
  const columns = inspection.columns.map(({ name }) => name)
  if (inspection.kind === 'documents') {
    if (input.isNamed) mappingFor(inspection, wish)
    return { inspection, savedMappings: [], mapping: null, rows: null }
  }
  const savedMappings = await handlers['data.mappings']({ columns: columns.slice(0, 1000) }, call)
  const isGuess = isNothingGiven(wish.given)
  const isReady = inspection.mapping === null ? isGuess || !input.isNamed : isGuess
  const mapping = isReady ? inspection.mapping : mappingFor(inspection, wish)
  const isComplete = !isGuess || inspection.missing.length === 0
  const rows = isComplete ? await handlers['data.preview']({ file, table, mapping }, call) : null
  return { inspection, savedMappings, mapping, rows }
}
