import {
  add,
  erf,
  fusedGelu,
  fusedGeluTanh,
  fusedLayerNorm,
  fusedRmsNorm,
  mul,
  reciprocal,
  reduceMean,
  sqrt,
  sub,
  tanh,
} from '../graph/ops.ts'
import { constant, region } from '../graph/tensor.ts'
import type { Tensor } from '../graph/tensor.ts'

/**
 * How a linear layer is computed: `x` `[tokens, in]` by the layer of a module path such as
 * `encoder.block.0.layer.0.SelfAttention.q`, whose weight is `[out, in]` as Hugging Face lays it out. Models
 * take one as an argument, so that LoRA can wrap it.
 */
export type Linear = (x: Tensor, path: string) => Tensor

/**
 * The matrix `[out, in]` that a linear layer multiplies by, its adapter included, for those who can do with less than
 * the whole product; null where a layer is more than one product: a bias, dropout before the adapter, DoRA, or weights
 * held in fewer bits.
 */
export type LinearWeight = (path: string) => Tensor | null

/** Zeroes some values and scales the rest; the identity where nothing is trained. */
export type Dropout = (x: Tensor) => Tensor

export interface KernelOptions {
  /** One kernel, as the CPU has it; false where a provider lacks it or leaves a norm's statistics unfilled. */
  readonly fused: boolean
}

export interface NormOptions extends KernelOptions {
  readonly epsilon: number
}

/** Root-mean-square normalisation (Zhang and Sennrich 2019) of `[..., width]` by a scale `[width]`. */
export function rmsNorm(x: Tensor, scale: Tensor, { epsilon, fused }: NormOptions): Tensor {
  if (fused) {
    const [output, inverseRms] = fusedRmsNorm(x, scale, epsilon)
    return region('rmsNorm', output, [x, scale], { saved: { inverseRms } })
  }
  const inverseRms = reciprocal(sqrt(add(reduceMean(mul(x, x), [-1]), constant(epsilon))))
  return region('rmsNorm', mul(mul(x, inverseRms), scale), [x, scale], { saved: { inverseRms } })
}

/** GELU as it is defined, `x·Φ(x)` with the normal distribution's Φ (Hendrycks and Gimpel 2016), `gelu` in Hugging Face. */
export function gelu(x: Tensor, { fused }: KernelOptions): Tensor {
  if (fused) return region('gelu', fusedGelu(x), [x])
  const cumulative = add(erf(mul(x, constant(Math.SQRT1_2))), constant(1))
  return region('gelu', mul(mul(x, cumulative), constant(0.5)), [x])
}

/**
 * Layer normalisation (Ba et al. 2016) of `[..., width]` to mean 0 and variance 1, then by a scale and a bias, both
 * `[width]`.
 */
export function layerNorm(
  x: Tensor,
  { scale, bias }: { readonly scale: Tensor; readonly bias: Tensor },
  { epsilon, fused }: NormOptions,
): Tensor {
  if (fused) {
    const [output, mean, inverseDeviation] = fusedLayerNorm(x, { scale, bias }, epsilon)
    return region('layerNorm', output, [x, scale, bias], { saved: { mean, inverseDeviation } })
  }
  const mean = reduceMean(x, [-1])
  const centred = sub(x, mean)
  const inverseDeviation = reciprocal(sqrt(add(reduceMean(mul(centred, centred), [-1]), constant(epsilon))))
  const output = add(mul(mul(centred, inverseDeviation), scale), bias)
  return region('layerNorm', output, [x, scale, bias], { saved: { mean, inverseDeviation } })
}

/** GELU by its tanh approximation (Hendrycks and Gimpel 2016), `gelu_new` in Hugging Face's names. */
export function geluTanh(x: Tensor, options: KernelOptions): Tensor {
  return region('geluTanh', geluTanhValue(x, options), [x])
}

/** `geluTanh(x)·other`, a gated feed-forward layer's inner values (Shazeer 2020); both of one shape. */
export function gatedGelu(x: Tensor, other: Tensor, options: KernelOptions): Tensor {
  return region('gatedGelu', mul(geluTanhValue(x, options), other), [x, other])
}

function geluTanhValue(x: Tensor, { fused }: KernelOptions): Tensor {
  if (fused) return fusedGeluTanh(x)
  const cubic = mul(mul(x, x), mul(x, constant(0.044715)))
  const inner = mul(add(x, cubic), constant(Math.sqrt(2 / Math.PI)))
  return mul(mul(x, constant(0.5)), add(tanh(inner), constant(1)))
}
