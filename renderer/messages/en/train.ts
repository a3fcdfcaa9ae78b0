import {
  formatCompact,
  formatDuration,
  formatFixed,
  formatList,
  formatNumber,
  formatPercent,
  plural,
} from '../format.ts'
import { formatMemory } from '../format-memory.ts'

export const train = {
  title: 'Train',
  lead: 'The model practises on your examples. How long that takes is shown beforehand.',
  areas: 'Parts of training',
  setUp: 'Set up',
  runTab: 'Run',
  history: 'History',

  preset: 'How thoroughly',
  recommended: 'fits your data',
  ownSettings: 'Your own settings',
  ownSettingsText: 'They are none of these three; choose one to take its settings.',
  level: 'Settings shown',
  simple: 'Simple',
  advanced: 'Advanced',
  settings: 'Settings',
  changedCount: (count: number) => plural(count, { one: '# changed', other: '# changed' }),
  changed: 'changed',
  resetSetting: (label: string, value: string) => `Set ${label} back to ${value}`,
  resetAll: 'Reset all',
  on: 'On',
  off: 'Off',
  notHere: (choice: string) => `${choice}: does not work here`,
  speedHere: (choice: string, ratio: number) =>
    `${choice}: ${formatNumber(ratio, 1)} × the processor's speed`,
  notHereText: 'The check of this machine found that it does not work here. Choose another one.',

  needsValue: 'This setting needs a value.',
  needsNumber: 'Write a number, such as 0.001 or 1e-3.',
  needsWhole: 'Write a whole number.',
  needsChoice: 'Choose one of the values.',
  needsWholeNumbers: 'Write whole numbers from 0, with commas between them.',
  needsMap: 'Write a name, a colon and a number, such as q:4, v:8.',
  atLeast: (limit: number) => `At least ${formatNumber(limit, 6)}.`,
  above: (limit: number) => `Must be above ${formatNumber(limit, 6)}.`,
  atMost: (limit: number) => `At most ${formatNumber(limit, 6)}.`,
  below: (limit: number) => `Must be below ${formatNumber(limit, 6)}.`,
  fixSettings: (labels: readonly string[]) =>
    `Correct ${formatList(labels.map((label) => `“${label}”`))} first: see what is written below it.`,

  ready: 'Ready',
  notReady: 'Not ready',
  looking: 'Looking at data, model and machine…',
  goTo: (step: string) => `Go to ${step}`,
  examples: 'Examples',
  examplesSplit: (all: { readonly train: number; readonly validation: number; readonly test: number }) =>
    `${formatNumber(all.train)} to learn, ${formatNumber(all.validation)} to validate, ${formatNumber(all.test)} held out`,
  steps: 'Steps',
  stepsOf: (steps: number | null, batchSize: number) =>
    steps === null ? `batches of ${batchSize}` : `${formatNumber(steps)}, batches of ${batchSize}`,
  device: 'Runs on',
  model: 'Model',
  memory: 'Memory',
  memoryNeeded: (needed: number | null) =>
    needed === null ? 'Not known yet' : `about ${formatMemory(needed)}`,
  memoryFree: (free: number, total: number) => `${formatMemory(free)} free of ${formatMemory(total)}`,
  memoryMeter: (needed: number, free: number, total: number) =>
    `Needs about ${formatMemory(needed)}; ${formatMemory(free)} of ${formatMemory(total)} are free`,
  memoryUsed: 'Used by other programs',
  memoryForRun: 'This run',
  fits: 'Fits',
  tight: 'Tight',
  willNotFit: 'Will not fit',
  tightText: 'It takes most of what is free. Close other programs before you start.',
  willNotFitText:
    'It needs more than is free. Lower the batch size, choose a smaller model, or close other programs.',
  time: 'Time',
  about: (duration: string) => `about ${duration}`,
  timeDetail: (perStep: number, scoring: number) =>
    `${formatStepTime(perStep)} a step, ${formatDuration(scoring)} of scoring`,
  measure: 'Measure',
  notMeasured: 'Not measured yet',
  measuring: 'Measuring with a few real steps…',
  start: 'Start training',
  startAnyway: 'Start anyway',
  addToQueue: 'Add to the queue',
  startAnywayTitle: 'Start although it may not fit?',
  startAnywayText:
    'The system may stop the trainer when memory runs out. Nothing stored is lost: the run can be resumed from its last checkpoint.',

  stageLoading: 'Loading',
  stagePreparing: 'Preparing',
  stageScoringBefore: 'Scoring base',
  stageTraining: 'Training',
  stageScoringAfter: 'Scoring tuned',
  insideValidating: (done: number, total: number) =>
    total > 0 ? `validating ${formatNumber(done)} of ${formatNumber(total)}` : 'validating',
  insideSaving: 'saving',
  stages: 'Stages of the run',
  stateWaiting: 'to come',
  stateActive: 'now',
  stateDone: 'done',
  stateStopped: 'stopped here',
  progress: 'Progress of the run',
  stepOf: (step: number, steps: number) => `Step ${formatNumber(step)} of ${formatNumber(steps)}`,
  countOf: (done: number, total: number) => `${formatNumber(done)} of ${formatNumber(total)}`,
  questionOf: (done: number, total: number) => `Question ${formatNumber(done)} of ${formatNumber(total)}`,
  epoch: 'Epoch',
  epochOf: (epoch: number, epochs: number) => {
    const whole = Math.round(epochs)
    if (Math.abs(epochs - whole) < 0.005)
      return `${formatNumber(Math.min(Math.floor(epoch) + 1, whole))} of ${formatNumber(whole)}`
    const digits = epochs < 1 ? 2 : 1
    return `${formatNumber(Math.min(epoch, epochs), digits)} of ${formatNumber(epochs, digits)}`
  },
  elapsed: 'Trained for',
  left: 'Training left',
  leftUnknown: 'estimating…',
  speed: 'Speed',
  tokensPerSecond: (value: number) => `${formatNumber(value)} tokens/s`,
  pause: 'Pause',
  pauseTip: 'Saves a checkpoint and frees the memory',
  resume: 'Resume',
  stopAndKeep: 'Stop and keep',
  stopAndDiscard: 'Stop and discard',
  stopKeepTitle: 'Stop the training and keep it?',
  stopKeepText: (step: number) =>
    `Training ends at step ${formatNumber(step)}. The best state so far is kept, scored on the held-out questions, and can be compared, asked and exported. It cannot be trained further.`,
  discardTitle: (name: string) => `Stop ${name} and discard it?`,
  discardText:
    'The run, its checkpoints, its charts and its log are deleted and cannot be brought back. Your data, the model and other runs stay.',
  discardConfirm: 'Discard the run',
  deleteTitle: (name: string) => `Delete ${name}?`,
  deleteConfirm: 'Delete the run',
  discard: 'Discard',
  leaveQueue: 'Leave the queue',

  statusQueued: 'Waiting',
  statusStarting: 'Starting',
  statusRunning: 'Training',
  statusPausing: 'Pausing',
  statusPaused: 'Paused',
  statusStopping: 'Stopping',
  statusFinished: 'Finished',
  statusAdded: 'Added',
  statusKept: 'Stopped, kept',
  statusEarly: 'Stopped early',
  statusFailed: 'Failed',
  statusInterrupted: 'Interrupted',
  queued: (ahead: number) =>
    ahead === 0
      ? 'It starts in a moment.'
      : plural(ahead, { one: 'It waits behind # run.', other: 'It waits behind # runs.' }),
  queuedBehind: (name: string) => `It waits behind ${name}.`,
  pausing: 'A checkpoint is being saved; then the memory is freed.',
  stopping: 'Training ends; the best state is kept and scored.',
  pausedAt: (step: number) =>
    `Paused at step ${formatNumber(step)}. Resume goes on exactly where it stopped.`,
  pausedUnsaved: 'Paused before its first checkpoint. Resume begins anew.',
  interruptedAt: (step: number) => `Loracle was closed at step ${formatNumber(step)} of this run.`,
  goesOnFrom: (step: number) =>
    `Nothing that was saved is lost: Resume goes on from step ${formatNumber(step)}.`,
  beginsAnew: 'No checkpoint had been saved yet: Resume begins anew.',
  notResumable: 'It cannot be resumed. Change what is said above and run it again.',

  outcomeTitle: 'What the model learnt',
  f1: 'F1',
  exactMatch: 'Exact match',
  heldOut: (count: number) =>
    plural(count, { one: 'on # held-out question', other: 'on # held-out questions' }),
  noScores: 'There are no held-out questions, so there are no scores. Set some aside in Data.',
  score: (value: number) => formatFixed(value, 1),
  scoreChange: (difference: number) =>
    `${difference > 0 ? '+' : difference < 0 ? '−' : '±'}${formatFixed(Math.abs(difference), 1)}`,
  from: 'before',
  to: 'after',
  compare: 'Compare answers',
  bestAt: (step: number) => `best at step ${formatNumber(step)}`,
  took: (duration: string) => `took ${duration}`,
  peakMemory: (value: number) => `${formatMemory(value)} at most`,
  trained: (trainable: number, total: number) =>
    `${formatCompact(trainable)} of ${formatCompact(total)} weights trained (${formatPercent(trainable / total, 1)})`,

  charts: 'Charts',
  chartLoss: 'Loss',
  chartF1: 'Validation F1',
  chartLearningRate: 'Learning rate',
  chartGradNorm: 'Gradient norm',
  chartSpeed: 'Tokens per second',
  chartProcessor: 'Processor',
  chartMemory: 'Memory',
  lineTrain: 'Training',
  lineRange: 'Range',
  lineUnsmoothed: 'Unsmoothed',
  lineValidation: 'Validation',
  lineBest: 'Best',
  smoothing: 'Smoothing',
  logScale: 'Logarithmic',
  step: (step: number) => `Step ${formatNumber(step)}`,
  compactStep: (step: number) => formatCompact(step),
  chartEmpty: 'Comes with the first steps',
  chartNoValidation: 'Comes with the first validation',
  chartLossOnly: 'Validated by its loss alone, as “Best checkpoint by” says',
  chartNoneHeldOut: 'Nothing is held out for validation',
  chartNothing: (title: string) => `${title}: nothing yet.`,
  chartText: (parts: {
    readonly title: string
    readonly step: number
    readonly last: string
    readonly min: string
    readonly max: string
    readonly trend: 'falling' | 'rising' | 'level'
  }) =>
    `${parts.title} at step ${formatNumber(parts.step)}: ${parts.last}. Lowest ${parts.min}, highest ${parts.max}, ${parts.trend} since the start.`,
  bestNote: (loss: string, step: number) => `Best validation loss ${loss}, at step ${formatNumber(step)}.`,
  plainNumber: (value: number) => formatNumber(value, 1),
  percent: (value: number) => `${formatNumber(value)} %`,

  log: 'Log',
  logEmpty: 'What the trainer reports is written here.',
  logNewest: 'To the newest line',
  logWarning: 'Warning',
  logError: 'Error',

  historyEmpty: 'No run yet',
  historyEmptyText:
    'Start one under Set up. Every run is kept here with its settings, so that you can tell what helped.',
  columnName: 'Run',
  columnStatus: 'Status',
  columnModel: 'Model',
  columnWhen: 'When',
  columnDuration: 'Took',
  columnF1: 'F1 before → after',
  columnChanged: 'Changed settings',
  columnActions: 'Actions',
  noChanges: 'Defaults',
  moreChanges: (count: number) => `+${count}`,
  runActions: (name: string) => `Actions for ${name}`,
  show: 'Show charts and log',
  runAgain: 'Run again with these settings…',
  rename: 'Rename…',
  renameTitle: 'Rename the run',
  runName: 'Name of the run',
  delete: 'Delete…',
  settingsLoaded: (name: string) =>
    `The settings of ${name} are in the form. Change what you like, then start.`,
  chooseRun: 'No run is shown',
  chooseRunText: 'Start a run under Set up, or choose one in History.',
  newRun: 'Set up a run',
} as const

/** What an empty field of a setting means. */
export const emptySettings: Readonly<Record<string, string>> = {
  maxSteps: 'no limit',
  maxGradNorm: 'no clipping',
  dropout: "the model's own",
  layersToTransform: 'all blocks',
  rankPattern: 'the rank above',
  alphaPattern: 'the alpha above',
  modulesToSave: 'none',
  frozenLayers: 'none',
  maxSourceLength: "the model's own",
  passageLength: '512, or what the model reads',
  stopStrings: 'nothing',
  earlyStoppingPatience: 'never',
  microBatchTokens: 'what suits the processor',
}

/** Sentences of settings that read better in a form than in a help text. */
export const settingSentences: Readonly<Record<string, string>> = {
  epochs: 'How often the model goes through all training examples.',
  batchSize: 'Examples in one pass: larger is steadier and needs more memory.',
  learningRate: 'How far each step moves the weights, at its peak.',
  rank: 'Size of what is learnt: more can hold more, and takes more memory.',
  alpha: 'How strongly it counts: the scale is alpha / rank. Twice the rank is usual.',
  maxTargetLength: 'Longest answer in tokens; a word is one to three.',
  validationFraction: 'Share of the training groups held out to watch for overfitting.',
  earlyStoppingPatience: 'Stops after so many validations without improvement. Empty: never.',
  provider:
    'What the training runs on. The machine card under Model checks what works here, and how fast. Only the processor gives the same bits everywhere.',
  saveEvery: 'A run that is paused, or that breaks off, goes on from the newest of them.',
  maxSteps: 'Steps after which to stop, whatever the epochs. Empty: no limit.',
  maxGradNorm: 'Global norm to which gradients are clipped. Empty: no clipping.',
  dropout: "Dropout inside the base model. Empty: the model's own.",
  layersToTransform: 'Indices of the blocks that get adapters, such as 0, 1, 2. Empty: all.',
  targetModules: 'Layers that get an adapter: all-linear, or names such as q, v.',
  rankPattern: 'Ranks of layers that differ, such as q:4, v:8. The first name that fits a layer counts.',
  alphaPattern: 'Alphas of layers that differ, such as q:16, v:32.',
  modulesToSave: 'Modules that are trained whole beside the adapters, such as lm_head or layer_norm.',
  frozenLayers:
    'With all weights trained, what stays as it is: blocks such as 0, 1, or names such as encoder.',
  freezeEmbeddings: 'With all weights trained, the embeddings stay as they are.',
  maxSourceLength: "Tokens of one prompt. Empty: the model's own window.",
  passageLength: 'Tokens of a piece when the texts are learnt too. Empty: 512, or what the model reads.',
  stopStrings: 'Texts before which an answer ends, with commas between them; \\n is a new line.',
  cacheFrozenLayers:
    'With adapters in the upper layers alone, what lies below is computed once for each example. Without dropout.',
  gradientCheckpointing:
    'Less memory for more time: what is cheap costs a few percent, whole blocks a third more.',
  microBatchTokens:
    'Tokens of a batch that are computed at a time: fewer take less memory. Empty: what suits the processor.',
  weightPrecision:
    'Fewer bits take less memory and change the base a little: 8 or 4 on the processor, 16 on graphics. For adapters alone.',
}

/** Choices of settings that are no words by themselves. */
export const settingChoices: Readonly<Record<string, string>> = {
  lora: 'Adapter (LoRA)',
  full: 'All weights',
  linear: 'Linear',
  cosine: 'Cosine',
  constant: 'Constant',
  loss: 'Validation loss',
  f1: 'Validation F1',
  cpu: 'Processor (CPU)',
  webgpu: 'Graphics (WebGPU)',
  dml: 'Graphics (DirectML)',
  cuda: 'Graphics (CUDA)',
  auto: 'The fastest that is right',
  stored: 'As the model has them',
  float16: '16 bits',
  int8: '8 bits',
  int4: '4 bits',
  none: 'Nothing',
  selective: 'What is cheap',
  blocks: 'Whole blocks',
}

function formatStepTime(seconds: number): string {
  return seconds < 1 ? `${formatNumber(seconds * 1000)} ms` : `${formatNumber(seconds, 1)} s`
}

/** The groups of settings. */
export const groupNames = {
  Training: 'Training',
  LoRA: 'Adapter (LoRA)',
  Text: 'Lengths of texts',
  Validation: 'Validation',
  Answers: 'Answering',
  Machine: 'Machine',
} as const
