import type { ReadOptions } from '../readers/table.ts'
import { readTextChunks, readWholeText } from '../readers/text-chunks.ts'
import type { Block, DocumentPart } from './blocks.ts'
import { htmlBlocks } from './html-blocks.ts'
import { markdownBlocks } from './markdown-blocks.ts'
import { textBlockReader } from './text-blocks.ts'
import type { TextBlockReader } from './text-blocks.ts'

// No line of a text is longer; what is, is read in pieces.
const longestLine = 100_000

/** Reads plain text line by line. */
export async function* readPlainText(path: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  yield { title: null, unit: 'line', place: null, blocks: plainTextBlocks(path, options) }
}

async function* plainTextBlocks(path: string, options: ReadOptions): AsyncGenerator<Block> {
  let reader: TextBlockReader | null = null
  let rest = ''
  for await (const { text } of readTextChunks(path, options)) {
    reader ??= textBlockReader({ hasPages: text.includes('\f') })
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) {
      lines.push(rest)
      rest = ''
    }
    for (const line of lines) yield* reader.add(line)
  }
  if (!reader) return
  if (rest !== '') yield* reader.add(rest.replace(/\r$/, ''))
  yield* reader.end()
}

/** Reads Markdown. */
export async function* readMarkdown(path: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  const { title, blocks } = markdownBlocks(await readWholeText(path, options))
  yield { title, unit: 'line', place: null, blocks }
}

/** Reads a page of HTML: its body without navigation and what else stands around the text. */
export async function* readHtml(path: string, options: ReadOptions): AsyncGenerator<DocumentPart> {
  const { title, blocks } = htmlBlocks(await readWholeText(path, options))
  yield { title, unit: 'line', place: null, blocks }
}
