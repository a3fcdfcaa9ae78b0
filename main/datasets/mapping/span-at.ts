import { codePointIndex } from '../../../trainer/data/code-points.ts'

/**
 * The answer that a selection in a text marks: without the white space around it, its start counted in Unicode
 * code points. Ends inside a surrogate pair are moved outwards. Null where nothing but white space is selected.
 *
 * @param startUtf16 Where the selection starts, in UTF-16 units as browsers count.
 * @param endUtf16 Where it ends, exclusive; may lie before the start.
 * @example spanAt('🙂 Ada wrote it.', 2, 6) // { text: 'Ada', start: 2 }
 */
export function spanAt(
  text: string,
  startUtf16: number,
  endUtf16: number,
): { readonly text: string; readonly start: number } | null {
  const clamp = (offset: number) => Math.min(Math.max(0, Math.trunc(offset)), text.length)
  const isInsidePair = (offset: number) => offset > 0 && (text.codePointAt(offset - 1) ?? 0) > 0xffff
  let start = clamp(Math.min(startUtf16, endUtf16))
  let end = clamp(Math.max(startUtf16, endUtf16))
  if (isInsidePair(start)) start--
  if (isInsidePair(end)) end++
  const selected = text.slice(start, end)
  const trimmed = selected.trim()
  if (trimmed === '') return null
  start += selected.length - selected.trimStart().length
  return { text: trimmed, start: codePointIndex(text).toCodePoints(start) }
}
