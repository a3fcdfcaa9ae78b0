import type { Block, DocumentBlocks } from './blocks.ts'

// A line that is broken at the margin is about as long as this; shorter ones were ended on purpose.
const wrappedLength = 45
const noHeading: readonly string[] = []

/** The paragraphs of plain text: what stands between empty lines. Lines broken at a margin are joined. */
export function textBlocks(text: string): DocumentBlocks {
  const blocks: Block[] = []
  let lines: string[] = []
  const all = text.split(/\r\n|\r|\n|\f/)
  for (const [i, line] of [...all, ''].entries()) {
    if (line.trim() !== '') lines.push(line)
    else if (lines.length > 0) {
      blocks.push({
        heading: noHeading,
        text: joinLines(lines),
        first: i + 1 - lines.length,
        last: i,
        isTight: false,
      })
      lines = []
    }
  }
  return { title: null, blocks }
}

function joinLines(lines: readonly string[]): string {
  let text = ''
  let before = ''
  for (const line of lines) {
    const isOwn = /^\s*(?:[-*•–]|\d{1,3}[.)])\s/.test(line) || before.trim().length < wrappedLength
    text += text === '' ? '' : isOwn ? '\n' : ' '
    text += line.trim().replaceAll(/[ \t\u00a0]+/g, ' ')
    before = line
  }
  return text
}
