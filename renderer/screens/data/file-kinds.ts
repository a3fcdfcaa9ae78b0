import type { SplitName } from '../../../main/contract/splits.ts'

/** What a file of an archive is likely to be, by its name; what it is, its content says when it is looked at. */
export type LikelyKind = 'datasets' | 'documents' | 'others'

const endings: Readonly<Record<string, LikelyKind>> = {
  csv: 'datasets',
  tsv: 'datasets',
  tab: 'datasets',
  json: 'datasets',
  jsonl: 'datasets',
  ndjson: 'datasets',
  parquet: 'datasets',
  xlsx: 'datasets',
  xlsm: 'datasets',
  pdf: 'documents',
  docx: 'documents',
  epub: 'documents',
  html: 'documents',
  htm: 'documents',
  xhtml: 'documents',
  md: 'documents',
  markdown: 'documents',
  rst: 'documents',
  txt: 'documents',
  text: 'documents',
}

export const likelyKinds = ['datasets', 'documents', 'others'] as const satisfies readonly LikelyKind[]

export function likelyKindOf(name: string): LikelyKind {
  const [ending = ''] = /[^.]*$/.exec(name.toLowerCase()) ?? []
  return endings[ending] ?? 'others'
}

const splitWords: Readonly<Record<string, SplitName>> = {
  train: 'train',
  training: 'train',
  validation: 'validation',
  valid: 'validation',
  val: 'validation',
  dev: 'validation',
  test: 'test',
  testing: 'test',
}

/** The split that a file's own name speaks of, as in `validation-00000.parquet`; null where it speaks of none. */
export function splitNamedBy(name: string): SplitName | null {
  const [file = ''] = /[^/\\]*$/.exec(name.toLowerCase()) ?? []
  const named = new Set(file.split(/[^a-z]+/).flatMap((word) => splitWords[word] ?? []))
  const [only] = named
  return named.size === 1 && only !== undefined ? only : null
}
