import type { Column } from '../../../main/contract/datasets.ts'
import { formatBytes, formatList, formatNumber, formatPercent, plural } from '../format.ts'

/** By the names that the readers give. */
const formatNames: Readonly<Record<string, string>> = {
  csv: 'CSV',
  tsv: 'TSV',
  json: 'JSON',
  jsonl: 'JSON Lines',
  squad: 'SQuAD',
  markdown: 'Markdown',
  html: 'HTML',
  text: 'Plain text',
  marked: 'Marked',
}

const roleNames = {
  id: 'Id',
  context: 'Context',
  question: 'Question',
  answer: 'Answer',
  answerStart: 'Answer start',
  isImpossible: 'Unanswerable',
  title: 'Title',
} as const

/** What one bar of a column's histogram stands for. */
function binName(type: Column['type'], label: string): string {
  if (type === 'text') return label === '1' ? '1 word' : `${label} words`
  if (type === 'list') return label === '1' ? '1 entry' : `${label} entries`
  return label
}

export const data = {
  title: 'Data',
  leadEmpty:
    'What the model is to learn: questions with their answers, or documents in which you mark answers.',
  lead: (examples: number, passages: number, sources: number) =>
    `${plural(examples, { one: '# example', other: '# examples' })} and ${plural(passages, { one: '# passage', other: '# passages' })} from ${plural(sources, { one: '# file', other: '# files' })}`,
  addFiles: 'Add files',
  addFolder: 'Add a folder',
  dropTitle: 'Drop files or folders here',
  dropText: 'Datasets: CSV, TSV, JSON, JSONL, SQuAD. Documents: Markdown, HTML, text.',
  dropRelease: 'Release to add to this project',
  emptyDatasetTitle: 'Questions and answers',
  emptyDatasetText:
    'One row for each question, with the text in which its answer stands. Columns may have any names: you say what they are.',
  emptyJsonTitle: 'The same as JSON',
  emptyJsonText: 'A list, one object to a line, or the nested form of SQuAD 1.1 and 2.0.',
  emptyDocumentsTitle: 'Documents',
  emptyDocumentsText:
    'They are cut into passages by their headings. Mark an answer in a passage and write its question; the chat searches all of them.',
  csvExample:
    'article,question,answer\n"Returns are free for 30 days …","How long are returns free?","30 days"',
  jsonExample:
    '[{\n  "context": "Returns are free for 30 days …",\n  "question": "How long are returns free?",\n  "answer": "30 days"\n}]',
  documentsExample: 'handbook/\n  returns.md\n  shipping.html\n  warranty.txt',

  arriving: (count: number) => plural(count, { one: 'Reading # file', other: 'Reading # files' }),
  uploading: (name: string, share: number) => `${name}: ${formatPercent(share)} sent`,
  inspecting: (name: string) => `${name}: looking at it`,
  unreadable: (count: number) =>
    plural(count, { one: '# file was left out', other: '# files were left out' }),
  imported: (count: number, name: string) =>
    count === 1 ? `${name} is imported.` : `${count} files are imported.`,
  importStopped: (name: string) => `The import of ${name} was stopped. Nothing of it was kept.`,
  moreFiles: (count: number) => plural(count, { one: '# more file waits', other: '# more files wait' }),

  sheetTitle: 'Look at the file before it is imported',
  format: (format: string) => formatNames[format] ?? format,
  fileFacts: (format: string, bytes: number) => `${formatNames[format] ?? format} · ${formatBytes(bytes)}`,
  rows: (count: number, estimated: boolean) =>
    `${estimated ? 'about ' : ''}${plural(count, { one: '# row', other: '# rows' })}`,
  rolesReady: 'All required columns are set',
  rolesKnown: 'The form is known: nothing to map',
  rolesMissing: (names: readonly string[]) =>
    `Say which column holds the ${formatList(names.map((name) => name.toLowerCase()))}: press the menu in its header`,
  role: (role: keyof typeof roleNames) => roleNames[role],
  roleNone: 'Not used',
  roleRequired: 'required',
  roleOf: (column: string) => `Role of the column ${column}`,
  detected: (reason: string) => `Detected, please look: ${reason}`,
  detectedShort: 'detected',
  columnFacts: (type: string, filled: number, distinct: number) =>
    `${type}, ${formatNumber(filled)} filled, ${formatNumber(distinct)} different`,
  columnHistogram: (column: string) => `Distribution of ${column}`,
  bin: (label: string, count: number) => `${label}: ${formatNumber(count)}`,
  binName: binName,
  binOf: (type: Column['type'], label: string, count: number) =>
    `${binName(type, label)}: ${plural(count, { one: '# row', other: '# rows' })}`,
  previewFiltered: (is: {
    readonly column: string
    readonly bin: string
    readonly shown: number
    readonly preview: number
    readonly all: number
  }) =>
    is.shown === 0
      ? `${is.column}, ${is.bin}: none of the first ${formatNumber(is.preview)} rows; ${plural(is.all, { one: '# row stands', other: '# rows stand' })} further down.`
      : `${is.column}, ${is.bin}: ${formatNumber(is.shown)} of the first ${formatNumber(is.preview)} rows.`,
  previewAll: 'Show all rows',
  previewLabel: 'The first rows of the file',
  previewPlace: 'Place',
  problemsFound: (count: number) =>
    plural(count, { one: '# finding in the first rows', other: '# findings in the first rows' }),
  use: 'Use it for',
  useAuto: 'Split it automatically',
  useTrain: 'Training only',
  useValidation: 'Validation only',
  useTest: 'Test only',
  import: 'Import',
  importing: (name: string) => `Importing ${name}`,
  importProgress: (done: number, total: number, examples: number, passages: number) =>
    `${formatBytes(done)} of ${formatBytes(total)} · ${plural(examples, { one: '# example', other: '# examples' })} · ${plural(passages, { one: '# passage', other: '# passages' })}`,
  discardFile: 'Leave it out',
  discardFiles: (count: number) => (count === 1 ? 'Leave it out' : 'Leave them out'),
  documentsTitle: (count: number) => plural(count, { one: '# document', other: '# documents' }),
  documentsText: 'They become passages: for marking answers, and for the chat to search.',
  importDocuments: (count: number) =>
    plural(count, { one: 'Import the document', other: 'Import # documents' }),
  firstPassages: 'Its first passages',
  page: (page: number) => `page ${page}`,

  tabs: 'Parts of the data',
  tabExamples: 'Examples',
  tabPassages: 'Documents',
  tabProblems: 'Problems',
  tabSplits: 'Splits',
  tabSources: 'Sources',
  count: (count: number) => formatNumber(count),

  searchExamples: 'Search questions and texts',
  allSplits: 'All',
  splitTrain: 'Train',
  splitValidation: 'Validation',
  splitTest: 'Test',
  splitFilter: 'Split',
  columnQuestion: 'Question',
  columnAnswer: 'Answer',
  columnSplit: 'Split',
  columnSource: 'Source',
  contextWords: 'Words in the context',
  questionWords: 'Words in the question',
  answerWords: 'Words in the answer',
  found: (count: number) => plural(count, { one: '# example', other: '# examples' }),
  noneFound: 'No example fits these filters',
  clearFilters: 'Clear the filters',
  unanswerable: 'no answer',
  noExamples: 'No examples yet',
  noExamplesText: 'Mark answers in your documents, or add a file with questions and answers.',
  toDocuments: 'Mark answers in the documents',
  closeDetail: 'Close the example',
  detail: 'Example',
  context: 'Context',
  place: (source: string, where: string) => `${source}, ${where}`,
  answersHint: 'Word for word as it stands in the context. Leave it empty where the context has no answer.',
  saved: 'The example is saved.',
  removeExample: 'Remove the example?',
  removeExampleText: 'It is taken out of the project. The file that it came from stays as it is.',
  removeExampleConfirm: 'Remove the example',

  searchPassages: 'Search passages',
  noPassages: 'No documents yet',
  noPassagesText: 'Add Markdown, HTML or text files, one by one or a whole folder.',
  noPassageFound: 'No passage has these words',
  passages: 'Passages',
  passageQuestions: (count: number) => plural(count, { one: '# question', other: '# questions' }),
  previousPassage: 'Previous passage',
  nextPassage: 'Next passage',
  passageOf: (number: number, total: number) => `${formatNumber(number)} of ${formatNumber(total)}`,
  passageText: 'Text of the passage',
  markHint:
    'Select the answer with the mouse; or focus the text, move with the arrow keys and extend with Shift.',
  markAnswer: 'Answer',
  markNothing: 'Nothing is selected yet',
  markQuestion: 'Its question',
  markSave: 'Save the question',
  marked: 'The question is saved.',
  markedQuestions: 'Questions of this passage',
  selection: (text: string) => `Selected: ${text}`,

  noProblems: 'Nothing is wrong',
  noProblemsText: 'Every row of your files could be read, and every answer stands in its text.',
  problemLeftOut: (count: number) => plural(count, { one: '# row left out', other: '# rows left out' }),
  problemMended: (count: number) => plural(count, { one: '# row mended', other: '# rows mended' }),
  mendAll: (count: number) => plural(count, { one: 'Accept the proposal', other: 'Accept all # proposals' }),
  mendOne: 'Accept',
  mendUndoAll: 'Undo mine',
  mendChanged: (count: number) => plural(count, { one: '# row is mended.', other: '# rows are mended.' }),
  mendUndone: (count: number) =>
    plural(count, { one: '# mend is taken back.', other: '# mends are taken back.' }),
  given: 'In the file',
  proposal: 'Proposed',
  addedWords: 'Only here: ',
  proposalUnanswerable: 'Keep it as a question without an answer',
  similarity: (share: number) => `${formatPercent(share)} alike`,
  statusRejected: 'left out',
  statusMended: 'mended on import',
  statusByPerson: 'mended by you',
  statusIgnored: 'ignored',
  rowsOf: (first: number, last: number, total: number) =>
    `${formatNumber(first)}–${formatNumber(last)} of ${formatNumber(total)}`,
  previousRows: 'Previous rows',
  nextRows: 'Next rows',
  problemGroups: 'Kinds of problems',

  splitsTitle: 'How the examples are divided',
  splitsText:
    'Training examples teach the model. Validation picks the best moment to stop. The test is asked only before and after, so that the scores are honest.',
  splitsGroup:
    'Examples of one document or article always stay together, so that the test holds texts that the model has not seen.',
  splitsContext: 'All examples are of one document, so examples over the same text stay together.',
  splitsNone: 'There is nothing to divide yet.',
  splitsFixed:
    'Every file was imported for one part as a whole, so the shares below divide nothing. Files that you add are divided by them.',
  splitCount: (count: number, groups: number) =>
    `${plural(count, { one: '# example', other: '# examples' })} in ${plural(groups, { one: '# group', other: '# groups' })}`,
  splitsMeter: (train: number, validation: number, test: number) =>
    `${formatNumber(train)} for training, ${formatNumber(validation)} for validation, ${formatNumber(test)} for the test`,
  validationFraction: 'Validation share, in percent',
  testFraction: 'Test share, in percent',
  fractionHint: '0 to 50',
  fractionWrong: 'A number from 0 to 50.',
  seed: 'Seed',
  seedHint: 'The same seed divides the same way.',
  seedWrong: 'A whole number, 0 or more.',
  saveSplits: 'Divide again',
  splitsSaved: 'The examples are divided anew.',

  sourceName: 'File',
  sourceKind: 'Form',
  sourceRows: 'Rows',
  sourceExamples: 'Examples',
  sourcePassages: 'Passages',
  sourceLeftOut: 'Left out',
  sourceImported: 'Imported',
  marking: 'Marked by you',
  removeSource: (name: string) => `Remove ${name}?`,
  removeSourceText:
    'Its examples and passages leave the project, and so do questions that you marked in it. The file itself stays.',
  removeSourceConfirm: 'Remove from the project',
  sourceRemoved: (name: string) => `${name} is removed.`,
  removeNamed: (name: string) => `Remove ${name}`,
} as const
