import { answerSettingNames } from '../../trainer/protocol.ts'
import type { AnswerColumn, AnswerSettings } from '../../trainer/protocol.ts'
import type { AnswerEvent, AskResult, Side, SideAnswer } from '../contract/comparisons.ts'
import { AppError } from '../contract/errors.ts'
import type { CallContext } from '../contract/methods.ts'
import type { Answering } from './answering.ts'

/** What a run has made, as far as it matters to asking. */
export interface AskedRun {
  readonly name: string
  readonly modelFolder: string
  /** An adapter's folder, or a model's where every weight was trained; null before there is one. */
  readonly outcome: string | null
  readonly settings: Readonly<Record<string, unknown>>
}

export interface SidesRequest {
  /** The base model alone, or a run with its base model. */
  readonly asked: { readonly modelFolder: string } | AskedRun
  /** `qa` where it is left out; of a task the question is the instruction, the contexts its inputs, or none. */
  readonly form?: 'qa' | 'task'
  readonly question: string
  readonly contexts: readonly string[]
}

/**
 * Asks a model as it is and, where a run is named, with what the run has learnt, and tells tokens and answers as
 * they come. An adapter is a second column of the loaded model; a model whose every weight was trained is asked
 * after its base.
 *
 * @throws AppError `run_state` where the run has made nothing yet, and what the answering throws.
 */
export async function askSides(
  answering: Pick<Answering, 'ask'>,
  { asked, form = 'qa', question, contexts }: SidesRequest,
  { emit, signal, caller }: CallContext<AnswerEvent>,
): Promise<AskResult> {
  const settings = 'settings' in asked ? answerSettings(asked.settings) : {}
  const ask = async (model: string, columns: readonly (readonly [Side, string | null])[]) => {
    const { columns: answered } = await answering.ask(
      { model, adapters: columns.map(([, adapter]) => adapter), form, question, contexts, settings },
      {
        onToken: (column, text) => {
          const side = columns[column]?.[0]
          if (side) emit({ kind: 'token', side, text })
        },
        onLoading: () => {
          emit({ kind: 'loading' })
        },
        signal,
        ...(caller ? { client: caller } : {}),
      },
    )
    return columns.map(([side], i) => {
      const answer = sideAnswer(answered[i], contexts.length > 0)
      emit({ kind: 'answer', side, answer })
      return answer
    })
  }

  const outcome = 'outcome' in asked ? outcomeOf(asked) : null
  if (outcome !== null && 'settings' in asked && asked.settings['method'] === 'full') {
    const [base] = await ask(asked.modelFolder, [['base', null]])
    const [tuned] = await ask(outcome, [['tuned', null]])
    return { base: present(base), tuned: present(tuned) }
  }
  const columns = [['base', null] as const, ...(outcome === null ? [] : [['tuned', outcome] as const])]
  const [base, tuned] = await ask(asked.modelFolder, columns)
  return { base: present(base), tuned: tuned ?? null }
}

/** @throws AppError `run_state` where the run has made nothing yet. */
export function outcomeOf(run: Pick<AskedRun, 'name' | 'outcome'>): string {
  if (run.outcome !== null) return run.outcome
  throw new AppError(
    'run_state',
    `The run ${run.name} has not learnt anything that could answer yet. Wait until it is finished, or choose another run.`,
  )
}

/** The settings under which a run's questions were answered. */
export function answerSettings(settings: Readonly<Record<string, unknown>>): AnswerSettings {
  return Object.fromEntries(
    answerSettingNames.flatMap((name) => (settings[name] === undefined ? [] : [[name, settings[name]]])),
  )
}

function sideAnswer(column: AnswerColumn | undefined, hasPassages: boolean): SideAnswer {
  const answer = column?.answers[column.best]
  if (!column || !answer) throw new AppError('internal', 'A question was asked and not answered. Ask again.')
  const { text, unanswerable, score, start, end, alternatives, windows } = answer
  return {
    text,
    unanswerable,
    score,
    passage: unanswerable || !hasPassages ? null : column.best,
    span: start === null || end === null ? null : { start, end },
    seconds: column.seconds,
    ...(alternatives
      ? {
          alternatives: alternatives.map(({ start: from, end: to, ...one }) => ({
            text: one.text,
            span: { start: from, end: to },
            probability: one.probability,
          })),
        }
      : {}),
    // A model without a head for marking is passed over: it has read no window.
    ...(unanswerable && windows === 0 ? { untaught: true } : {}),
  }
}

function present(answer: SideAnswer | undefined): SideAnswer {
  if (!answer) throw new AppError('internal', 'A question was asked and not answered. Ask again.')
  return answer
}
