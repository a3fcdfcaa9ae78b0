import { jsonOption } from './command.ts'
import type { CliCommand } from './command.ts'
import { eventView } from './event-view.ts'
import { columns, countOf } from './format.ts'
import { runToResult } from './supervise.ts'

export const score: CliCommand = {
  name: 'score',
  summary: 'Score a prediction file with the official SQuAD figures.',
  usage: ['--data FILE --predictions FILE [--json]'],
  options: {
    data: {
      value: 'FILE',
      summary: 'Questions with their answers: SQuAD 1.1 or 2.0, or one record an entry.',
    },
    predictions: { value: 'FILE', summary: 'A JSON object: id to answer text.' },
    ...jsonOption,
  },
  run: (args, { engine, output }) => {
    const request = { data: args.require('data'), predictions: args.require('predictions') }
    return runToResult(engine.score(request, eventView(output)), output, ({ squad, missing }) => {
      const gap = missing ? `${countOf(missing, 'question')} without a prediction\n` : ''
      return figuresText(squad) + gap
    })
  },
}

/** The figures by their official names, one a line. */
export function figuresText(squad: Readonly<Record<string, number>>): string {
  const rows = Object.entries(squad).map(([name, value]) => [
    name,
    name.endsWith('total') ? String(value) : String(Number(value.toFixed(4))),
  ])
  return `${columns(rows, [1]).join('\n')}\n`
}
