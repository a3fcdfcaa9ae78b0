import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answerSettingNames } from '../../app.ts'
import type { App } from '../../app.ts'
import type { AnswerEvent, FoundPassage, SideAnswer } from '../../contract/comparisons.ts'
import type { SettingsSource } from '../../contract/engine-types.ts'
import type { CallContext } from '../../contract/methods.ts'
import type { Arguments } from './arguments.ts'
import { settingsSource } from './command.ts'
import type { Session } from './command.ts'
import { Failure } from './failure.ts'
import { findProject } from './find-project.ts'
import { otherReadingsText } from './other-readings.ts'
import type { Output } from './output.ts'
import { plainCall } from '../../app.ts'
import { withApp } from './with-app.ts'

/** What is to answer, and which questions. */
export interface AnsweringPaths {
  readonly model: string
  readonly adapter: string | null
  readonly data: string
  readonly settings: SettingsSource
}

/**
 * The model, adapter and questions that the options name. Of a project they are those of its newest finished run,
 * with the settings under which it answered, and the questions that the project holds out, in a file that is removed
 * afterwards; options win.
 *
 * @throws Failure where the project has no model, or holds no question out.
 */
export async function withAnsweringPaths<R>(
  args: Arguments,
  session: Session,
  work: (paths: AnsweringPaths) => Promise<R>,
): Promise<R> {
  const name = args.get('project')
  if (name === null) {
    if (args.has('home'))
      throw new Failure('usage', '--home goes together with --project: add --project NAME, or leave it out.')
    const [model, adapter] = [args.require('model'), args.get('adapter')]
    return work({ model, adapter, data: args.require('data'), settings: settingsSource(args) })
  }
  return withApp(session, { home: args.get('home') }, async (app, signal) => {
    const { id: projectId } = await findProject(app, name)
    const who = await whoAnswers(app, projectId, args)
    const given = args.get('data')
    if (given !== null) return work({ ...who, data: given })
    const folder = await mkdtemp(join(tmpdir(), 'loracle-'))
    try {
      const data = await app.writeHeldOut(projectId, folder)
      if (data === null)
        throw new Failure(
          'data_empty',
          `The project ${name} holds no question out. Set a test share on its Data page, import questions with --as test, or name a file with --data.`,
          { project: name },
        )
      if (signal.aborted) throw new Failure('cancelled', 'Stopped before any question was answered.')
      return await work({ ...who, data })
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
}

async function whoAnswers(
  app: App,
  projectId: string,
  args: Arguments,
): Promise<Omit<AnsweringPaths, 'data'>> {
  const given = settingsSource(args)
  const model = args.get('model')
  // An adapter belongs to its model: a model that is named answers without the project's.
  if (model !== null) return { model, adapter: args.get('adapter'), settings: given }
  const own = await app.answeringPaths(projectId)
  const { currentRunId } = await app.handlers['projects.get']({ projectId }, plainCall)
  const used =
    currentRunId === null ? {} : (await app.handlers['runs.get']({ runId: currentRunId }, plainCall)).settings
  const values = {
    ...Object.fromEntries(answerSettingNames.flatMap((name) => (name in used ? [[name, used[name]]] : []))),
    ...(await app.engine.givenSettings(given)),
  }
  return {
    model: own.model,
    adapter: args.get('adapter') ?? own.adapter,
    settings: { file: null, values, assignments: [] },
  }
}

export interface ProjectQuestion {
  readonly project: string
  readonly question: string
  /** The text to ask of; null asks the project's documents. */
  readonly context: string | null
}

/**
 * Asks a project's model and its newest finished run, of a text or of the project's documents; the latter as its chat
 * does, in a chat of its own.
 *
 * @throws what the services throw, `cancelled` among it.
 */
export async function askProject(
  app: App,
  { project, question, context }: ProjectQuestion,
  { output, signal }: { readonly output: Output; readonly signal: AbortSignal },
): Promise<void> {
  const { handlers } = app
  const { id: projectId } = await findProject(app, project)
  const { currentRunId: runId } = await handlers['projects.get']({ projectId }, plainCall)
  const emit = (event: AnswerEvent): void => {
    if (event.kind === 'loading') output.progress.print('loading')
  }
  if (context !== null) {
    const request = { projectId, runId, question, context }
    const sides = await handlers['compare.ask'](request, { emit, signal })
    output.value({ type: 'answer', question, ...sides })
    output.text(answersText(sides, 'text'))
    output.text(readingsOf(sides))
    return
  }
  const turn = await askInChat(app, { projectId, runId, question }, { emit, signal })
  output.value({ type: 'answer', ...turn })
  if (turn.base === null) {
    output.text("(No passage of the project's documents fits this question.)\n")
    return
  }
  const sides = { base: turn.base, tuned: turn.tuned }
  output.text(answersText(sides, 'documents'))
  output.text(readingsOf(sides))
  const best = turn.tuned ?? turn.base
  const passage = best.passage === null ? undefined : turn.passages[best.passage]
  if (passage) output.text(passageText(passage))
}

async function askInChat(
  { handlers }: App,
  request: { readonly projectId: string; readonly runId: string | null; readonly question: string },
  context: CallContext<AnswerEvent>,
) {
  const { projectId, runId, question } = request
  const { id: chatId } = await handlers['chat.create']({ projectId }, plainCall)
  try {
    return await handlers['chat.ask']({ chatId, question, runId }, context)
  } catch (thrown) {
    // A chat without a question would stand in the window's list.
    await handlers['chat.delete']({ chatId }, plainCall).catch(() => undefined)
    throw thrown
  }
}

interface Sides {
  readonly base: SideAnswer
  readonly tuned: SideAnswer | null
}

function answersText({ base, tuned }: Sides, source: 'text' | 'documents'): string {
  const none = source === 'text' ? 'The text does not answer this.' : 'The documents do not answer this.'
  const said = ({ unanswerable, text, untaught }: SideAnswer): string => {
    if (untaught) return '(It has not learnt to mark answers yet.)'
    return unanswerable ? `(${none})` : text
  }
  return tuned ? `base   ${said(base)}\ntuned  ${said(tuned)}\n` : `${said(base)}\n`
}

/** The other readings of the tuned model, or of the base model where it is alone. */
function readingsOf({ base, tuned }: Sides): string {
  const { alternatives, unanswerable } = tuned ?? base
  return otherReadingsText(alternatives, unanswerable)
}

function passageText({ sourceName, heading, text }: FoundPassage): string {
  return `\n${[sourceName, ...heading].join(' › ')}\n${text}\n`
}
