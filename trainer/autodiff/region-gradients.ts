import {
  add,
  div,
  erf,
  exp,
  gather,
  gemm,
  matMul,
  mul,
  neg,
  reduceMean,
  reduceSum,
  reshape,
  scatterAddRows,
  sigmoid,
  sub,
  transpose,
} from '../graph/ops.ts'
import { halfProduct } from '../graph/half-matrix.ts'
import { quantizedGradient } from '../graph/quantized-matrix.ts'
import { dimAt, product } from '../graph/shape.ts'
import { constant } from '../graph/tensor.ts'
import type { RegionTensor, Tensor } from '../graph/tensor.ts'
import { unbroadcast } from './unbroadcast.ts'

/** The gradient of the loss by each input of a region. */
export type RegionRule = (region: RegionTensor, gradient: Tensor) => readonly (Tensor | null)[]

/** The gradients of values that are differentiated as a whole (see `RegionTensor`), by rule name. */
export const regionRules: Readonly<Record<string, RegionRule>> = {
  /** Inputs x `[..., width]` and scale `[width]`; saved inverseRms `[..., 1]`. */
  rmsNorm: (region, gradient) => {
    const [x, scale] = inputsOf(region)
    const inverseRms = saved(region, 'inverseRms')
    const scaled = mul(gradient, scale)
    // In this order the factors of a row are multiplied before they meet the row's values.
    const along = mul(reduceMean(mul(scaled, x), [-1]), mul(mul(inverseRms, inverseRms), inverseRms))
    return [
      sub(mul(scaled, inverseRms), mul(x, along)),
      unbroadcast(mul(gradient, mul(x, inverseRms)), scale.shape),
    ]
  },

  /** Inputs x `[..., width]`, scale and bias `[width]`; saved mean and inverseDeviation `[..., 1]`. */
  layerNorm: (region, gradient) => {
    const [x, scale, bias] = inputsOf(region)
    if (!bias) throw new Error('layerNorm takes three inputs.')
    const inverseDeviation = saved(region, 'inverseDeviation')
    const normalized = mul(sub(x, saved(region, 'mean')), inverseDeviation)
    const scaled = mul(gradient, scale)
    const projection = mul(normalized, reduceMean(mul(scaled, normalized), [-1]))
    return [
      mul(sub(sub(scaled, reduceMean(scaled, [-1])), projection), inverseDeviation),
      unbroadcast(mul(gradient, normalized), scale.shape),
      unbroadcast(gradient, bias.shape),
    ]
  },

  /**
   * Inputs query, key, value `[batch, heads, length, headWidth]` and bias; saved probabilities. With
   * `ds = P·(dP − rowsum(dO·O))` the sum runs over the head's width instead of the score matrix (Dao et al.
   * 2022, appendix B.2). With dropout on the probabilities the same holds, `dP` being masked.
   */
  attention: (region, gradient) => {
    const [query, key, value, bias] = inputsOf(region)
    if (!value) throw new Error('attention takes three or four inputs.')
    const probabilities = saved(region, 'probabilities')
    // Drawn a second time, so that neither it nor the kept probabilities stay in memory until here.
    const mask = region.saved['dropoutMask']
    const kept = mask ? mul(probabilities, mask) : probabilities
    const dValue = matMul(transpose(kept, [0, 1, 3, 2]), gradient)
    const dKept = matMul(gradient, transpose(value, [0, 1, 3, 2]))
    const dProbabilities = mask ? mul(dKept, mask) : dKept
    const rowSum = reduceSum(mul(gradient, region.value), [-1])
    const dScores = mul(probabilities, sub(dProbabilities, rowSum))
    const dQuery = matMul(dScores, key)
    const dKey = matMul(transpose(dScores, [0, 1, 3, 2]), query)
    return [dQuery, dKey, dValue, bias ? unbroadcast(dScores, bias.shape) : null]
  },

  /**
   * Inputs x `[tokens, in]`, weight `[out, in]`, A `[rank, in]`, B `[out, rank]`. The gradient by x goes through
   * the merged weight `W + scale·B·A` in one product. The merged weight is formed anew, in another way than
   * forward, so that neither we nor the runtime keep a second copy of all weights.
   */
  mergedLora: (region, gradient) => {
    const [x, weight, a, b] = inputsOf(region)
    if (!a || !b) throw new Error('mergedLora takes four inputs.')
    const alpha = Number(region.attributes['scale'])
    const hidden = gemm(x, a, { transB: true })
    const dHidden = gemm(gradient, b, { alpha })
    return [
      gemm(gradient, add(weight, gemm(b, a, { alpha }))),
      null,
      gemm(dHidden, x, { transA: true }),
      gemm(gradient, hidden, { transA: true, alpha }),
    ]
  },

  /** Inputs x `[n, in]` and what was added to the product, if anything; saved matrix. */
  quantizedProduct: (region, gradient) => {
    const [, plus] = region.inputs
    const dx = quantizedGradient(gradient, saved(region, 'matrix'))
    return plus ? [dx, unbroadcast(gradient, plus.shape)] : [dx]
  },

  /** Input magnitudes `[out]`; saved norm `[out]`, which counts as a constant (Liu et al. 2024, section 4.3). */
  rowFactors: (region, gradient) => [div(gradient, saved(region, 'norm'))],

  /** Inputs x `[n, in]` and what was added to the product, if anything; saved float16 weight. */
  halfLinear: (region, gradient) => {
    const [, plus] = region.inputs
    const dx = halfProduct(gradient, saved(region, 'weight'), { transB: false })
    return plus ? [dx, unbroadcast(gradient, plus.shape)] : [dx]
  },

  /** Input: the same value, computed in another way. */
  same: (_, gradient) => [gradient],

  /** Input x `[tokens, heads·headWidth]`, split into rows; saved slots `[tokens, heads]` (see `gatheredRows`). */
  splitTokens: (region, gradient) => {
    const slots = saved(region, 'slots')
    const rows = reshape(gradient, [product(gradient.shape.slice(0, -1)), dimAt(gradient.shape, -1)])
    return [reshape(gather(rows, slots), region.inputs[0]?.shape ?? [])]
  },

  /** Input x `[rows, heads, length, headWidth]`, merged to tokens; saved parts `[rows, heads, length]`. */
  mergeTokens: (region, gradient) => {
    const [x] = region.inputs
    const [tokens, width] = [dimAt(gradient.shape, 0), dimAt(gradient.shape, 1)]
    const heads = x ? dimAt(x.shape, 1) : 1
    if (typeof width !== 'number' || typeof heads !== 'number')
      throw new Error('mergeTokens wants known heads.')
    return [gather(reshape(gradient, [product([tokens, heads]), width / heads]), saved(region, 'parts'))]
  },

  /** Input x; saved mask, drawn a second time so that it need not be kept. */
  dropout: (region, gradient) => [mul(gradient, saved(region, 'mask'))],

  /** Input x `[…]`; `gelu' = Φ(x) + x·φ(x)`, both formed anew from x, which alone is kept. */
  gelu: (region, gradient) => {
    const [x] = region.inputs
    if (!x) throw new Error('gelu takes an input.')
    const cumulative = mul(add(erf(mul(x, constant(Math.SQRT1_2))), constant(1)), constant(0.5))
    const density = mul(exp(mul(mul(x, x), constant(-0.5))), constant(1 / Math.sqrt(2 * Math.PI)))
    return [mul(gradient, add(cumulative, mul(x, density)))]
  },

  /** Inputs logits and targets `[rows, n]`; saved probabilities. With targets that sum to 1 it is `P − targets`. */
  softCrossEntropy: (region, gradient) => {
    const [, targets] = inputsOf(region)
    return [mul(sub(saved(region, 'probabilities'), targets), gradient), null]
  },

  /**
   * Input x `[…]`; everything else is formed anew from x, since the chain's values would outweigh all others. With
   * `s = sigmoid(2u)`, `u = √(2/π)·(x + 0.044715·x³)`, `gelu = x·s` and its derivative is `s + x·s·(1 − s)·2u'`.
   */
  geluTanh: (region, gradient) => {
    const [x] = region.inputs
    if (!x) throw new Error('geluTanh takes an input.')
    const { gate, bend } = geluGate(x)
    return [mul(gradient, add(gate, mul(mul(x, gate), bend)))]
  },

  /** Inputs x and other, of one shape: `gelu(x)·other`, with gelu as in `geluTanh` and its derivative as there. */
  gatedGelu: (region, gradient) => {
    const [x, other] = inputsOf(region)
    const { gate, bend } = geluGate(x)
    const gated = mul(gradient, gate)
    const dOther = mul(gated, x)
    return [mul(add(gated, mul(dOther, bend)), other), dOther]
  },

  /**
   * Summed cross-entropy of `hidden · weightᵀ` at labelled rows, without a one-hot matrix: inputs hidden
   * `[labels, width]`, weight `[vocabulary, width]`, labels; saved probabilities. The gradient by the logits
   * is `P − (1 − ε)·onehot − ε / vocabulary`, with label smoothing ε (Szegedy et al. 2016).
   */
  headLoss: (region, gradient) => {
    const [hidden, weight, labels] = inputsOf(region)
    if (!labels) throw new Error('headLoss takes three inputs.')
    const probabilities = saved(region, 'probabilities')
    const smoothing = Number(region.attributes['labelSmoothing'])
    const vocabulary = dimAt(weight.shape, 0)
    if (typeof vocabulary !== 'number') throw new Error('headLoss wants a known vocabulary.')
    const certainty = constant(1 - smoothing)
    const target = mul(gather(weight, labels), certainty)
    const dHidden = sub(matMul(probabilities, weight), target)
    const dWeight = add(
      gemm(probabilities, hidden, { transA: true }),
      neg(scatterAddRows(labels, mul(hidden, certainty), vocabulary)),
    )
    if (smoothing === 0) return [mul(dHidden, gradient), mul(dWeight, gradient), null]
    const meanWeight = mul(reduceMean(weight, [0]), constant(smoothing))
    const meanHidden = mul(reduceSum(hidden, [0]), constant(smoothing / vocabulary))
    return [mul(sub(dHidden, meanWeight), gradient), mul(sub(dWeight, meanHidden), gradient), null]
  },
}

/** Of `geluTanh`: s and `(1 − s)·2u'`. */
function geluGate(x: Tensor): { readonly gate: Tensor; readonly bend: Tensor } {
  const slope = constant(2 * Math.sqrt(2 / Math.PI))
  const square = mul(mul(x, x), constant(2 * Math.sqrt(2 / Math.PI) * 0.044715))
  const gate = sigmoid(mul(x, add(square, slope)))
  return { gate, bend: mul(sub(constant(1), gate), add(mul(square, constant(3)), slope)) }
}

function inputsOf(region: RegionTensor): readonly [Tensor, Tensor, Tensor | undefined, Tensor | undefined] {
  const [first, second, third, fourth] = region.inputs
  if (!first || !second) throw new Error(`The region ${region.rule} lacks inputs.`)
  return [first, second, third, fourth]
}

function saved(region: RegionTensor, name: string): Tensor {
  const tensor = region.saved[name]
  if (!tensor) throw new Error(`The region ${region.rule} did not save ${name}.`)
  return tensor
}
