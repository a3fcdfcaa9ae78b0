import type { DraftState } from '../../../main/contract/drafts.ts'
import { formatDuration, formatNumber, formatPercent, plural } from '../format.ts'

const states: Readonly<Record<DraftState, string>> = { waiting: 'Waiting', kept: 'Kept', dropped: 'Dropped' }

/** Questions that a model drafts, and their review. */
export const drafts = {
  formTitle: 'Let a model draft questions',
  formText:
    'The model writes questions about stretches of your documents, then answers each of them itself. A question is offered to you only if its answer comes back the same.',
  promise: 'Nothing enters training before you keep it.',
  noPassages: 'Drafting needs documents',
  noPassagesText:
    'Add documents or a web page first. A model then writes questions about them, and you decide which are good.',
  noModel: 'Choose a model first',
  noModelText: 'The model that you will train writes the drafts as well.',
  toModel: 'Go to Model',
  writer: 'Who writes',
  writerModel: (name: string) => `${name}, as it is`,
  writerRun: (name: string) => `${name}, trained here`,
  source: 'From',
  allSources: 'All documents',
  most: 'At most',
  mostWrong: 'From 1 to 10,000.',
  start: 'Draft questions',
  more: 'Draft more',
  hideForm: 'Hide the form',
  running: 'Drafting',
  progress: (passages: number, total: number, written: number, kept: number) =>
    `${formatNumber(passages)} of ${plural(total, { one: '# passage', other: '# passages' })} · ${formatNumber(written)} written · ${formatNumber(kept)} stood the check`,
  starting: 'Loading the model',
  latest: 'The newest',
  stop: 'Stop, keep what is there',
  stopping: 'Stopping',
  stopped: (kept: number) =>
    `Stopped. ${plural(kept, { one: '# draft waits for you.', other: '# drafts wait for you.' })}`,
  result: (kept: number, written: number, passages: number, seconds: number) =>
    `${formatNumber(kept)} of ${plural(written, { one: '# question', other: '# questions' })} stood the check, from ${plural(passages, { one: '# passage', other: '# passages' })} in ${formatDuration(seconds)}.`,
  refused: 'Why the others were not kept',
  dismiss: 'Dismiss the result',

  queue: 'Review of the drafts',
  states: 'Drafts to show',
  state: (state: DraftState) => states[state],
  draftOf: (number: number, total: number) => `${formatNumber(number)} of ${formatNumber(total)}`,
  question: 'Question',
  answer: 'Answer',
  sure: (share: number) => `${formatPercent(share)} sure`,
  sureText: 'How sure the model was of its own answer, per word piece',
  by: (model: string) => `drafted by ${model}`,
  edited: 'changed by you',
  keep: 'Keep',
  keepEdited: 'Keep as changed',
  edit: 'Change',
  drop: 'Drop',
  back: 'Put back to the waiting ones',
  undo: 'Undo',
  previous: 'Previous draft',
  next: 'Next draft',
  editHint:
    'Change the question. For another answer, select it in the text with the mouse or the arrow keys.',
  kept: 'Kept.',
  dropped: 'Dropped.',
  putBack: 'It waits again.',
  keepAll: (count: number) => plural(count, { one: 'Keep it unread', other: 'Keep all # unread' }),
  dropAll: (count: number) => plural(count, { one: 'Drop it', other: 'Drop all #' }),
  keepAllTitle: (count: number) =>
    plural(count, {
      one: 'Keep # draft that nobody has read?',
      other: 'Keep # drafts that nobody has read?',
    }),
  keepAllText:
    'Nobody has read them. Questions that are wrong or silly will be learnt like the good ones; a look at a few dozen first shows how good they are.',
  keepAllConfirm: 'Keep them unread',
  dropAllTitle: (count: number) =>
    plural(count, {
      one: 'Drop # draft that nobody has read?',
      other: 'Drop # drafts that nobody has read?',
    }),
  dropAllText: 'Nobody has read them. They stay in the list of dropped ones and can be put back one by one.',
  dropAllConfirm: 'Drop them',
  keptAll: (count: number) => plural(count, { one: '# draft is kept.', other: '# drafts are kept.' }),
  droppedAll: (count: number) =>
    plural(count, { one: '# draft is dropped.', other: '# drafts are dropped.' }),
  noneWaiting: 'Nothing waits for you',
  noneWaitingText: 'All drafts are decided on. Draft more, or look at what was kept.',
  noneYet: 'No drafts yet',
  noneYetText:
    'Drafts appear here one by one, with the answer marked in its passage: K keeps, E changes, D drops.',
  noneKept: 'Nothing was kept yet',
  noneDropped: 'Nothing was dropped',
  keyKeep: 'Keep the draft',
  keyEdit: 'Change its question or answer',
  keyDrop: 'Drop it',
  keyUndo: 'Take the last decision back',
  keyMove: 'Next and previous draft',
  keySave: 'While changing: keep as changed',
} as const
