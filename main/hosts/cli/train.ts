import { shellWord } from './format.ts'
import { basename, extname } from 'node:path'
import type { EventListener } from '../../contract/api.ts'
import type { Comparison, RunStarted, TrainRequest } from '../../contract/types.ts'
import type { Arguments } from './arguments.ts'
import { jsonOption, settingsOptions, settingsSource } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { comparisonText, markOf } from './comparisons.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { closingText, scoreTable, summaryValue } from './summary.ts'
import { exitCodeOf, supervise } from './supervise.ts'

export const train: CliCommand = {
  name: 'train',
  summary: 'Fine-tune a model on question-answer pairs.',
  usage: [
    '--model DIR --data FILE [--validation FILE] [--test FILE …] [--out DIR] [--config FILE.json] [--set key=value …] [--json]',
    '--resume RUNDIR [--json]',
  ],
  options: {
    model: { value: 'DIR', summary: 'A model folder as Hugging Face publishes it.' },
    data: {
      value: 'FILE',
      summary: 'Questions to learn: SQuAD 1.1 or 2.0, or one record an entry (JSON, JSONL).',
    },
    validation: { value: 'FILE', summary: 'The validation split; without it a part of --data is held out.' },
    test: {
      value: 'FILE',
      summary: 'Held-out questions, scored before and after; may be given several times.',
      multiple: true,
    },
    out: { value: 'DIR', summary: "Where the run's folder is made; ./runs without it." },
    ...settingsOptions,
    resume: { value: 'RUNDIR', summary: 'Go on with a run that was stopped, from its newest checkpoint.' },
    ...jsonOption,
  },
  listsSettings: true,
  run: (args, session) => runTraining(trainRequest(args), session),
}

function trainRequest(args: Arguments): TrainRequest {
  if (args.has('resume')) {
    const other = Object.keys(train.options).find(
      (name) => !['resume', 'json'].includes(name) && args.has(name),
    )
    if (other)
      throw new Failure(
        'usage',
        `A resumed run keeps its own settings and files: leave --${other} out, or start a new run.`,
        {
          option: other,
        },
      )
    return { resume: args.require('resume') }
  }
  const data = args.require('data')
  return {
    model: args.require('model'),
    data,
    validation: args.get('validation'),
    tests: args.all('test').map((path) => ({ name: stem(path), data: path })),
    out: args.get('out') ?? 'runs',
    name: stem(data),
    settings: settingsSource(args),
  }
}

/** Finds a text file with the context of a held-out question of the run; null where there is none. */
export type FindPassage = (question: Comparison, runDir: string) => Promise<string | null>

/** Starts a run, shows it, and ends with the scores, the comparisons and what to do next. */
export async function runTraining(
  request: TrainRequest,
  { api, output }: Session,
  findPassage?: FindPassage,
): Promise<number> {
  let run: RunStarted | null = null
  const view: EventListener = output.json ? (event) => output.value(event) : eventView(output)
  const job = api.train(request, (event) => {
    if (event.type === 'run') run = event
    view(event)
  })
  const outcome = await supervise(job, output)
  if (outcome.type === 'error') output.error(outcome.error)
  else {
    output.value(outcome)
    output.value(summaryValue(outcome))
    // Where the reader of the output has gone, which sets the exit code, there is nobody to tell.
    if (output.json && outcome.stopped === 'cancelled' && process.exitCode === undefined)
      output.progress.print(`Go on with: npx loracle train --resume ${shellWord(outcome.runDir)}`)
    const scored = outcome.before
      ? [comparisonText(outcome.comparisons, output), scoreTable(outcome, output)]
      : []
    const question = outcome.comparisons.find((one) => markOf(one) === 'fixed') ?? outcome.comparisons[0]
    const passage = question && !output.json ? await findPassage?.(question, outcome.runDir) : null
    const again = { question: question?.question ?? 'Your question?', contextFile: passage ?? 'DOCUMENT.txt' }
    output.text(['', ...scored, closingText(outcome, run, api.describeSettings(), again)].join('\n'))
  }
  return exitCodeOf(outcome)
}

function stem(path: string): string {
  return basename(path, extname(path))
}
