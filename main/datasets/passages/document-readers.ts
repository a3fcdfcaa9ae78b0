import type { DocumentBlocks } from './blocks.ts'
import { htmlBlocks } from './html-blocks.ts'
import { markdownBlocks } from './markdown-blocks.ts'
import { textBlocks } from './text-blocks.ts'

interface DocumentReader {
  readonly extensions: readonly string[]
  readonly blocks: (text: string) => DocumentBlocks
}

/** Who takes which document apart: a new format is one file and one entry here. */
export const documentReaders = {
  text: { extensions: ['.txt', '.text', '.log'], blocks: textBlocks },
  markdown: { extensions: ['.md', '.markdown', '.mdown', '.mkd'], blocks: markdownBlocks },
  html: { extensions: ['.html', '.htm', '.xhtml'], blocks: htmlBlocks },
} as const satisfies Record<string, DocumentReader>

/** Formats whose content is prose, read as passages. */
export type DocumentFormat = keyof typeof documentReaders
