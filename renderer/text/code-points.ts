/** A stretch of a text, in Unicode code points, end exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The number of code points. */
export function codePointLength(text: string): number {
  let count = 0
  for (const character of text) count += Math.min(character.length, 1)
  return count
}

/** The place in UTF-16 units of a place in code points; the text's end where that lies beyond. */
export function unitOffset(text: string, codePoints: number): number {
  let units = 0
  let seen = 0
  for (const character of text) {
    if (seen === codePoints) break
    units += character.length
    seen += 1
  }
  return units
}

/** The place in code points of a place in UTF-16 units; a place inside a pair counts as before it. */
export function codePointOffset(text: string, units: number): number {
  let seen = 0
  let at = 0
  for (const character of text) {
    if (at + character.length > units) break
    at += character.length
    seen += 1
  }
  return seen
}

/** The stretch of the text that a span names. */
export function sliceCodePoints(text: string, { start, end }: Span): string {
  return text.slice(unitOffset(text, start), unitOffset(text, end))
}
