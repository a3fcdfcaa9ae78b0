import type { DataQuality, DataSummary } from '../../contract/datasets.ts'
import type { SetProblemKind } from '../checks/set-problem.ts'

/** What the judgement of a project's data rests on. */
export interface QualityFacts extends Omit<DataSummary, 'advice' | 'quality' | 'histograms'> {
  /** Examples that are tasks. */
  readonly tasks: number
  /** Held-out questions that training asks in the same words about the same context. */
  readonly repeated: number
  /** Questions that stand in the data once more, about the same context. */
  readonly doubled: number
  /** Findings that are open, by kind. */
  readonly flagged: Partial<Readonly<Record<SetProblemKind | 'text_mojibake' | 'text_too_long', number>>>
  /** Of the answers that were looked at. */
  readonly answers: {
    readonly looked: number
    /** The answer that is given most often, and how often. */
    readonly commonest: { readonly text: string; readonly count: number } | null
    /** Spans that begin with their context. */
    readonly atStart: number
    readonly spans: number
    /** Spans of more than half of a context of some length. */
    readonly long: number
    /** Answers of a single character. */
    readonly short: number
  }
}

type Finding = DataQuality['findings'][number]
type Level = Finding['level']

/** As many as scores and a first use need, and as many as are usual. */
const fewest = 50
const usual = 200

type Rule = readonly [
  kind: string,
  level: Level,
  count: (facts: QualityFacts) => number,
  message: (facts: QualityFacts, count: number) => string,
]

const when = (condition: boolean): number => (condition ? 1 : 0)
const holds = (condition: boolean, count: number): number => (condition ? count : 0)

/** What can be said against a set of data, the weightiest first; a rule that counts 0 says nothing. */
const rules: readonly Rule[] = [
  [
    'nothing_to_train',
    'error',
    ({ splits }) => when(splits.train === 0),
    () => 'No question is left to train on: all are held out. Give training a share.',
  ],
  [
    'too_few',
    'error',
    (facts) => holds(facts.answerable < fewest, facts.examples),
    (facts) =>
      `${counted(facts.examples, facts)} ${facts.examples === 1 ? 'is' : 'are'} very few: the model will learn little, and scores over so few say little. Aim at ${usual} or more.`,
  ],
  [
    'none_answerable',
    'error',
    ({ answerable, unanswerable }) => holds(answerable === 0, unanswerable),
    () => 'Every question is marked as unanswerable: the model will learn to answer nothing.',
  ],
  [
    'contradiction',
    'error',
    ({ flagged, examples }) =>
      holds((flagged.contradiction ?? 0) * 10 > examples, flagged.contradiction ?? 0),
    (_, count) =>
      `${number(count, 'row')} contradict others on the same question: the model is taught both. Look at them under Problems.`,
  ],
  [
    'few',
    'warning',
    (facts) => holds(facts.answerable >= fewest && facts.answerable < usual, facts.examples),
    (facts) =>
      `${counted(facts.examples, facts)} are few. ${usual} or more, in several wordings each, give a model more to learn from.`,
  ],
  [
    'split_leak',
    'warning',
    ({ repeated, flagged }) => Math.max(repeated, flagged.split_leak ?? 0),
    ({ repeated }, count) =>
      repeated > 0
        ? `${number(repeated, 'held-out question')} ${repeated === 1 ? 'is' : 'are'} asked in training in the same words about the same context: scores will look better than they are. Remove the repeated ones, or the file that brings them.`
        : `${number(count, 'row')} in training ${count === 1 ? 'shares its' : 'share their'} text or answer with what is held out: scores will look better than they are. Leave them out under Problems.`,
  ],
  [
    'nothing_held_out',
    'warning',
    ({ splits }) => when(splits.train > 0 && splits.validation + splits.test === 0),
    () =>
      'No question is held out, so nothing will show what the model has learnt. Give validation and test a share, or add a file for testing.',
  ],
  [
    'nothing_to_test',
    'warning',
    ({ splits }) => when(splits.validation > 0 && splits.test === 0),
    () =>
      'Questions are held out for validation but none for testing, so answers of before and after cannot be compared. Give test a share.',
  ],
  [
    'nothing_to_validate',
    'note',
    ({ splits }) => when(splits.test > 0 && splits.validation === 0),
    () =>
      'Questions are held out for testing but none for validation, so nothing shows during training when it is enough. Give validation a share.',
  ],
  [
    'rejected',
    'warning',
    ({ rejected, examples }) => holds(rejected > 0 && rejected * 10 >= examples, rejected),
    (_, count) =>
      `${number(count, 'row')} ${count === 1 ? 'was' : 'were'} left out. Look at the problems: many can be mended.`,
  ],
  [
    'contradiction',
    'warning',
    ({ flagged, examples }) =>
      holds((flagged.contradiction ?? 0) * 10 <= examples, flagged.contradiction ?? 0),
    (_, count) =>
      `${number(count, 'row')} contradict${count === 1 ? 's' : ''} others on the same question. Look at them under Problems.`,
  ],
  [
    'one_answer',
    'warning',
    ({ answers: { commonest, looked } }) =>
      holds(looked >= fewest && commonest !== null && commonest.count * 2 > looked, commonest?.count ?? 0),
    ({ answers: { commonest, looked } }) =>
      `${Math.round((100 * (commonest?.count ?? 0)) / looked)} % of the answers are “${commonest?.text ?? ''}”: a model that always says so is mostly right and has learnt nothing. Add other answers.`,
  ],
  [
    'answers_at_start',
    'warning',
    ({ answers: { atStart, spans } }) => holds(spans >= fewest && atStart * 5 > spans * 4, atStart),
    () =>
      'Nearly all answers stand at the very start of their contexts: the model will learn the place, not the answer. Add contexts in which they stand elsewhere.',
  ],
  [
    'long_answers',
    'warning',
    ({ answers: { long, spans } }) => holds(spans > 0 && long * 4 > spans, long),
    () =>
      'Many answers are more than half of their context: the model will learn to repeat it. Mark the words that answer, or import them as a task.',
  ],
  [
    'unanswerable',
    'warning',
    ({ answerable, unanswerable }) => holds(unanswerable > answerable && answerable > 0, unanswerable),
    ({ examples }, count) =>
      `${number(count, 'question')} of ${examples.toLocaleString('en-US')} are unanswerable: the model will say too often that there is no answer.`,
  ],
  [
    'doubled',
    'warning',
    // Some data asks a question twice on purpose; a file that was imported twice doubles nearly everything.
    ({ doubled, examples }) => holds(doubled * 4 >= examples, doubled),
    (_, count) =>
      `${number(count, 'question')} ${count === 1 ? 'stands' : 'stand'} in the data more than once, about the same context. If a file was imported twice, remove it once.`,
  ],
  [
    'one_context',
    'warning',
    ({ contexts, tasks, examples }) => when(contexts === 1 && tasks < examples),
    () =>
      'All questions are about one context: none of them can be held out without showing the model its text.',
  ],
  [
    'one_document',
    'warning',
    ({ groups, contexts }) => when(groups === 1 && contexts > 1),
    () =>
      'All questions are of one document or article, so single contexts are held out: the test says little about other documents.',
  ],
  [
    'text_mojibake',
    'warning',
    ({ flagged }) => flagged.text_mojibake ?? 0,
    (_, count) =>
      `${number(count, 'row')} ${count === 1 ? 'holds' : 'hold'} letters that were decoded wrongly, such as “Ã¤” for “ä”. Mend them under Problems.`,
  ],
  [
    'near_duplicate',
    'note',
    ({ flagged, doubled, examples }) => holds(doubled * 4 < examples, flagged.near_duplicate ?? 0),
    (_, count) => `${number(count, 'row')} nearly ${count === 1 ? 'repeats' : 'repeat'} another one.`,
  ],
  [
    'context_beyond_window',
    'note',
    ({ flagged }) => flagged.context_beyond_window ?? 0,
    (_, count) =>
      `${number(count, 'row')} ${count === 1 ? 'has a context' : 'have contexts'} longer than the model reads at once: training takes them in several windows and longer.`,
  ],
  [
    'text_too_long',
    'note',
    ({ flagged }) => flagged.text_too_long ?? 0,
    (_, count) => `${number(count, 'row')} ${count === 1 ? 'has a text' : 'have texts'} of unusual length.`,
  ],
  [
    'short_answers',
    'note',
    ({ answers: { short, looked } }) => holds(looked > 0 && short * 5 > looked, short),
    () => 'Many answers are a single character. Where they name a choice, write the choice itself.',
  ],
]

const order: readonly Level[] = ['error', 'warning', 'note']

/** Judges data before they are trained on: a verdict with its reason, and what was found, the worst first. */
export function qualityOf(facts: QualityFacts): DataQuality {
  if (facts.examples === 0) return emptyQuality(facts)
  const findings = rules
    .flatMap(([kind, level, count, message]): Finding[] => {
      const found = count(facts)
      return found > 0 ? [{ kind, level, count: found, message: message(facts, found) }] : []
    })
    .sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
  const [worst] = findings
  const has = (level: Level) => findings.some((finding) => finding.level === level)
  const verdict = findings.some(({ kind }) => kind === 'too_few')
    ? 'too-little'
    : has('error')
      ? 'poor'
      : has('warning')
        ? 'fair'
        : 'good'
  const reason =
    verdict === 'too-little'
      ? `${number(facts.answerable, facts.tasks === facts.examples ? 'task' : 'answered question')}: ${fewest} are the least that a model learns something from, ${usual} or more are usual.`
      : verdict === 'good'
        ? `${counted(facts.examples, facts)}, and nothing speaks against them.`
        : (worst?.message ?? '')
  return { verdict, reason, findings }
}

/** The findings that a person should know of before training, as sentences. */
export function adviceOf({ findings }: DataQuality): string[] {
  return findings.filter(({ level }) => level !== 'note').map(({ message }) => message)
}

function emptyQuality({ passages }: QualityFacts): DataQuality {
  if (passages === 0)
    return {
      verdict: 'empty',
      reason: 'There is nothing to learn from yet. Add documents, or a file with questions.',
      findings: [],
    }
  const message = 'There are documents but no questions. Mark answers in them, or add a file with questions.'
  return {
    verdict: 'empty',
    reason: message,
    findings: [{ kind: 'no_questions', level: 'warning', count: passages, message }],
  }
}

function counted(count: number, { tasks, examples }: QualityFacts): string {
  return number(count, tasks === examples && tasks > 0 ? 'task' : tasks > 0 ? 'example' : 'question')
}

function number(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}
