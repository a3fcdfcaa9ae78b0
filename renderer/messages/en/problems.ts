import type { MendAction, ProblemRow } from '../../../main/contract/datasets.ts'
import { formatNumber, formatPercent, plural } from '../format.ts'

const statuses: Readonly<Record<ProblemRow['status'], string>> = {
  rejected: 'left out',
  flagged: 'used as it is',
  mended: 'mended on import',
  'mended-by-person': 'mended by you',
  ignored: 'nothing to do',
}

/** What a mend will do. */
const proposals: Readonly<Record<MendAction, string>> = {
  answer: 'Takes this stretch of the context as the answer',
  unanswerable: 'Keeps it as a question without an answer',
  offset: 'Moves the answer to where it stands',
  text: 'Writes the text anew',
  answers: 'Gives the question the answers of the others as well',
  'leave-out': 'Leaves the row out',
  keep: 'Takes the row in as it is',
}

/** What a mend did. */
const mends: Readonly<Record<MendAction, string>> = {
  answer: 'This stretch of the context is the answer now',
  unanswerable: 'Kept as a question without an answer',
  offset: 'The answer was moved to where it stands',
  text: 'The text was written anew',
  answers: 'The question has the answers of the others as well',
  'leave-out': 'The row was left out',
  keep: 'The row was taken in as it is',
}

const verdicts = {
  empty: 'Nothing to learn from yet',
  'too-little': 'Too little to learn from',
  poor: 'Poor data',
  fair: 'Fair data',
  good: 'Good data',
} as const

/** Problems of the rows, their mends, and how good the data are. */
export const problems = {
  none: 'Nothing is wrong',
  noneText: 'Every row of your files could be read, and every answer stands in its text.',
  kinds: 'Kinds of problems',
  leftOut: (count: number) => plural(count, { one: '# row left out', other: '# rows left out' }),
  flagged: (count: number) => plural(count, { one: '# used as it is', other: '# used as they are' }),
  mended: (count: number) => plural(count, { one: '# mended', other: '# mended' }),
  show: 'Rows to show',
  showAll: 'All',
  showOpen: 'Open',
  showMended: 'Mended',
  noneOpen: 'No open row of this kind. What was mended can be taken back.',
  noneMended: 'No row of this kind is mended yet.',
  noRows: 'No row of this kind is left.',

  accept: 'Accept',
  acceptAll: (count: number) =>
    plural(count, { one: 'Accept the proposal', other: 'Accept all # proposals' }),
  acceptSelected: (count: number) => `Accept ${formatNumber(count)}`,
  undoAll: (count: number) => plural(count, { one: 'Undo the mend', other: 'Undo all # mends' }),
  undoSelected: (count: number) => `Undo ${formatNumber(count)}`,
  selected: (count: number) => plural(count, { one: '# row selected', other: '# rows selected' }),
  selectPage: 'Select the rows of this page',
  selectRow: (place: string) => `Select ${place}`,
  changed: (count: number) => plural(count, { one: '# row is mended.', other: '# rows are mended.' }),
  nothingChanged: 'No row could be changed: the data is different by now.',
  undone: (count: number) =>
    plural(count, { one: '# mend is taken back.', other: '# mends are taken back.' }),
  mendAgain: 'Mend again',

  everything: 'Mend everything that can be mended',
  everythingTitle: (count: number) => plural(count, { one: 'Mend # row?', other: 'Mend up to # rows?' }),
  everythingText:
    'Each row gets the mend that is proposed for it. Proposals are mostly right, not always; each mend can be taken back, alone or together.',
  everythingConfirm: 'Mend them',
  everythingRows: 'Rows that will be mended, by kind',
  fewerRows:
    'Answers that are hardly like the proposed one are left for you to look at, and a row with several problems counts once: fewer rows than these may change.',
  undoLeavesOut: 'Undo leaves the row out.',
  undoTakesIn: 'Undo takes the row in.',

  given: 'In the file',
  proposal: 'Proposed',
  nowAnswer: 'Now',
  before: 'Before',
  after: 'After',
  inContext: 'In its context',
  addedWords: 'Only here: ',
  similarity: (share: number) => `${formatPercent(share)} alike`,
  distance: (edits: number) =>
    edits === 0 ? 'the same letters' : plural(edits, { one: '# letter differs', other: '# letters differ' }),
  willDo: (action: MendAction) => proposals[action],
  done: (action: MendAction) => mends[action],
  status: (status: ProblemRow['status']) => statuses[status],
  rowsOf: (first: number, last: number, total: number) =>
    `${formatNumber(first)}–${formatNumber(last)} of ${formatNumber(total)}`,
  previousRows: 'Previous rows',
  nextRows: 'Next rows',
  keyNext: 'In the list of problems: next and previous row',
  keySelect: 'Select the row, or not',
  keyAccept: 'Accept the proposal for the row',
  keyUndo: 'Take the mend of the row back',

  checking: (done: number, total: number) =>
    total > 0 ? `Comparing rows: ${formatPercent(Math.min(done / total, 1))}` : 'Comparing rows',
  checkingText: 'Looking for near-duplicates, contradictions and leaks between splits',
  checked: (found: number) =>
    found === 0
      ? 'No near-duplicates, contradictions or leaks'
      : plural(found, { one: '# finding across rows', other: '# findings across rows' }),
  checkFailed: 'Rows could not be compared with one another.',

  verdict: (verdict: keyof typeof verdicts) => verdicts[verdict],
  quality: 'Quality of the data',
  findings: (count: number) => plural(count, { one: '# finding', other: '# findings' }),
  showProblem: 'Show the rows',
  showSplits: 'Change the splits',
  showPassages: 'Mark answers',
  showSources: 'Show the files',
  errorLevel: 'Serious: ',
  warningLevel: 'Warning: ',
  noteLevel: 'Note: ',
} as const
