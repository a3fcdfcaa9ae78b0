import type { Block } from './blocks.ts'

/** Blocks whose places are their numbers from 1, for formats in which lines mean nothing. */
export function byParagraph(blocks: readonly Block[]): Block[] {
  return blocks.map(({ heading, text, isTight }, i) => ({
    heading,
    text,
    isTight,
    first: i + 1,
    last: i + 1,
  }))
}
