import { stem } from './porter-stemmer.ts'

/** ROUGE F-measures, each 0 to 1. */
export interface RougeScores {
  readonly rouge1: number
  readonly rouge2: number
  readonly rougeL: number
  readonly rougeLsum: number
}

export interface RougeOptions {
  /** Compares the stems of words of more than three letters (Porter's algorithm, for English). Off without it. */
  readonly stems?: boolean
}

/**
 * ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum (Lin 2004) as Google's rouge_score computes them: texts are lower-cased and
 * split at whatever is not a-z or 0-9, so scripts other than Latin score 0, as there. For ROUGE-Lsum every line is a
 * sentence. Of several references the best counts, for each measure by itself.
 *
 * @example rouge('the gunman was killed', ['police killed the gunman'], { stems: true }).rouge1
 */
export function rouge(
  prediction: string,
  references: readonly string[],
  { stems = false }: RougeOptions = {},
): RougeScores {
  const wordsOf = (text: string) => rougeWords(text, stems)
  const linesOf = (text: string) =>
    text
      .split('\n')
      .filter((line) => line !== '')
      .map(wordsOf)
  const words = wordsOf(prediction)
  const lines = linesOf(prediction)
  const golds = references.map((text) => ({ words: wordsOf(text), lines: linesOf(text) }))
  const best = (score: (gold: (typeof golds)[number]) => number) =>
    golds.reduce((most, gold) => Math.max(most, score(gold)), 0)
  return {
    rouge1: best((gold) => ngramF1(words, gold.words, 1)),
    rouge2: best((gold) => ngramF1(words, gold.words, 2)),
    rougeL: best((gold) => fMeasure(commonSubsequence(words, gold.words), words.length, gold.words.length)),
    rougeLsum: best((gold) => summaryF1(lines, gold.lines)),
  }
}

function rougeWords(text: string, stems: boolean): string[] {
  const words = text.toLowerCase().match(/[a-z0-9]+/g) ?? []
  return stems ? words.map((word) => (word.length > 3 ? stem(word) : word)) : words
}

function ngramF1(prediction: readonly string[], gold: readonly string[], n: number): number {
  const left = counted(ngrams(gold, n))
  const predicted = ngrams(prediction, n)
  let same = 0
  for (const gram of predicted) if (take(left, gram)) same++
  return fMeasure(same, predicted.length, Math.max(0, gold.length - n + 1))
}

function ngrams(words: readonly string[], n: number): string[] {
  return Array.from({ length: Math.max(0, words.length - n + 1) }, (_, i) => words.slice(i, i + n).join(' '))
}

function fMeasure(same: number, predicted: number, gold: number): number {
  if (same === 0) return 0
  const precision = same / predicted
  const recall = same / gold
  return (2 * precision * recall) / (precision + recall)
}

/** Length of the longest common subsequence, in one row of memory. */
function commonSubsequence(a: readonly string[], b: readonly string[]): number {
  const row = new Uint32Array(b.length + 1)
  for (const word of a) {
    let diagonal = 0
    for (const [j, other] of b.entries()) {
      const above = row[j + 1] ?? 0
      row[j + 1] = word === other ? diagonal + 1 : Math.max(above, row[j] ?? 0)
      diagonal = above
    }
  }
  return row[b.length] ?? 0
}

/** ROUGE-Lsum: for each line of the reference the words that a subsequence with any predicted line has, once each. */
function summaryF1(prediction: readonly (readonly string[])[], gold: readonly (readonly string[])[]): number {
  const leftGold = counted(gold.flat())
  const leftPredicted = counted(prediction.flat())
  let same = 0
  for (const line of gold) {
    const hit = new Set(prediction.flatMap((other) => subsequencePlaces(line, other)))
    for (const [place, word] of line.entries()) {
      if (!hit.has(place) || (leftGold.get(word) ?? 0) === 0) continue
      if (!take(leftPredicted, word)) continue
      take(leftGold, word)
      same++
    }
  }
  return fMeasure(same, prediction.flat().length, gold.flat().length)
}

/** The places in `a` of its longest common subsequence with `b`; of several the one that rouge_score finds. */
function subsequencePlaces(a: readonly string[], b: readonly string[]): number[] {
  const width = b.length + 1
  const table = new Uint32Array((a.length + 1) * width)
  const at = (i: number, j: number) => table[i * width + j] ?? 0
  for (const [i, word] of a.entries())
    for (const [j, other] of b.entries())
      table[(i + 1) * width + j + 1] = word === other ? at(i, j) + 1 : Math.max(at(i, j + 1), at(i + 1, j))
  const places: number[] = []
  for (let i = a.length, j = b.length; i > 0 && j > 0;)
    if (a[i - 1] === b[j - 1]) {
      places.push(i - 1)
      i--
      j--
    } else if (at(i, j - 1) > at(i - 1, j)) j--
    else i--
  return places
}

function counted(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1)
  return counts
}

/** Takes one of a word; false where none is left. */
function take(counts: Map<string, number>, word: string): boolean {
  const count = counts.get(word) ?? 0
  if (count === 0) return false
  counts.set(word, count - 1)
  return true
}
