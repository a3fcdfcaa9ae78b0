import type { Mark } from '../../text/marked-segments.ts'

export interface Excerpt {
  readonly text: string
  readonly marks: readonly Mark[]
}

const ellipsis = '…'

/**
 * At most `most` code points of a text around its first mark, with the marks that lie in them moved along; what is
 * cut off is shown by an ellipsis.
 */
export function excerptAround(text: string, marks: readonly Mark[], most: number): Excerpt {
  const characters = [...text]
  if (characters.length <= most) return { text, marks }
  const first = marks.reduce<Mark | null>(
    (least, one) => (!least || one.start < least.start ? one : least),
    null,
  )
  const middle = first ? Math.min((first.start + first.end) / 2, first.start + most / 2) : 0
  const from = Math.max(0, Math.min(Math.round(middle - most / 2), characters.length - most))
  const to = from + most
  const before = from > 0 ? ellipsis : ''
  const shift = before.length - from
  return {
    text: before + characters.slice(from, to).join('') + (to < characters.length ? ellipsis : ''),
    marks: marks
      .filter(({ start, end }) => start < to && end > from)
      .map((mark) => ({
        ...mark,
        start: Math.max(mark.start, from) + shift,
        end: Math.min(mark.end, to) + shift,
      })),
  }
}
