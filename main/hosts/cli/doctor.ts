import type { DoctorResult, ProviderCheck } from '../../contract/engine-types.ts'
import { jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { eventView } from './event-view.ts'
import { columns, wholeNumber } from './format.ts'
import { runToResult } from './supervise.ts'

export const doctor: CliCommand = {
  name: 'doctor',
  summary: 'Show versions, processors and memory, and check gradients and speed of each execution provider.',
  usage: ['[--json]'],
  options: jsonOption,
  run: (_args, { engine, output }) => runToResult(engine.doctor(eventView(output)), output, doctorText),
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
