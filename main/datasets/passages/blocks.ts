/** A paragraph, list entry, table row or piece of code of a document, as plain text. */
export interface Block {
  /** Headings above it, outermost first. */
  readonly heading: readonly string[]
  readonly text: string
  /** The lines, paragraphs or pages that it takes up, from 1; which of these the document's part says. */
  readonly first: number
  readonly last: number
  /** True where it goes with the block before on the next line, without an empty one: list entries, table rows. */
  readonly isTight: boolean
  /** The page where it begins, from 1; null or left out where the document has none. */
  readonly page?: number | null
  /** Offsets in `text` (UTF-16) at which `first`, `first + 1`, … begin, where they are known. */
  readonly starts?: readonly number[]
}

/** A document taken apart. */
export interface DocumentBlocks {
  /** The title that the document itself gives, or null. */
  readonly title: string | null
  readonly blocks: readonly Block[]
}

/** What the places of blocks count. */
export type PlaceUnit = 'line' | 'paragraph' | 'page'

/** A chapter of a book, a page of a web site, or a document as a whole: no passage goes beyond its end. */
export interface DocumentPart {
  /** The title of its passages; null for the name of the file. */
  readonly title: string | null
  /** What the blocks' `first` and `last` count; null where `place` says enough. */
  readonly unit: PlaceUnit | null
  /** Where the part stands: `part 2`, a web page's address; null where it is the whole document. */
  readonly place: string | null
  /** At once, or as they are read. */
  readonly blocks: Iterable<Block> | AsyncIterable<Block>
}

/** The headings that are open at a place of a document. */
export interface HeadingPath {
  enter(level: number, text: string): void
  current(): readonly string[]
}

/** Of what claims to be a heading and is longer, the beginning is kept. */
const longestHeading = 300

/** Follows headings: one of a level closes those of the same and of deeper levels. */
export function headingPath(): HeadingPath {
  let open: { level: number; text: string }[] = []
  let path: readonly string[] = []
  return {
    enter(level, text) {
      const shown = text.length > longestHeading ? `${text.slice(0, longestHeading).toWellFormed()}…` : text
      open = [...open.filter((heading) => heading.level < level), { level, text: shown }]
      path = open.map((heading) => heading.text)
    },
    current: () => path,
  }
}
