import { basename, extname } from 'node:path'
import { defaultHome } from '../../app.ts'
import type { App } from '../../app.ts'
import type { EventListener, Job } from '../../contract/engine.ts'
import type { Comparison, RunStarted, TrainRequest, TrainResult } from '../../contract/engine-types.ts'
import type { RunDetail } from '../../contract/runs.ts'
import type { Arguments } from './arguments.ts'
import { jsonOption, projectOptions, settingsOptions, settingsSource } from './command.ts'
import type { CliCommand, Session } from './command.ts'
import { comparisonText, markOf } from './comparisons.ts'
import { eventView } from './event-view.ts'
import { Failure } from './failure.ts'
import { shellWord } from './format.ts'
import type { Output } from './output.ts'
import { findRun, followProjectRun, homeOfRun, resumeRun, startRun } from './project-training.ts'
import { askLine, closingText, resumeLine, scoreTable, summaryValue } from './summary.ts'
import type { Closing } from './summary.ts'
import { exitCodeOf, supervise } from './supervise.ts'
import { createTrainingFeed } from './training-feed.ts'
import type { TrainingFeed } from './training-feed.ts'
import { plainCall } from '../../app.ts'
import { readMixture } from './mixture.ts'
import { withApp } from './with-app.ts'

export const train: CliCommand = {
  name: 'train',
  summary: 'Fine-tune a model on question-answer pairs.',
  usage: [
    '--model DIR --data FILE … [--weight NAME=NUMBER …] [--validation FILE] [--test FILE …] [--out DIR] [--config FILE.json] [--set key=value …] [--json]',
    '--resume RUNDIR [--json]',
    '--project NAME [--home DIR] [--model DIR] [--weight NAME=NUMBER …] [--config FILE.json] [--set key=value …] [--json]',
  ],
  options: {
    model: { value: 'DIR', summary: 'A model folder as Hugging Face publishes it.' },
    data: {
      value: 'FILE',
      summary:
        'Questions to learn: SQuAD 1.1 or 2.0, or one record an entry (JSON, JSONL); may be given several times.',
      multiple: true,
    },
    weight: {
      value: 'NAME=NUMBER',
      summary:
        "How many times an epoch goes through a dataset, by its file's name; 1 without it. May be given several times.",
      multiple: true,
    },
    validation: {
      value: 'FILE',
      summary: 'The validation split; without it a part of each dataset is held out.',
    },
    test: {
      value: 'FILE',
      summary: 'Held-out questions, scored before and after; may be given several times.',
      multiple: true,
    },
    out: { value: 'DIR', summary: "Where the run's folder is made; ./runs without it." },
    ...settingsOptions,
    ...projectOptions,
    resume: { value: 'RUNDIR', summary: 'Go on with a run that was stopped, from its newest checkpoint.' },
    ...jsonOption,
  },
  listsSettings: true,
  run: async (args, session) => {
    const project = args.get('project')
    if (project !== null) return trainProject(project, args, session)
    if (args.has('home'))
      throw new Failure('usage', 'train takes --home together with --project. See loracle train --help.')
    const request = trainRequest(args)
    const home = 'resume' in request ? await homeOfRun(request.resume) : null
    if (!('resume' in request) || home === null) return runTraining(request, session)
    const feed = createTrainingFeed()
    return withApp(session, { home, onTraining: feed.listen }, async (app) => {
      const run = await findRun(app, request.resume)
      const { name } = await app.handlers['projects.get']({ projectId: run.projectId }, plainCall)
      return showProjectRun(app, () => resumeRun(app, run), {
        project: name,
        resumed: true,
        home,
        feed,
        session,
      })
    })
  },
}

function trainProject(project: string, args: Arguments, session: Session): Promise<number> {
  const other = ['data', 'validation', 'test', 'out', 'resume'].find((name) => args.has(name))
  if (other)
    throw new Failure(
      'usage',
      `A project brings its own data and folders: leave --${other} out, or leave --project out.`,
      { option: other },
    )
  const request = {
    project,
    model: args.get('model'),
    settings: settingsSource(args),
    weights: args.all('weight'),
  }
  const home = args.get('home')
  const feed = createTrainingFeed()
  return withApp(session, { home, onTraining: feed.listen }, (app) =>
    showProjectRun(app, () => startRun(app, request, session.output.progress), {
      project,
      resumed: false,
      home,
      feed,
      session,
    }),
  )
}

interface ProjectRunView {
  readonly project: string
  readonly resumed: boolean
  readonly home: string | null
  readonly feed: TrainingFeed
  readonly session: Session
}

/** Shows a run of a project that `begin` starts or goes on with, as `train --project` does. */
export function showProjectRun(
  app: App,
  begin: () => Promise<RunDetail>,
  { project, resumed, home, feed, session }: ProjectRunView,
): Promise<number> {
  const { progress } = session.output
  const here = home === null || home === defaultHome() ? '' : ` --home ${shellWord(home)}`
  return showTraining(
    (onEvent) => followProjectRun(app, begin, { feed, onEvent, resumed, progress }),
    session.output,
    {
      inWindow: true,
      proposeAsk: (question) =>
        Promise.resolve(
          `npx loracle ask --project ${shellWord(project)}${here} --question ${shellWord(question?.question ?? noQuestion)}`,
        ),
    },
  )
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
    datasets: readMixture(args.all('data'), args.all('weight')),
    validation: args.get('validation'),
    tests: args.all('test').map((path) => ({ name: stem(path), data: path })),
    out: args.get('out') ?? 'runs',
    name: stem(data),
    settings: settingsSource(args),
  }
}

/** Finds a text file with the context of a held-out question of the run; null where there is none. */
export type FindPassage = (question: Comparison, runDir: string) => Promise<string | null>

/** Starts a run by paths, shows it, and ends with the scores, the comparisons and what to do next. */
export function runTraining(
  request: TrainRequest,
  { engine, output }: Session,
  findPassage?: FindPassage,
): Promise<number> {
  return showTraining((onEvent) => engine.train(request, onEvent), output, {
    inWindow: false,
    proposeAsk: async (asked, { runDir, adapter }, run) => {
      if (run.settings['method'] !== 'lora') return null
      const contextFile = (asked && (await findPassage?.(asked, runDir))) ?? 'DOCUMENT.txt'
      const question = asked?.question ?? noQuestion
      return askLine(run, adapter, { question, contextFile, settings: engine.describeSettings() })
    },
  })
}

const noQuestion = 'Your question?'

interface TrainingView extends Pick<Closing, 'inWindow'> {
  /** The line that asks the tuned model a question again, one that it got right where there is one. */
  proposeAsk(question: Comparison | undefined, result: TrainResult, run: RunStarted): Promise<string | null>
}

async function showTraining(
  begin: (onEvent: EventListener) => Job<TrainResult>,
  output: Output,
  { inWindow, proposeAsk }: TrainingView,
): Promise<number> {
  const started: { run: RunStarted | null } = { run: null }
  const view: EventListener = output.json ? (event) => output.value(event) : eventView(output)
  const job = begin((event) => {
    if (event.type === 'run') started.run = event
    view(event)
  })
  const outcome = await supervise(job, output)
  if (outcome.type === 'error') output.error(outcome.error)
  else if (output.json) {
    output.value(outcome)
    output.value(summaryValue(outcome))
    // Where the reader of the output has gone, which sets the exit code, there is nobody to tell.
    if (outcome.stopped === 'cancelled' && process.exitCode === undefined)
      output.progress.print(`Go on with: ${resumeLine(outcome)}`)
  } else {
    const scored = outcome.before
      ? [comparisonText(outcome.comparisons, output), scoreTable(outcome, output)]
      : []
    const question = outcome.comparisons.find((one) => markOf(one) === 'fixed') ?? outcome.comparisons[0]
    const { run } = started
    const ask = run && outcome.stopped !== 'cancelled' ? await proposeAsk(question, outcome, run) : null
    output.text(['', ...scored, closingText(outcome, { ask, inWindow })].join('\n'))
  }
  return exitCodeOf(outcome)
}

function stem(path: string): string {
  return basename(path, extname(path))
}
