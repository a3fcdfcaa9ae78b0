import { formatBytes, formatCompact, formatNumber, formatAgo, plural } from '../format.ts'
import type { ArchitectureKind } from '../../../main/contract/models.ts'
import { formatMemory } from '../format-memory.ts'

export const model = {
  title: 'Model',
  lead: 'What learns from your data: small models train fast, large ones answer better.',
  yours: 'Your models',
  yoursHint: 'The model that this project trains',
  addFolder: 'Add folder',
  addFolderTitle: 'Add a model from a folder',
  addFolderText: 'A Hugging Face folder: config.json, model.safetensors and tokenizer.json.',
  added: (name: string) => `${name} is added.`,
  originStarter: 'Comes with Loracle',
  originFolder: 'Folder',
  originDownload: 'Downloaded',
  unusable: 'Cannot be used',
  kind: (kind: ArchitectureKind) =>
    ({
      seq2seq: 'writes answers',
      causal: 'continues texts',
      extractive: 'marks answers in the text',
    })[kind],
  parameters: (count: number) => `${formatCompact(count)} parameters`,
  size: (bytes: number) => formatBytes(bytes),
  trainingMemory: (value: number) => `about ${formatMemory(value)} to train`,
  window: (tokens: number) => `reads ${formatNumber(tokens)} tokens`,
  licenceUnknown: 'Licence not stated',
  remove: (name: string) => `Remove ${name}`,
  removeTitle: (name: string) => `Remove ${name}?`,
  removeDownload: (bytes: number) =>
    `Its files (${formatBytes(bytes)}) are deleted; it can be downloaded again. Finished runs keep what they learnt, but need the model to answer.`,
  removeFolder: (folder: string) => `It leaves this list. Its files in ${folder} stay where they are.`,
  removeConfirm: 'Remove the model',
  noModels: 'There is no model yet',
  noModelsText: 'Download one below, or add the folder of a Hugging Face model.',
  fits: 'Fits this machine',
  tight: 'Tight here',
  tooMuch: 'Too large for this machine',

  catalogue: 'Download a model',
  onlyFitting: 'Only what fits this machine',
  hidden: (count: number) =>
    plural(count, { one: '# larger model is hidden.', other: '# larger models are hidden.' }),
  showAll: 'Show all',
  nothingFits: 'No model of the catalogue fits this machine.',
  here: 'Already here',
  comesLater: 'Not yet supported',
  download: 'Download',
  downloadNamed: (name: string) => `Download ${name}`,
  pause: 'Pause',
  pauseNamed: (name: string) => `Pause the download of ${name}`,
  resume: 'Resume',
  resumeNamed: (name: string) => `Resume the download of ${name}`,
  discard: 'Discard',
  discardNamed: (name: string) => `Discard the download of ${name}`,
  discardTitle: (name: string) => `Discard the download of ${name}?`,
  discardText: (bytes: number) => `The ${formatBytes(bytes)} that are here already are deleted.`,
  discardConfirm: 'Discard the download',
  noRoom: (bytes: number, freeMb: number) =>
    `Needs ${formatBytes(bytes)} on the disk; ${formatMemory(freeMb)} are free.`,
  downloaded: (name: string) => `${name} is downloaded and checked.`,
  progressLabel: (name: string) => `Download of ${name}`,
  listing: 'Asking for the list of files…',
  checking: 'Checking the files…',
  progress: (done: number, total: number) => `${formatBytes(done)} of ${formatBytes(total)}`,
  speed: (bytesPerSecond: number) => `${formatBytes(bytesPerSecond)}/s`,
  timeLeft: (duration: string) => `${duration} left`,
  pausedAt: (done: number, total: number) => `Paused at ${formatBytes(done)} of ${formatBytes(total)}`,
  by: (publisher: string) => `by ${publisher}`,

  machine: 'This machine',
  processor: 'Processor',
  cores: (count: number) => plural(count, { one: '# core', other: '# cores' }),
  memory: 'Memory',
  memoryFree: (freeMb: number, totalMb: number) => `${formatMemory(freeMb)} free of ${formatMemory(totalMb)}`,
  graphics: 'Graphics',
  noGraphics: 'None found',
  disk: 'Free disk space',
  diskFree: formatMemory,
  providers: 'What can train here',
  providersText:
    'A few real training steps of every kind of model on each, compared with the processor. New projects take the fastest that is right.',
  check: 'Check',
  checkAgain: 'Check again',
  checkRunning: 'Checking with real steps…',
  stopCheck: 'Stop',
  checkedAgo: (time: number) => `Checked ${formatAgo(time)}`,
  neverChecked: 'Not checked yet. The processor always works; the check finds out about graphics.',
  fastest: 'Works, the fastest here',
  againstProcessor: (ratio: number) =>
    ratio >= 1
      ? `${formatNumber(ratio, 1)} times as fast as the processor`
      : `${formatNumber(1 / ratio, 1)} times as slow as the processor`,
  gradientError: (error: string) => `gradient error ${error}`,
  stepTime: (milliseconds: number) => `${formatNumber(milliseconds, 1)} ms a step`,
} as const

/** What the check of an execution provider found. */
export const providerStatuses = {
  right: 'Works',
  wrong: 'Wrong gradients',
  failed: 'Does not run here',
  crashed: 'Crashes',
  hung: 'Hangs',
  absent: 'Not in this build',
} as const

/** Names of the execution providers that are no names by themselves. */
export const providerNames: Readonly<Record<string, string>> = {
  cpu: 'Processor (CPU)',
  webgpu: 'Graphics (WebGPU)',
  dml: 'Graphics (DirectML)',
  cuda: 'Graphics (CUDA)',
}
