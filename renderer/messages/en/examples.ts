import type { DatasetFormat } from '../../../main/contract/datasets.ts'
import { formatBytes, formatNumber, plural } from '../format.ts'

const formats: Readonly<Record<DatasetFormat, readonly [string, string]>> = {
  squad: [
    'SQuAD 2.0',
    'Questions by article and context, as the SQuAD files have them. It cannot hold tasks.',
  ],
  jsonl: ['JSON Lines', 'One example to a line, with everything: tasks, splits, places.'],
  csv: ['CSV', 'A table for spreadsheets, one example to a row.'],
}

/** Examples as they are shown, and their way out as a file. */
export const examples = {
  instruction: 'Instruction',
  input: 'Input',
  target: 'Target',
  targets: 'Targets',
  noInput: 'No input: the model answers from what it has learnt',
  targetsHint: 'One to a line.',
  export: 'Export',
  exportTitle: 'Export the examples',
  exportText: 'Writes a new file; the project stays as it is.',
  format: 'Format',
  formatName: (format: DatasetFormat) => formats[format][0],
  formatText: (format: DatasetFormat) => formats[format][1],
  which: 'Examples',
  all: (count: number) => `All ${plural(count, { one: '# example', other: '# examples' })}`,
  ofSplit: (split: string, count: number) => `${split} (${formatNumber(count)})`,
  folder: 'Folder',
  ownFolder: 'The exports folder of Loracle',
  chooseFolder: 'Choose a folder',
  otherFolder: 'Use the exports folder',
  write: 'Write the file',
  written: (count: number, bytes: number) =>
    `${plural(count, { one: '# example', other: '# examples' })} written, ${formatBytes(bytes)}`,
  leftOut: (count: number) => plural(count, { one: '# was left out.', other: '# were left out.' }),
  copyPath: 'Copy the path',
  done: 'Done',
  another: 'Write another',
} as const
