/** The pieces of a Unigram vocabulary with their log probabilities; an id is a place in the list. */
export type ScoredPieces = readonly (readonly [piece: string, score: number])[]

// As SentencePiece: an unknown character is less likely than any piece.
const unknownPenalty = 10

/**
 * Divides words into the likeliest pieces of a Unigram model (Kudo 2018), by Viterbi over the places in the word; what
 * no piece begins with is one character alone. Of divisions that are equally likely the one with the longer first
 * pieces is taken, as `tokenizers` does.
 */
export function unigramPieces(pieces: ScoredPieces, unknownId: number): (word: string) => string[] {
  const lowest = pieces.reduce((least, [, score]) => Math.min(least, score), Infinity) - unknownPenalty
  const scores = new Map(pieces.map(([piece, score], id) => [piece, id === unknownId ? lowest : score]))
  const longest = pieces.reduce((most, [piece]) => Math.max(most, piece.length), 0)
  return (word) => {
    const { length } = word
    // What the best way to each place costs, and where its last piece starts.
    const best = new Float64Array(length + 1).fill(-Infinity)
    const from = new Int32Array(length + 1)
    best[0] = 0
    const reach = (start: number, end: number, score: number) => {
      if (score <= (best[end] ?? -Infinity)) return
      best[end] = score
      from[end] = start
    }
    for (let start = 0; start < length; start++) {
      const before = best[start] ?? -Infinity
      if (before === -Infinity) continue
      const character = (word.codePointAt(start) ?? 0) > 0xffff ? 2 : 1
      const furthest = Math.min(length, start + longest)
      for (let end = start + character; end <= furthest; end++) {
        const score = scores.get(word.slice(start, end))
        if (score !== undefined) reach(start, end, before + score)
        else if (end === start + character) reach(start, end, before + lowest)
      }
      if (furthest < start + character) reach(start, start + character, before + lowest)
    }
    const found: string[] = []
    for (let end = length; end > 0; end = from[end] ?? 0) found.push(word.slice(from[end], end))
    return found.reverse()
  }
}

const cacheLimit = 200_000
const longestCached = 64

/**
 * Encodes a text whose words each begin with `mark`, and remembers words: the ids of its pieces, neighbouring unknown
 * ones as one.
 */
export function wordEncoder(
  piecesOf: (word: string) => readonly string[],
  {
    mark,
    idOf,
    unknownId,
  }: { readonly mark: string; idOf(piece: string): number; readonly unknownId: number },
): (text: string, ids: number[]) => void {
  const known = new Map<string, readonly number[]>()
  const encodeWord = (word: string): readonly number[] => {
    const ids = piecesOf(word).map(idOf)
    if (known.size >= cacheLimit) known.clear()
    if (word.length <= longestCached) known.set(word, ids)
    return ids
  }
  return (text, ids) => {
    for (let start = 0; start < text.length;) {
      const next = text.indexOf(mark, start + 1)
      const end = next === -1 ? text.length : next
      const word = text.slice(start, end)
      for (const id of known.get(word) ?? encodeWord(word))
        if (id !== unknownId || ids.at(-1) !== unknownId) ids.push(id)
      start = end
    }
  }
}
