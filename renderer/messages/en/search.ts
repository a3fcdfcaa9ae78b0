import { formatDuration, formatFixed, formatNumber, plural } from '../format.ts'

export const search = {
  tab: 'Try several settings',
  lead: 'Trains the model a few times, for a short while each, with different settings, and shows which learnt best.',
  judged: (objective: 'loss' | 'f1', examples: number) =>
    objective === 'loss'
      ? plural(examples, {
          one: 'By the loss on # validation example: lower is better.',
          other: 'By the loss on # validation examples: lower is better.',
        })
      : plural(examples, {
          one: 'By the F1 on # validation example: higher is better.',
          other: 'By the F1 on # validation examples: higher is better.',
        }),
  judgedDrawn: (objective: 'loss' | 'f1') =>
    objective === 'loss'
      ? 'By the loss on a tenth of the training examples, set aside: lower is better.'
      : 'By the F1 on a tenth of the training examples, set aside: higher is better.',
  testsUnseen: 'The questions held out for the test are not looked at, so their scores stay honest.',

  whatToTry: 'What to try',
  othersStay: 'All other settings are as they are under Set up.',
  inForm: (label: string) => `${label}: how its values are given`,
  formValues: 'Values',
  formRange: 'Range',
  formLogRange: 'Range, log scale',
  values: (label: string) => `${label}: values`,
  from: (label: string) => `${label}: from`,
  to: (label: string) => `${label}: to`,
  rangeTo: 'to',
  valuesHint: 'With commas or spaces between them.',
  rangeHint: 'Evenly over the range.',
  logRangeHint: 'Evenly over the orders of magnitude.',
  presently: (value: string) => `Now ${value}.`,
  remove: (label: string) => `Do not vary ${label}`,
  add: 'Add a setting',
  addChoose: 'Choose a setting…',
  onlyByF1:
    'The validation loss does not compare it. Set “Best checkpoint by” to Validation F1 under Set up, or take it out.',
  needsTwo: 'Write the values with commas or spaces between them.',
  needsRange: 'Write two numbers, the lower one first.',
  needsPositive: 'A log scale begins above 0.',
  notAValue: (text: string, problem: string) => `${text}: ${problem}`,

  howToTry: 'How to try',
  strategy: 'Which combinations',
  random: 'Some, drawn at random',
  grid: 'Every combination',
  randomHint: 'Finds more in the same time where only some settings matter.',
  gridHint: 'Of a range three values are taken.',
  trials: 'Trials',
  trialsHint: 'How many combinations are trained.',
  epochs: 'Epochs of a trial',
  epochsHint: (full: number) =>
    `Few are enough to tell settings apart. The chosen one then trains all ${formatNumber(full, 2)}.`,
  epochsSearched: 'Varied itself, above.',
  seed: 'Random seed',
  seedHint: 'The same seed gives the same trials.',
  pruning: 'Stop bad trials early',
  pruningHint: 'A trial ends once it is worse than half of at least three finished ones were by then.',
  keepScale: 'Alpha follows the rank',
  keepScaleHint: 'Alpha / rank stays as it is, so that the rank alone is compared.',

  planTitle: 'The search',
  trialCount: (count: number) => plural(count, { one: '# trial', other: '# trials' }),
  trialsOf: (epochs: number | null) =>
    epochs === null
      ? 'as many epochs as each says'
      : plural(epochs, { one: '# epoch each', other: '# epochs each' }),
  judgedBy: 'Best by',
  lossOn: 'Validation loss',
  f1On: 'Validation F1',
  time: 'Time',
  timeAtMost: (seconds: number) => `about ${formatDuration(seconds)} at most`,
  timeUnknown: 'Known after the first trial',
  oneEpoch: 'Trials of one epoch are judged at their end alone: none is stopped early.',
  start: 'Start the search',
  atWork: (name: string) => `${name} is at work. Stop it first, or wait until it has ended.`,
  drawsValidation:
    'No examples are held out for validation. The search sets a tenth of the training examples aside to compare the trials by; the chosen settings train on all of them.',

  choose: 'Search',
  newSearch: 'New search',
  back: 'Back to the results',
  emptyTitle: 'Not sure which settings are best?',
  emptyText:
    'Let the model try some: it trains for a few epochs with each, one after the other, and the settings with the best validation value are marked. Then train with them in full.',

  statusRunning: 'At work',
  statusStopping: 'Stopping',
  statusStopped: 'Stopped',
  statusInterrupted: 'Interrupted',
  statusFinished: 'Finished',
  statusFailed: 'Failed',
  progress: 'Progress of the search',
  doneOf: (done: number, total: number) =>
    `${formatNumber(done)} of ${plural(total, { one: '# trial', other: '# trials' })} done`,
  left: (seconds: number) => `at most ${formatDuration(seconds)} left`,
  waits: (ahead: number) => plural(ahead, { one: 'waits behind # run', other: 'waits behind # runs' }),
  stop: 'Stop',
  stopTip: 'Saves the trial at work; what was found stays, and the search can go on later',
  resume: 'Go on',
  discard: 'Discard',
  discardTitle: (name: string) => `Discard ${name}?`,
  discardText: 'The table of its trials is deleted. Runs that were started from it stay.',
  discardConfirm: 'Discard the search',
  stoppedText: 'It was stopped. What was found stays; Go on trains the trials that wait.',
  interruptedText: 'Loracle was closed while it was at work. What was found stays; Go on trains the rest.',
  noneFinished: 'No trial came to a validation value. See below why, and try other values.',
  bestText: (number: number) => `Trial ${formatNumber(number)} is the best`,
  bestSoFar: (number: number) => `Trial ${formatNumber(number)} is the best so far`,
  trainWith: 'Train with these',
  trainWithOf: (number: number) => `Train with these settings of trial ${formatNumber(number)}`,
  trainedAs: (name: string) => `Trained as ${name}`,
  trained: 'Trained in full',

  table: (name: string) => `Trials of ${name}`,
  columnTrial: 'Trial',
  columnStatus: 'Status',
  columnLoss: 'Best loss',
  columnF1: 'Best F1',
  columnStep: 'Step',
  columnTime: 'Time',
  columnActions: 'Actions',
  sortedByValue: 'Best first',
  sortedByTrial: 'In their order',
  sort: 'Order of the trials',
  best: 'Best',
  trialWaiting: 'Waiting',
  trialRunning: 'Training',
  trialPruned: 'Stopped early',
  trialFinished: 'Finished',
  trialFailed: 'Failed',
  none: '–',
  value: (value: number, objective: 'loss' | 'f1') => formatFixed(value, objective === 'loss' ? 4 : 1),
  atStep: (step: number) => `best at step ${formatNumber(step)}`,
  steps: (step: number, steps: number) => `${formatNumber(step)} of ${formatNumber(steps)}`,
  trialEnded: (number: number, total: number, value: string) =>
    `Trial ${formatNumber(number)} of ${formatNumber(total)} has ended: ${value}`,
  indicator: 'Search at work',
  indicatorState: (done: number, total: number) =>
    `trial ${formatNumber(Math.min(done + 1, total))} of ${formatNumber(total)}`,
} as const
