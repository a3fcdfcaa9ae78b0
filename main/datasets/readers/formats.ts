/** Formats whose entries are rows of a table. */
export const tableFormats = ['csv', 'tsv', 'json', 'jsonl', 'squad', 'xlsx', 'parquet'] as const
export type TableFormat = (typeof tableFormats)[number]

/** Formats whose content is prose, read as passages; `web` is a file of pages that Loracle itself has read. */
export const proseFormats = ['text', 'markdown', 'html', 'pdf', 'docx', 'epub', 'web'] as const
export type ProseFormat = (typeof proseFormats)[number]

/** What a file is by its name or its bytes: something that is read, or a sentence on why not. */
export type FileFormat =
  | { readonly kind: 'dataset'; readonly format: TableFormat }
  | { readonly kind: 'documents'; readonly format: ProseFormat }
  | { readonly kind: 'archive'; readonly format: 'zip' }

const extensions = {
  csv: 'csv',
  tsv: 'tsv tab',
  json: 'json',
  jsonl: 'jsonl ndjson',
  xlsx: 'xlsx xlsm xltx xltm',
  parquet: 'parquet pq',
  text: 'txt text log',
  markdown: 'md markdown mdown mkd',
  html: 'html htm xhtml',
  pdf: 'pdf',
  docx: 'docx docm dotx dotm',
  epub: 'epub',
  web: 'loracle-web',
} as const satisfies Partial<Record<TableFormat | ProseFormat, string>>

/** What an extension (with its dot, lower case) stands for; null where none of these. */
export function formatOfExtension(extension: string): TableFormat | ProseFormat | null {
  for (const [format, names] of Object.entries(extensions) as [keyof typeof extensions, string][])
    if (names.split(' ').includes(extension.slice(1))) return format
  return null
}

/** A format with its kind. */
export function kindOf(format: TableFormat | ProseFormat): FileFormat {
  return isTableFormat(format) ? { kind: 'dataset', format } : { kind: 'documents', format }
}

function isTableFormat(format: TableFormat | ProseFormat): format is TableFormat {
  return tableFormats.some((one) => one === format)
}

/** For the end of a sentence that refuses a file. */
export const readFormats =
  'Read are tables (CSV, TSV, JSON, JSONL, Parquet, XLSX), documents (PDF, DOCX, EPUB, HTML, Markdown, text) and ZIP archives of these.'
