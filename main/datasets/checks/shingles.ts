// A character of a script without spaces counts as a word.
const word = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[\p{L}\p{N}]+/gu
const size = 3

/**
 * The hashes of all stretches of three words of a text, case, punctuation and white space left aside: what two texts
 * share of them says how like they are (A. Z. Broder, On the resemblance and containment of documents, 1997).
 */
export function shinglesOf(text: string): ReadonlySet<number> {
  const hashes = (text.toLowerCase().match(word) ?? []).map(hashWord)
  const shingles = new Set<number>()
  for (let i = 0; i + size <= hashes.length || i === 0; i++) {
    let hash = 0x9e3779b9
    for (let k = i; k < Math.min(i + size, hashes.length); k++)
      hash = Math.imul(hash ^ (hashes[k] ?? 0), 0x85ebca6b) ^ (hash >>> 13)
    shingles.add(hash >>> 0)
  }
  return shingles
}

/** Jaccard's index: the share of what either has that both have. */
export function resemblance(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  if (a.size > b.size) return resemblance(b, a)
  let both = 0
  for (const one of a) if (b.has(one)) both++
  return both / (a.size + b.size - both)
}

/** FNV-1a over the UTF-16 units. */
function hashWord(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
