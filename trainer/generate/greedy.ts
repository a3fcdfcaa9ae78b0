/** The token with the highest score; the lowest id among equals. */
export function chooseGreedy(scores: Float32Array): number {
  let best = 0
  let max = -Infinity
  for (let token = 0; token < scores.length; token++) {
    const score = scores[token] ?? -Infinity
    if (score > max) {
      max = score
      best = token
    }
  }
  return best
}
