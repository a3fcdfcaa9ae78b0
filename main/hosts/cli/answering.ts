import { readFile } from 'node:fs/promises'
import type { EvaluateResult } from '../../contract/engine-types.ts'
import type { Arguments } from './arguments.ts'
import { metricLabels, tasks } from '../../contract/tasks.ts'
import type { MetricName } from '../../contract/tasks.ts'
import { jsonOption, modelOptions, projectOptions, settingsOptions, settingsSource } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { clock, columns, countOf, wholeNumber } from './format.ts'
import { otherReadingsText } from './other-readings.ts'
import { askProject, withAnsweringPaths } from './project-answering.ts'
import { figuresText } from './score.ts'
import { exitCodeOf, runToResult, supervise } from './supervise.ts'
import { withApp } from './with-app.ts'

/** The commands that let a model answer: evaluate, predict, ask. */
export const evaluate: CliCommand = {
  name: 'evaluate',
  summary: 'Score a model, with or without an adapter, on a dataset.',
  usage: [
    '--model DIR [--adapter DIR] --data FILE [--config FILE.json] [--set key=value …] [--json]',
    '--project NAME [--home DIR] [--data FILE] [--set key=value …] [--json]',
  ],
  options: {
    ...modelOptions,
    ...projectOptions,
    data: {
      value: 'FILE',
      summary:
        'Questions with their answers: SQuAD 1.1 or 2.0, or one record an entry. Of a project, its held-out ones without it.',
    },
    ...settingsOptions,
    ...jsonOption,
  },
  run: (args, session) =>
    withAnsweringPaths(args, session, (paths) =>
      runToResult(session.engine.evaluate(paths, eventView(session.output)), session.output, evaluationText),
    ),
}

export const predict: CliCommand = {
  name: 'predict',
  summary: 'Write the SQuAD prediction file: id to answer text, empty for unanswerable.',
  usage: [
    '--model DIR [--adapter DIR] --data FILE --out predictions.json [--config FILE.json] [--set key=value …] [--json]',
    '--project NAME [--home DIR] [--data FILE] --out predictions.json [--set key=value …] [--json]',
  ],
  options: {
    ...modelOptions,
    ...projectOptions,
    data: {
      value: 'FILE',
      summary:
        'Questions: SQuAD 1.1 or 2.0, or one record an entry. Of a project, its held-out ones without it.',
    },
    out: { value: 'FILE', summary: 'The prediction file to write.' },
    ...settingsOptions,
    ...jsonOption,
  },
  run: (args, session) => {
    const out = args.require('out')
    return withAnsweringPaths(args, session, (paths) =>
      runToResult(
        session.engine.predict({ ...paths, out }, eventView(session.output)),
        session.output,
        (result) => `${countOf(result.count, 'prediction')} in ${clock(result.seconds)}: ${result.out}\n`,
      ),
    )
  },
}

export const ask: CliCommand = {
  name: 'ask',
  summary: "Ask one question about a text, or a project's documents.",
  usage: [
    '--project NAME [--home DIR] --question TEXT [--context TEXT | --context-file FILE] [--json]',
    '--model DIR [--adapter DIR] --question TEXT (--context TEXT | --context-file FILE) [--config FILE.json] [--set key=value …] [--json]',
  ],
  options: {
    ...modelOptions,
    ...projectOptions,
    question: { value: 'TEXT', summary: 'The question.' },
    context: { value: 'TEXT', summary: 'The text that holds the answer.' },
    'context-file': { value: 'FILE', summary: 'A text file (UTF-8) that holds the answer.' },
    ...settingsOptions,
    ...jsonOption,
  },
  run: async (args, session) => {
    const { engine, output } = session
    const project = args.get('project')
    if (project !== null) return askOfProject(project, args, session)
    if (args.has('home'))
      throw new Failure('usage', '--home goes together with --project: add --project NAME, or leave it out.')
    const request = {
      ...modelOf(args),
      question: args.require('question'),
      context: await contextOf(args),
      settings: settingsSource(args),
    }
    const show = eventView(output)
    let streamed = ''
    const job = engine.ask(request, (event) => {
      if (event.type === 'token') {
        streamed += event.text
        output.text(event.text)
      } else show(event)
    })
    const outcome = await supervise(job, output)
    if (streamed) output.text('\n')
    if (outcome.type === 'error') output.error(outcome.error)
    else {
      output.value(outcome)
      if (outcome.questionCut)
        output.progress.print(
          "The question is longer than three quarters of the model's window: its end was cut.",
        )
      // The windows of a long context are answered one by one, and what was streamed need not be what won.
      if (outcome.unanswerable) output.text('(The text does not answer this.)\n')
      else if (streamed.trim() !== outcome.answer.trim()) output.text(`${outcome.answer}\n`)
      output.text(otherReadingsText(outcome.alternatives, outcome.unanswerable))
    }
    return exitCodeOf(outcome)
  },
}

async function askOfProject(project: string, args: Arguments, session: Session): Promise<number> {
  const other = ['model', 'adapter', 'config', 'set'].find((name) => args.has(name))
  if (other)
    throw new Failure(
      'usage',
      `A project answers with its own model and settings: leave --${other} out, or leave --project out.`,
      { option: other },
    )
  const question = args.require('question')
  const given = args.has('context') || args.has('context-file')
  const context = given ? await contextOf(args) : null
  return withApp(session, { home: args.get('home') }, async (app, signal) => {
    await askProject(app, { project, question, context }, { output: session.output, signal })
    return 0
  })
}

function modelOf(args: Arguments): { model: string; adapter: string | null } {
  return { model: args.require('model'), adapter: args.get('adapter') }
}

async function contextOf(args: Arguments): Promise<string> {
  const text = args.get('context')
  const path = args.get('context-file')
  if ((text === null) === (path === null))
    throw new Failure(
      'usage',
      'ask needs either --context TEXT or --context-file FILE. See loracle ask --help.',
    )
  if (path === null) return text ?? ''
  try {
    return await readFile(path, 'utf8')
  } catch {
    throw new Failure('file_missing', `${path} cannot be read. Check the path.`, { path })
  }
}

function evaluationText({ scores, squad, rouge, loss, perplexity, seconds }: EvaluateResult): string {
  const rows = [
    ['EM', scores.exactMatch.toFixed(1)],
    ['F1', scores.f1.toFixed(1)],
    ['ROUGE-1', rouge.rouge1.toFixed(1)],
    ['ROUGE-2', rouge.rouge2.toFixed(1)],
    ['ROUGE-L', rouge.rougeL.toFixed(1)],
    ['loss', loss.toFixed(4)],
    ...(perplexity === undefined ? [] : [['perplexity of the texts', perplexity.toFixed(3)] as const]),
  ]
  return [
    `${wholeNumber(scores.count)} questions in ${clock(seconds)}`,
    ...columns(rows, [1]),
    ...(scores.tasks ?? []).flatMap(({ task, count, values }) => [
      '',
      `${tasks[task].label}, ${wholeNumber(count)}:`,
      ...columns(
        Object.entries(values).map(([metric, value]) => [
          metricLabels[metric as MetricName],
          value.toFixed(1),
        ]),
        [1],
      ),
    ]),
    '',
    'Official SQuAD figures:',
    figuresText(squad),
  ].join('\n')
}
