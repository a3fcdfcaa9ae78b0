import type { Column } from '../../../main/contract/imports.ts'
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
  parquet: 'Parquet',
  xlsx: 'Excel',
  pdf: 'PDF',
  docx: 'Word',
  epub: 'EPUB',
  web: 'Web pages',
  text: 'Plain text',
  marked: 'Marked',
  drafted: 'Drafted',
}

const roleNames = {
  id: 'Id',
  context: 'Context',
  question: 'Question',
  answer: 'Answer',
  answerStart: 'Answer start',
  isImpossible: 'Unanswerable',
  title: 'Title',
  input: 'Input',
  instruction: 'Instruction',
  target: 'Answer',
  text: 'Text',
  heading: 'Heading',
  task: 'Kind of task',
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
  lead: (examples: number, passages: number, sources: number) => {
    const parts = [
      ...(examples > 0 ? [plural(examples, { one: '# example', other: '# examples' })] : []),
      ...(passages > 0 ? [plural(passages, { one: '# passage', other: '# passages' })] : []),
    ]
    const what = parts.length > 0 ? formatList(parts) : 'No examples'
    return `${what} from ${plural(sources, { one: '# file', other: '# files' })}`
  },
  addFiles: 'Add files',
  addFolder: 'Add a folder',
  dropTitle: 'Drop files or folders here',
  dropText:
    'Datasets: CSV, TSV, Excel, JSON, JSONL, Parquet, SQuAD. Documents: PDF, Word, EPUB, HTML, Markdown, text. ZIP archives and whole folders of them. Or a web address.',
  dropRelease: 'Release to add to this project',
  emptyDatasetTitle: 'Questions and answers',
  emptyDatasetText:
    'One row for each question, with the text in which its answer stands, or without one. Columns may have any names: you say what they are.',
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

  sheetTitle: 'Look at the file before it is imported',
  format: (format: string) => formatNames[format] ?? format,
  fileFacts: (format: string, bytes: number) => `${formatNames[format] ?? format} · ${formatBytes(bytes)}`,
  rows: (count: number, estimated: boolean) =>
    `${estimated ? 'about ' : ''}${plural(count, { one: '# row', other: '# rows' })}`,
  rolesReady: 'All required columns are set',
  rolesKnown: 'The form is known: nothing to map',
  role: (role: keyof typeof roleNames) => roleNames[role],
  roleNone: 'Not used',
  roleRequired: 'required',
  roleOf: (column: string) => `Role of the column ${column}`,
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
  tabDrafts: 'Drafts',
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
