/** A paragraph, list entry, table row or piece of code of a document, as plain text. */
export interface Block {
  /** Headings above it, outermost first. */
  readonly heading: readonly string[]
  readonly text: string
  /** Lines of the file, from 1. */
  readonly first: number
  readonly last: number
  /** True where it goes with the block before on the next line, without an empty one: list entries, table rows. */
  readonly isTight: boolean
}

/** A document taken apart. */
export interface DocumentBlocks {
  /** The title that the document itself gives, or null. */
  readonly title: string | null
  readonly blocks: readonly Block[]
}

/** The headings that are open at a place of a document. */
export interface HeadingPath {
  enter(level: number, text: string): void
  current(): readonly string[]
}

/** Follows headings: one of a level closes those of the same and of deeper levels. */
export function headingPath(): HeadingPath {
  let open: { level: number; text: string }[] = []
  let path: readonly string[] = []
  return {
    enter(level, text) {
      open = [...open.filter((heading) => heading.level < level), { level, text }]
      path = open.map((heading) => heading.text)
    },
    current: () => path,
  }
}
