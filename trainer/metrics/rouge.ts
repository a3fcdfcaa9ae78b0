/** ROUGE F-measures, each 0 to 1. */
export interface RougeScores {
  readonly rouge1: number
  readonly rouge2: number
  readonly rougeL: number
}

/**
 * ROUGE-1, ROUGE-2 and ROUGE-L (Lin 2004) as Google's rouge_score computes them, without its stemmer: texts are
 * lower-cased and split at whatever is not a-z or 0-9, so scripts other than Latin score 0, as there. Of
 * several references the best counts, for each measure by itself.
 */
export function rouge(prediction: string, references: readonly string[]): RougeScores {
  const words = rougeWords(prediction)
  const golds = references.map(rougeWords)
  const best = (score: (gold: readonly string[]) => number) =>
    golds.reduce((most, gold) => Math.max(most, score(gold)), 0)
  return {
    rouge1: best((gold) => ngramF1(words, gold, 1)),
    rouge2: best((gold) => ngramF1(words, gold, 2)),
    rougeL: best((gold) => fMeasure(commonSubsequence(words, gold), words.length, gold.length)),
  }
}

function rougeWords(text: string): string[] {
  return text.toLowerCase().match(/[a-z0-9]+/g) ?? []
}

function ngramF1(prediction: readonly string[], gold: readonly string[], n: number): number {
  const left = new Map<string, number>()
  for (const gram of ngrams(gold, n)) left.set(gram, (left.get(gram) ?? 0) + 1)
  const predicted = ngrams(prediction, n)
  let same = 0
  for (const gram of predicted) {
    const count = left.get(gram) ?? 0
    if (count === 0) continue
    left.set(gram, count - 1)
    same++
  }
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
