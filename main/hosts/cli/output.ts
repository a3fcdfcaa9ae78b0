import { styleText } from 'node:util'
import type { ErrorValue } from '../../contract/errors.ts'
import { createProgressLine } from './progress-line.ts'
import type { ProgressLine } from './progress-line.ts'

export type Style = 'bold' | 'dim' | 'green' | 'red' | 'yellow'

/** Where a command writes: results to standard output, all else to standard error. */
export interface Output {
  readonly json: boolean
  /** Text for people on standard output; nothing with `--json`. */
  text(text: string): void
  /** One JSON line on standard output; nothing without `--json`. */
  value(value: unknown): void
  /** A line that stays, and the progress line, on standard error. */
  readonly progress: ProgressLine
  /** Text in a style, where standard output is a terminal and NO_COLOR is not set. */
  paint(style: Style, text: string): string
  error(error: ErrorValue): void
}

export function createOutput(json: boolean): Output {
  const progress = createProgressLine(process.stderr)
  const coloured = process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
  return {
    json,
    progress,
    text: (text) => {
      progress.clear()
      if (!json) process.stdout.write(text)
    },
    value: (value) => {
      if (json) process.stdout.write(`${JSON.stringify(value)}\n`)
    },
    paint: (style, text) => (coloured ? styleText(style, text, { validateStream: false }) : text),
    error: (error) => {
      if (json) process.stdout.write(`${JSON.stringify({ type: 'error', error: withoutStack(error) })}\n`)
      else progress.print(`error [${error.code}]: ${oneLine(error.message)}`)
      if (error.code === 'internal') {
        progress.print(
          'This is a defect of loracle: please report it to the project, with the command that you ran.',
        )
        if (debugging() && error.details['stack']) progress.print(String(error.details['stack']))
      }
      if (debugging() && error.details['stderr']) progress.print(String(error.details['stderr']))
    },
  }
}

function debugging(): boolean {
  return process.env['LORACLE_DEBUG'] === '1'
}

function oneLine(message: string): string {
  return message.replace(/\s*\n\s*/g, ' ')
}

function withoutStack(error: ErrorValue): ErrorValue {
  if (debugging()) return error
  const details = Object.fromEntries(Object.entries(error.details).filter(([name]) => name !== 'stack'))
  return { ...error, details }
}
