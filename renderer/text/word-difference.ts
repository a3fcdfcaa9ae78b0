/** A piece of an answer: shared with the accepted answer, in this answer alone, or in the accepted one alone. */
export interface DifferencePart {
  readonly text: string
  readonly kind: 'same' | 'extra' | 'missing'
}

/** Words beyond this are not compared: an answer that long is no answer, and the table of lengths grows with both. */
const mostWords = 400

/**
 * How an answer differs, word by word, from the accepted answer that it is nearest to: the longest common
 * subsequence of their words, with case, punctuation and English articles left out of account, as the SQuAD
 * scorer leaves them out. Where they share no word, nothing is listed as missing. The parts that are not
 * `missing`, joined by spaces, are the answer's words.
 *
 * ```ts
 * wordDifference('within 30 days', ['30 working days'])
 * // extra 'within', same '30', missing 'working', same 'days'
 * ```
 */
export function wordDifference(answer: string, accepted: readonly string[]): DifferencePart[] {
  const words = split(answer)
  const nearest = accepted
    .map((text) => align(words, split(text)))
    .reduce<Alignment | null>((best, next) => (best && best.distance <= next.distance ? best : next), null)
  if (nearest) return merged(nearest.parts)
  return merged(words.map((text) => ({ text, kind: 'extra' })))
}

interface Alignment {
  readonly parts: readonly DifferencePart[]
  /** Words that stand in one of the two alone. */
  readonly distance: number
}

function split(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== '')
}

/** What counts of a word; empty where nothing does. */
function normalised(word: string): string {
  const bare = word.toLowerCase().replace(/\p{P}/gu, '')
  return ['a', 'an', 'the'].includes(bare) ? '' : bare
}

function align(answer: readonly string[], gold: readonly string[]): Alignment {
  const left = answer.slice(0, mostWords).map(normalised)
  const right = gold.slice(0, mostWords).map(normalised)
  const lengths = commonLengths(left, right)
  const at = (i: number, j: number): number => lengths[i * (right.length + 1) + j] ?? 0

  const parts: DifferencePart[] = []
  let shared = 0
  let distance = 0
  let i = 0
  let j = 0
  while (i < left.length || j < right.length) {
    const mine = left[i]
    const theirs = right[j]
    if (mine !== undefined && mine !== '' && mine === theirs) {
      parts.push({ text: answer[i] ?? '', kind: 'same' })
      shared += 1
      i += 1
      j += 1
    } else if (theirs === '') {
      j += 1
    } else if (mine === '') {
      parts.push({ text: answer[i] ?? '', kind: 'same' })
      i += 1
    } else if (j >= right.length || (i < left.length && at(i + 1, j) >= at(i, j + 1))) {
      parts.push({ text: answer[i] ?? '', kind: 'extra' })
      distance += 1
      i += 1
    } else {
      parts.push({ text: gold[j] ?? '', kind: 'missing' })
      distance += 1
      j += 1
    }
  }
  parts.push(...answer.slice(mostWords).map((text) => ({ text, kind: 'extra' as const })))
  return { parts: shared > 0 ? parts : parts.filter(({ kind }) => kind !== 'missing'), distance }
}

/** Lengths of the longest common subsequences of what begins at word i and at word j, row after row. */
function commonLengths(left: readonly string[], right: readonly string[]): Uint16Array {
  const width = right.length + 1
  const lengths = new Uint16Array((left.length + 1) * width)
  for (let i = left.length - 1; i >= 0; i -= 1) {
    for (let j = right.length - 1; j >= 0; j -= 1) {
      lengths[i * width + j] =
        left[i] !== '' && left[i] === right[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0)
    }
  }
  return lengths
}

/** Neighbours of one kind as one part. */
function merged(parts: readonly DifferencePart[]): DifferencePart[] {
  const joined: DifferencePart[] = []
  for (const part of parts) {
    const last = joined.at(-1)
    if (last?.kind === part.kind) joined[joined.length - 1] = { ...last, text: `${last.text} ${part.text}` }
    else joined.push(part)
  }
  return joined
}
