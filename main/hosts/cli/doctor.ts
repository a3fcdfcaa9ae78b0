import { resolve } from 'node:path'
import { defaultHome, writeSupportFile } from '../../app.ts'
import type { DoctorResult, ProviderCheck } from '../../contract/engine-types.ts'
import type { Arguments } from './arguments.ts'
import { homeOption, jsonOption } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { columns, wholeNumber } from './format.ts'
import { runToResult, supervise } from './supervise.ts'

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Show versions, processors and memory, and check gradients and speed of each execution provider.',
  usage: ['[--json]', '--support [--out FILE.zip] [--home DIR] [--json]'],
  options: {
    support: {
      value: null,
      summary:
        'Write one file for whoever helps with a fault: versions, providers, settings and logs, without the text of documents. Nothing is sent.',
    },
    out: { value: 'FILE.zip', summary: 'The file to write; loracle-support-<time>.zip without it.' },
    ...homeOption,
    ...jsonOption,
  },
  run: (args, session) => {
    if (args.has('support')) return support(args, session)
    for (const option of ['out', 'home'])
      if (args.has(option))
        throw new Failure('usage', `--${option} goes with --support. See loracle doctor --help.`, {
          option,
        })
    const { engine, output } = session
    return runToResult(engine.doctor(eventView(output)), output, doctorText)
  },
}

/** The support file is written whatever the check ends with: it is wanted most where something is broken. */
async function support(args: Arguments, { engine, output, version }: Session): Promise<number> {
  const checked = await supervise(engine.doctor(eventView(output)), output)
  if (checked.type === 'error' && checked.error.code === 'cancelled')
    throw new Failure('cancelled', 'Stopped; no file was written.')
  const time = new Date().toISOString().slice(0, 19).replace(/[T:]/g, '-')
  const file = await writeSupportFile({
    home: resolve(args.get('home') ?? defaultHome()),
    version,
    doctor: checked.type === 'error' ? { failed: checked.error.message } : checked,
    out: resolve(args.get('out') ?? `loracle-support-${time}.zip`),
  })
  output.value({ type: 'support', ...file })
  output.text(
    `${file.path}: ${wholeNumber(Math.ceil(file.bytes / 1000))} kB, ${file.files.length} files of plain text.\nIt holds no text of your documents and was not sent anywhere. Look through it before you send it.\n`,
  )
  return 0
}

const states = {
  right: 'right',
  wrong: 'wrong gradients',
  failed: 'does not run',
  crashed: 'crashed',
  hung: 'hung',
  absent: 'not in this build',
} as const

/** How many times the CPU's speed a provider has. */
function speedOf({ stepMs }: ProviderCheck, { providers }: DoctorResult): string {
  const processorMs = providers.find(({ provider }) => provider === 'cpu')?.stepMs ?? null
  return stepMs === null || processorMs === null ? '-' : `${(processorMs / stepMs).toFixed(2)}×`
}

function doctorText(result: DoctorResult): string {
  const machine = columns([
    ...Object.entries(result.versions),
    ['processor', `${result.processor}, ${result.cores} cores`],
    ['memory', `${wholeNumber(result.memoryMb)} MB, ${wholeNumber(result.freeMemoryMb)} MB free`],
  ])
  const providers = columns(
    [
      ['provider', 'state', 'gradient error', 'step ms', 'speed', ''],
      ...result.providers.map((check) => [
        check.provider,
        states[check.status],
        check.gradientError?.toExponential(1) ?? '-',
        check.stepMs?.toFixed(1) ?? '-',
        speedOf(check, result),
        check.message,
      ]),
    ],
    [2, 3, 4],
  )
  return `${[...machine, '', ...providers].join('\n')}\n`
}
