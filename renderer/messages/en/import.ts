import type { Form, Role } from '../../../main/contract/imports.ts'
import { formatBytes, formatList, formatNumber, formatPercent, plural } from '../format.ts'

const formNames: Readonly<Record<Form, string>> = {
  qa: 'Questions about a text',
  task: 'Instruction and answer',
  passages: 'Passages',
}

const formTexts: Readonly<Record<Form, string>> = {
  qa: 'Each row asks something whose answer stands word for word in the row’s text.',
  task: 'Each row says what to do, or asks without a text, and gives the answer to be written.',
  passages: 'Each row is a piece of text, like a passage of a document.',
}

const roleTexts: Readonly<Record<Role, string>> = {
  id: 'What the row is called, so that it can be found again.',
  title: 'What the text belongs to. Rows of one title stay together when the data are divided.',
  context: 'The text in which the answer stands.',
  question: 'What is asked about the text.',
  answer: 'The answer, word for word as it stands in the text; several where there are several.',
  answerStart: 'Where the answer begins in the text. It is looked for where this is not known.',
  isImpossible: 'Whether the text has no answer to the question.',
  input: 'What the instruction is to be applied to; it may be empty.',
  instruction: 'What to do, or the question.',
  target: 'What the model is to write.',
  text: 'The passage itself.',
  heading: 'The heading that the passage stands under.',
  task: 'What kind of task the row is.',
}

const kindNames = { datasets: 'Datasets', documents: 'Documents', others: 'Others' } as const
const kindTexts = {
  datasets: 'Rows of questions and answers. You look at each before it is imported.',
  documents: 'Texts that become passages. They are imported together.',
  others: 'Their names do not say what they are. Each is looked at and left out where it cannot be read.',
} as const

const rows = (count: number): string => plural(count, { one: '# row', other: '# rows' })
const pages = (count: number): string => plural(count, { one: '# page', other: '# pages' })

export const importing = {
  webAddress: 'Web address',
  webTitle: 'Read from the web',
  webText:
    'Loracle opens this address and, where you ask for it, the pages below it; nothing else is fetched. It obeys the site’s robots.txt and reads slowly, so as not to be a burden. Only the readable text is taken.',
  webAddressHint: 'For example https://docs.example.org/guide/',
  webAddressWrong: 'This is no web address. It begins with http:// or https://.',
  webScope: 'How much of the site',
  webPage: 'This page',
  webSite: 'The pages below it',
  webPageText: 'The page at this address alone.',
  webSiteText: (folder: string | null) =>
    folder === null
      ? 'This page, and the pages that links lead to from it, as long as they lie below its folder.'
      : `This page, and the pages that links lead to from it, as long as their address begins with ${folder}`,
  webMost: 'At most so many pages',
  webMostHint: '1 to 1,000. About one page is read in a second.',
  webMostWrong: 'A whole number from 1 to 1,000.',
  webRead: 'Read',
  readingWeb: 'Reading from the web',
  browsing: (address: string) => address,
  webProgress: (read: number, waiting: number, bytes: number) =>
    `${pages(read)} read, ${formatNumber(waiting)} waiting, ${formatBytes(bytes)}`,

  expanding: (name: string) => `${name}: looking for the files in it`,
  archiveEmpty: (name: string) =>
    `Nothing in ${name} can be read. Datasets and documents are; pictures, programs and archives in archives are not.`,
  archiveTitle: 'Choose files',
  archiveFacts: (all: number, taken: number, bytes: number) =>
    `${plural(all, { one: '# file', other: '# files' })} in it, ${formatNumber(taken)} chosen, ${formatBytes(bytes)}`,
  archiveFiles: 'Files in it',
  kind: (kind: keyof typeof kindNames) => kindNames[kind],
  kindText: (kind: keyof typeof kindTexts) => kindTexts[kind],
  chosenOf: (chosen: number, all: number) => `${formatNumber(chosen)} of ${formatNumber(all)}`,
  lookAt: (count: number) =>
    count === 0 ? 'Go on' : plural(count, { one: 'Go on with # file', other: 'Go on with # files' }),
  filesSkipped: (count: number) =>
    plural(count, { one: '# thing was passed over', other: '# things were passed over' }),
  pagesSkipped: (count: number) =>
    plural(count, { one: '# page was not read', other: '# pages were not read' }),
  leaveOut: (name: string) => `Leave ${name} out`,

  files: 'Files to look at',
  importingNow: 'is being imported',
  rolesMissingShort: 'columns are not set yet',
  anotherTable: 'Take another table of it',

  formChoice: 'What the rows become',
  form: (form: Form) => formNames[form],
  formText: (form: Form, isGuessed: boolean) =>
    isGuessed ? `${formTexts[form]} Guessed from the columns.` : formTexts[form],
  table: (count: number) => `One of ${formatNumber(count)} tables`,
  view: 'What is shown',
  viewFile: 'The file’s rows',
  viewMapped: 'As they will be',

  roles: 'Where each part comes from',
  rolesRequired: '* required',
  roleText: (role: Role) => roleTexts[role],
  rolesMissing: (names: readonly string[]) =>
    `Say where the ${formatList(names.map((name) => name.toLowerCase()))} ${names.length === 1 ? 'comes' : 'come'} from`,
  sourceOf: (is: { readonly role: string; readonly source: string; readonly required: boolean }) =>
    `${is.role}${is.required ? ' (required)' : ''}: ${is.source}`,
  fromTemplate: 'Text from several columns',
  fromConstant: 'The same text for all rows',
  fromNothing: 'Nothing',
  partOf: (names: readonly string[]) => `Part of ${formatList(names.map((name) => name.toLowerCase()))}`,
  detected: (reason: string, confidence: number) =>
    `Detected, please look: ${reason} (${formatPercent(confidence)} sure)`,
  unsureShort: 'please look',
  resetMapping: 'As proposed',

  templateOf: (role: string) => `Text of ${role.toLowerCase()}`,
  templateHint: 'Names in braces are replaced by the row’s own texts; {{ and }} are braces.',
  templateUnknown: (names: readonly string[]) =>
    `The file has no column ${formatList(names.map((name) => `“${name}”`))}. Choose one below.`,
  templateFault: (fault: 'open' | 'close') =>
    fault === 'open'
      ? 'A brace is opened that names no column. Write {{ for a brace itself.'
      : 'A brace is closed that was not opened. Write }} for a brace itself.',
  templateColumns: 'Columns to put in',
  templateInsert: (column: string) => `Put in the column ${column}`,
  templateFirst: 'First row: ',
  constantOf: (role: string) => `${role} of all rows`,
  constantHint: 'Every row gets this text, as it is written here.',

  keptOf: (kept: number, looked: number) => {
    if (looked === 1) return kept === 1 ? 'The first row will be taken.' : 'The first row will be left out.'
    if (kept === 0) return `None of the first ${rows(looked)} will be taken.`
    return `${kept === looked ? 'All' : formatNumber(kept)} of the first ${rows(looked)} will be taken.`
  },
  foundCount: (title: string, count: number) => `${title}: ${formatNumber(count)}`,
  rowLeftOut: 'Left out:',
  emptyText: 'empty',
  answerIs: 'Answer:',
  mappedLabel: 'The first rows as they will be',
  rowsLeftOut: (count: number, looked: number) => {
    if (looked === 1) return 'The first row would be left out'
    return `${count === looked ? 'All' : formatNumber(count)} of the first ${rows(looked)} would be left out`
  },
  mappingFails: 'No rows can be made like this',
  lookWhy: 'Look why',

  savedMappings: 'Saved mappings',
  savedTitle: 'Saved mappings',
  savedText: 'What the columns mean, kept under a name. It is offered again for files with the same columns.',
  mappingName: 'Save this one under a name',
  mappingNameHint: 'For example the name of the program that the files come from.',
  mappingReplaces: (name: string) => `This replaces what was saved as ${name}.`,
  mappingIncomplete: 'It can be saved when all required parts are set.',
  saveMapping: 'Save',
  mappingSaved: (name: string) => `Saved as ${name}.`,
  mappingRemoved: (name: string) => `${name} is removed.`,
  savedFacts: (form: string, ago: string) => `${form} · ${ago}`,
  savedInUse: 'in use',
  savedOther: 'for other columns',
  savedNone: 'Nothing is saved yet.',
  apply: 'Apply',
  applyNamed: (name: string) => `Apply ${name}`,
  usedBefore: (name: string) => `Used before: ${name}`,

  withOthers: (count: number) =>
    plural(count, {
      one: 'The other file with these columns too',
      other: 'The # other files with these columns too',
    }),
  importAll: (count: number) => `Import ${formatNumber(count)} files`,
  leaveTitle: (name: string) => `Leave ${name} out?`,
  leaveText: 'What you said about its columns is lost. The file itself stays as it is.',

  chunkTitle: 'How they are cut',
  chunkSize: 'Size of the passages',
  chunkUsual: 'Usual size',
  chunkOwn: 'My own size',
  chunkUsualText:
    'Along headings and paragraphs, up to 256 tokens, as the project’s model counts them. Nothing is repeated.',
  chunkTokens: 'Tokens in a passage',
  chunkTokensHint: (tokens: number | null) =>
    tokens === null
      ? 'A token is about three quarters of a word.'
      : `About ${formatNumber(Math.round(tokens * 0.75))} words. Short passages are found more exactly, long ones hold more that belongs together.`,
  chunkTokensWrong: 'A whole number from 32 to 4,096.',
  chunkOverlap: 'Overlap in tokens',
  chunkOverlapHint:
    'So much of a passage’s end is repeated at the next one’s beginning, in whole sentences, so that nothing is torn apart.',
  chunkOverlapWrong: 'A whole number from 0 to 1,024, at most half of the passage.',
  chunkPreview: 'These are shown in the usual size; they are cut in yours when they are imported.',
  noPassages: 'No text was found in it.',
} as const
