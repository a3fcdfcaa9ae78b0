import type { Span } from '../../text/code-points.ts'
import type { Word } from '../../text/words.ts'

/** A selection by words: from the anchor's word to the head's, both included; the head moves. */
export interface WordCursor {
  readonly anchor: number
  readonly head: number
}

/** Where a key moves the cursor; undefined where the key is none of it. With `extend` the anchor stays. */
export function moveCursor(
  cursor: WordCursor | null,
  key: string,
  { count, extend }: { readonly count: number; readonly extend: boolean },
): WordCursor | undefined {
  const last = count - 1
  if (last < 0) return undefined
  const head = cursor?.head ?? -1
  const moved = movedHead(key, head, last)
  if (moved === undefined) return undefined
  const next = Math.min(Math.max(moved, 0), last)
  return { anchor: extend && cursor ? cursor.anchor : next, head: next }
}

/** The stretch of the text that a cursor covers. */
export function spanOf(cursor: WordCursor, words: readonly Word[]): Span | null {
  const first = words[Math.min(cursor.anchor, cursor.head)]
  const last = words[Math.max(cursor.anchor, cursor.head)]
  return first && last ? { start: first.start, end: last.end } : null
}

/** The cursor that covers the words of a stretch; null where it touches none. */
export function cursorOf({ start, end }: Span, words: readonly Word[]): WordCursor | null {
  const anchor = words.findIndex((word) => word.end > start)
  const head = words.findLastIndex((word) => word.start < end)
  return anchor >= 0 && head >= anchor ? { anchor, head } : null
}

/** A stretch without the white space at its ends; null where nothing is left. */
export function trimmedSpan(text: string, { start, end }: Span): Span | null {
  const characters = [...text]
  let from = start
  let to = Math.min(end, characters.length)
  while (from < to && /\s/u.test(characters[from] ?? '')) from += 1
  while (to > from && /\s/u.test(characters[to - 1] ?? '')) to -= 1
  return from < to ? { start: from, end: to } : null
}

function movedHead(key: string, head: number, last: number): number | undefined {
  // A line has about twelve words; the real lines depend on the window's width.
  const line = 12
  switch (key) {
    case 'ArrowRight':
      return head + 1
    case 'ArrowLeft':
      return head - 1
    case 'ArrowDown':
      return head + line
    case 'ArrowUp':
      return head - line
    case 'Home':
      return 0
    case 'End':
      return last
    default:
      return undefined
  }
}
