/** A text as it is compared, and where each of its UTF-16 units comes from in the original. */
export interface ComparableText {
  readonly text: string
  /** Original offset of unit i; one entry more for the end. */
  readonly starts: Int32Array
}

const replacements: Readonly<Record<string, string>> = {
  '…': '...',
  ...Object.fromEntries([...'‘’‚‛′`´'].map((quote) => [quote, "'"])),
  ...Object.fromEntries([...'“”„‟″«»'].map((quote) => [quote, '"'])),
  ...Object.fromEntries([...'‐‑‒–—―−'].map((dash) => [dash, '-'])),
}

/**
 * Makes texts comparable that differ in case, white space, the form of quotes and dashes, or Unicode composition
 * (NFC, NFD); invisible characters are left out.
 */
export function comparableText(original: string): ComparableText {
  const parts: string[] = []
  const starts: number[] = []
  const cluster = /(\s+)|\P{M}\p{M}*|\p{M}+/gu
  for (let found = cluster.exec(original); found; found = cluster.exec(original)) {
    const raw = found[0]
    const plain = found[1] === undefined ? (replacements[raw] ?? raw.normalize('NFC').toLowerCase()) : ' '
    const shown = plain.replaceAll(/\p{Cf}/gu, '')
    parts.push(shown)
    starts.push(...new Array<number>(shown.length).fill(found.index))
  }
  starts.push(original.length)
  return { text: parts.join(''), starts: Int32Array.from(starts) }
}
