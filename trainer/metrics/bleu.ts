const orders = [1, 2, 3, 4] as const

/**
 * What a sentence adds to BLEU: its length, that of the nearest reference, then for n-grams of 1 to 4 words how many
 * match, then how many there are. The statistics of a corpus are the sums.
 */
export type BleuStatistics = readonly number[]

/** How many numbers the statistics are. */
export const bleuWidth = 2 + 2 * orders.length

/**
 * The statistics of one sentence against its references (Papineni et al. 2002): matches are clipped to the most that
 * one reference has; of lengths the one nearest to the prediction's counts, of two as near the shorter.
 */
export function bleuStatistics(prediction: string, references: readonly string[]): BleuStatistics {
  const words = bleuWords(prediction)
  const golds = references.map(bleuWords)
  const nearest = golds.reduce<number | null>((best, { length }) => {
    if (best === null) return length
    const [off, bestOff] = [Math.abs(words.length - length), Math.abs(words.length - best)]
    return off < bestOff || (off === bestOff && length < best) ? length : best
  }, null)
  const matches = orders.map((n) => {
    const most = new Map<string, number>()
    for (const gold of golds)
      for (const [gram, count] of ngramCounts(gold, n)) most.set(gram, Math.max(most.get(gram) ?? 0, count))
    let same = 0
    for (const [gram, count] of ngramCounts(words, n)) same += Math.min(count, most.get(gram) ?? 0)
    return same
  })
  const totals = orders.map((n) => Math.max(0, words.length - n + 1))
  return [words.length, nearest ?? 0, ...matches, ...totals]
}

/**
 * BLEU in percent from statistics, as sacrebleu computes it (Post 2018; signature
 * `case:mixed|eff:no|tok:13a|smooth:exp`): precisions without a match are smoothed by halving, after NIST.
 *
 * @param effectiveOrder For single sentences: n-grams that are longer than the sentence do not count.
 */
export function bleuFrom(statistics: ArrayLike<number>, { effectiveOrder = false } = {}): number {
  const [length, reference] = [statistics[0] ?? 0, statistics[1] ?? 0]
  const matches = orders.map((n) => statistics[1 + n] ?? 0)
  if (matches.every((count) => count === 0)) return 0
  let order: number = orders.length
  let logs = 0
  let smoothing = 1
  for (const n of orders) {
    const total = statistics[1 + orders.length + n] ?? 0
    // Without n-grams of this length the precision is nought, and so is the score, unless only what is there counts.
    if (total === 0) {
      if (!effectiveOrder) return 0
      break
    }
    if (effectiveOrder) order = n
    const same = matches[n - 1] ?? 0
    if (same === 0) smoothing *= 2
    logs += Math.log(same === 0 ? 1 / (smoothing * total) : same / total)
  }
  const brevity = length < reference ? Math.exp(1 - reference / length) : 1
  return 100 * brevity * Math.exp(logs / order)
}

/** BLEU of a corpus in percent; 0 without sentences. */
export function corpusBleu(
  predictions: readonly string[],
  references: readonly (readonly string[])[],
): number {
  const sums = new Float64Array(bleuWidth)
  for (const [i, prediction] of predictions.entries())
    for (const [at, count] of bleuStatistics(prediction, references[i] ?? []).entries())
      sums[at] = (sums[at] ?? 0) + count
  return bleuFrom(sums)
}

/** BLEU of one sentence in percent, with the effective order. */
export function sentenceBleu(prediction: string, references: readonly string[]): number {
  return bleuFrom(bleuStatistics(prediction, references), { effectiveOrder: true })
}

/**
 * The words of a text as mteval-v13a cuts them: punctuation by itself, full stops and commas where they stand in no
 * number. Made for European languages; a text without spaces is one word.
 */
export function bleuWords(text: string): string[] {
  const plain = text
    .trimEnd()
    .replaceAll('<skipped>', '')
    .replaceAll('-\n', '')
    .replaceAll('\n', ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
  return ` ${plain} `
    .replace(/([{-~[-` -&(-+:-@/])/gu, ' $1 ')
    .replace(/([^0-9])([.,])/gu, '$1 $2 ')
    .replace(/([.,])([^0-9])/gu, ' $1 $2')
    .replace(/([0-9])(-)/gu, '$1 $2 ')
    .split(pythonSpace)
    .filter((word) => word !== '')
}

// What Python's str.split takes for white space; it differs from \s in a few control characters and U+FEFF.
const pythonSpace = /[\t-\r\u001c-\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u

function ngramCounts(words: readonly string[], n: number): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 0; i + n <= words.length; i++) {
    // No word holds a space.
    const gram = words.slice(i, i + n).join(' ')
    counts.set(gram, (counts.get(gram) ?? 0) + 1)
  }
  return counts
}
