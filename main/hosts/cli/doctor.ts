import type { DoctorResult } from '../../contract/engine-types.ts'
import { jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { eventView } from './event-view.ts'
import { columns, wholeNumber } from './format.ts'
import { runToResult } from './supervise.ts'

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Show versions, processors and memory, and check the gradients of each execution provider.',
  usage: ['[--json]'],
  options: jsonOption,
  run: (_args, { engine, output }) => runToResult(engine.doctor(eventView(output)), output, doctorText),
}

function doctorText(result: DoctorResult): string {
  const machine = columns([
    ...Object.entries(result.versions),
    ['processor', `${result.processor}, ${result.cores} cores`],
    ['memory', `${wholeNumber(result.memoryMb)} MB, ${wholeNumber(result.freeMemoryMb)} MB free`],
  ])
  const providers = columns(
    [
      ['provider', 'available', 'gradient error', 'step ms', ''],
      ...result.providers.map((check) => [
        check.provider,
        check.available ? 'yes' : 'no',
        check.gradientError?.toExponential(1) ?? '-',
        check.stepMs?.toFixed(1) ?? '-',
        check.message,
      ]),
    ],
    [2, 3],
  )
  return `${[...machine, '', ...providers].join('\n')}\n`
}
