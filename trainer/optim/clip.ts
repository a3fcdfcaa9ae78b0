/** The L2 norm over all gradients together, summed in float64. */
export function globalNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let sum = 0
  for (const gradient of gradients.values()) for (const value of gradient) sum += value * value
  return Math.sqrt(sum)
}

/**
 * The factor that brings gradients of a global norm down to `maxNorm`, 1 where they are within it or there is no
 * limit (Pascanu et al. 2013; the constant is that of PyTorch's `clip_grad_norm_`).
 */
export function clipFactor(norm: number, maxNorm: number | null): number {
  return maxNorm === null ? 1 : Math.min(1, maxNorm / (norm + 1e-6))
}
