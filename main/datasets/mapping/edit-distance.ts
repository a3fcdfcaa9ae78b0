/** A stretch of a text that is near to a pattern: UTF-16 offsets, end exclusive, and the Levenshtein distance. */
export interface NearStretch {
  readonly start: number
  readonly end: number
  readonly distance: number
}

/**
 * The stretch of a text with the least Levenshtein distance to a pattern, the first one of equals. Dynamic
 * programming over the text with a free start (P. H. Sellers, The theory and computation of evolutionary
 * distances, 1980); time is the product of the lengths, memory the pattern's.
 */
export function nearestStretch(pattern: string, text: string): NearStretch {
  const size = pattern.length
  const distances = Int32Array.from({ length: size + 1 }, (_, i) => i)
  const starts = new Int32Array(size + 1)
  let best: NearStretch = { start: 0, end: 0, distance: size }
  for (let end = 1; end <= text.length; end++) {
    const unit = text.charCodeAt(end - 1)
    let diagonal = 0
    let diagonalStart = end - 1
    starts[0] = end
    for (let i = 1; i <= size; i++) {
      const above = distances[i] ?? 0
      const aboveStart = starts[i] ?? 0
      let distance = diagonal + (pattern.charCodeAt(i - 1) === unit ? 0 : 1)
      let start = diagonalStart
      if (above + 1 < distance) {
        distance = above + 1
        start = aboveStart
      }
      const left = (distances[i - 1] ?? 0) + 1
      if (left < distance) {
        distance = left
        start = starts[i - 1] ?? 0
      }
      diagonal = above
      diagonalStart = aboveStart
      distances[i] = distance
      starts[i] = start
    }
    const distance = distances[size] ?? size
    if (distance < best.distance) best = { start: starts[size] ?? 0, end, distance }
  }
  return best
}

/** The Levenshtein distance of two texts, in UTF-16 units. */
export function editDistance(a: string, b: string): number {
  const distances = Int32Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1
    distances[0] = i
    for (let j = 1; j <= b.length; j++) {
      const above = distances[j] ?? 0
      const substituted = diagonal + (a.charCodeAt(i - 1) === b.charCodeAt(j - 1) ? 0 : 1)
      distances[j] = Math.min(substituted, above + 1, (distances[j - 1] ?? 0) + 1)
      diagonal = above
    }
  }
  return distances[b.length] ?? 0
}
