/** Converts offsets of one text between UTF-16 units (JavaScript) and Unicode code points (SQuAD, Python). */
export interface CodePointIndex {
  readonly length: number
  /** UTF-16 offset of a code point offset; offsets past the end stay past the end. */
  toUtf16(codePoints: number): number
  /** Code point offset of a UTF-16 offset; inside a surrogate pair it is that of the pair. */
  toCodePoints(utf16: number): number
}

/** Builds the index of a text once; free for texts within the Basic Multilingual Plane. */
export function codePointIndex(text: string): CodePointIndex {
  const pairs = surrogatePairs(text)
  if (pairs.length === 0)
    return { length: text.length, toUtf16: (codePoints) => codePoints, toCodePoints: (utf16) => utf16 }
  return {
    length: text.length - pairs.length,
    // Pair k stands at code point pairs[k] - k, which grows with k.
    toUtf16: (codePoints) => codePoints + countBelow(pairs.length, (k) => (pairs[k] ?? 0) - k < codePoints),
    // A pair before the offset counts two units for one code point; inside a pair both units count as it.
    toCodePoints: (utf16) => utf16 - countBelow(pairs.length, (k) => (pairs[k] ?? 0) < utf16),
  }
}

/** Number of code points of a text; a lone surrogate counts as one, as in Python. */
export function codePointLength(text: string): number {
  return text.length - surrogatePairs(text).length
}

function surrogatePairs(text: string): number[] {
  const pairs: number[] = []
  if (!/[\ud800-\udbff][\udc00-\udfff]/.test(text)) return pairs
  for (let i = 0; i + 1 < text.length; i++) {
    if (isHigh(text.charCodeAt(i)) && isLow(text.charCodeAt(i + 1))) pairs.push(i++)
  }
  return pairs
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

/** How many of 0..count-1 fulfil a condition that holds up to some index and then no more. */
function countBelow(count: number, holds: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) low = middle + 1
    else high = middle
  }
  return low
}
