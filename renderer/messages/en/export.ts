import { formatBytes, formatDateTime, formatNumber, formatPercent, plural } from '../format.ts'

export const exporting = {
  lead: 'Take what a run has learnt with you. An export is a copy: the run stays as it is.',
  run: 'Run',
  kinds: 'What to export',
  adapter: 'LoRA adapter',
  adapterText:
    'Only what was learnt: a few megabytes that are put on top of the base model. For whoever has the base model already.',
  adapterWorks: 'Folder in PEFT form · PEFT and Transformers',
  merged: 'Merged model',
  mergedText:
    'Base model and adapter worked into one, with the tokenizer. For programs that know nothing of adapters.',
  mergedWorks: 'Hugging Face folder · Transformers, Optimum, and as a model in Loracle',
  onnx: 'ONNX model',
  onnxText:
    'The merged model as ONNX, for programs without PyTorch: web pages, Node.js, phones. How to use it stands in its README.',
  onnxWorks: 'Folder in Optimum’s layout · Optimum, Transformers.js, ONNX Runtime',
  predictions: 'Predictions',
  predictionsText: 'The tuned model’s answer to every held-out question. For scoring it with other tools.',
  predictionsWorks: 'One JSON file, answers by question id · the official SQuAD scorer',
  report: 'Report',
  reportText:
    'Scores, charts, settings and the table of questions on one page. For showing to others or keeping as a record.',
  reportWorks: 'One HTML file · any browser, also offline',
  exportKind: (kind: string) => `Export ${kind}`,
  export: 'Export',
  chooseFolder: 'To another folder…',
  chooseFolderFor: (kind: string) => `Export ${kind} to another folder`,
  folderTitle: 'Where to export to',
  folderText: 'The export gets a name of its own in this folder. Nothing in it is written over.',
  noAdapter: 'This run trained every weight, so there is no adapter. Export the merged model.',
  noPredictions: 'This run has answered no held-out questions.',
  phasePreparing: 'Preparing…',
  phaseLoading: 'Loading the model…',
  phaseSaving: 'Writing the model…',
  phaseCopying: 'Copying…',
  phaseOther: 'Working…',
  share: (value: number) => formatPercent(value),
  cancel: 'Cancel',
  cancelKind: (kind: string) => `Cancel the export of ${kind}`,
  done: (kind: string, path: string) => `${kind} exported to ${path}`,
  madeTitle: 'Exports made',
  noneTitle: 'Nothing exported yet',
  noneText: 'What you export is listed here, with where it lies.',
  made: (run: string, time: number, bytes: number, files: number) =>
    [run, formatDateTime(time), formatBytes(bytes), plural(files, { one: '# file', other: '# files' })].join(
      ' · ',
    ),
  files: (names: readonly string[]) =>
    names.length > 12
      ? `${names.slice(0, 12).join('\n')}\n… and ${formatNumber(names.length - 12)} more`
      : names.join('\n'),
  gone: 'No longer there',
  goneText: 'It was moved or removed since.',
  copyPath: 'Copy the path',
  copied: 'Path copied',
  download: 'Download',
  downloadKind: (kind: string, run: string) => `Download ${kind} of ${run}`,
  removeKind: (kind: string, run: string) => `Remove ${kind} of ${run}`,
  removeTitle: 'Remove this export?',
  removeFiles: (path: string) => `${path} is deleted. It can be exported again as long as the run is there.`,
  removeEntry: (path: string) =>
    `It is taken out of this list. What lies in a folder of your own is left alone: ${path}`,
  removeConfirm: 'Remove the export',
  noRunTitle: 'No run to export yet',
  noRunText: 'Exports can be made once a run has finished, or was stopped and kept.',
  goToTrain: 'Go to Train',
} as const
