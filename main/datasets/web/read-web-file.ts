import type { DocumentBlocks, DocumentPart } from '../passages/blocks.ts'
import { htmlBlocks } from '../passages/html-blocks.ts'
import { markdownBlocks } from '../passages/markdown-blocks.ts'
import { textBlockReader } from '../passages/text-blocks.ts'
import type { ReadOptions } from '../readers/table.ts'
import type { PageType } from './page-type.ts'
import { mainContent } from './main-content.ts'
import { webPages } from './web-file.ts'

const readers: Readonly<Record<PageType, (content: string) => DocumentBlocks>> = {
  html: (content) => htmlBlocks(mainContent(content) ?? content),
  markdown: markdownBlocks,
  text: (content) => {
    const reader = textBlockReader()
    const blocks = content.split(/\r\n|\n|\r/).flatMap((line) => [...reader.add(line)])
    return { title: null, blocks: [...blocks, ...reader.end()] }
  },
}

/**
 * Reads a file of web pages as a document of one part a page, whose place is the page's address.
 *
 * @throws AppError `file_unreadable`, `file_missing`, `cancelled`
 */
export async function* readWebFile(path: string, options: ReadOptions = {}): AsyncGenerator<DocumentPart> {
  const onFault = (line: number) =>
    options.onProblem?.({
      kind: 'row_faulty',
      where: `line ${line}`,
      message: 'This line holds no page. Read the pages again.',
    })
  for await (const { url, title, type, content } of webPages(path, { signal: options.signal, onFault })) {
    const found = readers[type](content)
    yield { title: title || found.title || url, unit: null, place: url, blocks: found.blocks }
  }
}
