import type { Span } from './code-points.ts'

export interface Mark extends Span {
  readonly tone: 'answer' | 'base' | 'tuned' | 'found'
  /** Said by screen readers and shown as a tooltip. */
  readonly label?: string
}

/** A piece of the text between two borders of marks, with the marks that cover it. */
export interface Segment {
  readonly text: string
  readonly marks: readonly Mark[]
}

/**
 * Cuts a text at the borders of its marks, which count code points and may overlap; marks that are empty or lie
 * beyond the text are left out. The pieces together are the text.
 */
export function markedSegments(text: string, marks: readonly Mark[]): Segment[] {
  const characters = [...text]
  const real = marks.filter(({ start, end }) => start < end && start >= 0 && end <= characters.length)
  const borders = [...new Set([0, characters.length, ...real.flatMap(({ start, end }) => [start, end])])]
  borders.sort((a, b) => a - b)
  return borders.slice(0, -1).map((from, index) => {
    const to = borders[index + 1] ?? characters.length
    return {
      text: characters.slice(from, to).join(''),
      marks: real.filter(({ start, end }) => start <= from && to <= end),
    }
  })
}
