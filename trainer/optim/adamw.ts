import type { NamedTensor } from '../checkpoint/safetensors.ts'

export interface AdamWOptions {
  readonly beta1: number
  readonly beta2: number
  readonly epsilon: number
  readonly weightDecay: number
}

/** First and second moments of every parameter, by name, and the number of updates made. */
export interface AdamWState {
  readonly first: ReadonlyMap<string, Float32Array>
  readonly second: ReadonlyMap<string, Float32Array>
  readonly step: number
}

/** The state before the first update: moments of zero. */
export function initialAdamW(parameters: ReadonlyMap<string, NamedTensor>): AdamWState {
  const zeros = () =>
    new Map([...parameters].map(([name, { data }]) => [name, new Float32Array(data.length)]))
  return { first: zeros(), second: zeros(), step: 0 }
}

/**
 * One update of AdamW with decoupled weight decay (Loshchilov and Hutter 2019), in the order of operations of
 * PyTorch's `torch.optim.AdamW`. Parameters and moments change in place; sums are formed in float64 and stored in
 * float32. `gradientScale` is multiplied into the gradients (clipping).
 */
export function adamW(
  parameters: ReadonlyMap<string, NamedTensor>,
  gradients: ReadonlyMap<string, Float32Array>,
  state: AdamWState,
  options: AdamWOptions & { learningRate: number; gradientScale: number },
): AdamWState {
  const { beta1, beta2, epsilon, weightDecay, learningRate, gradientScale } = options
  const step = state.step + 1
  const stepSize = learningRate / (1 - beta1 ** step)
  const secondCorrection = Math.sqrt(1 - beta2 ** step)
  const decay = 1 - learningRate * weightDecay
  for (const [name, { data }] of parameters) {
    const gradient = gradients.get(name)
    const first = state.first.get(name)
    const second = state.second.get(name)
    if (gradient?.length !== data.length || !first || !second)
      throw new Error(`There is no gradient of ${name}.`)
    for (let i = 0; i < data.length; i++) {
      const g = (gradient[i] ?? 0) * gradientScale
      const m = (first[i] ?? 0) * beta1 + g * (1 - beta1)
      const v = (second[i] ?? 0) * beta2 + g * g * (1 - beta2)
      first[i] = m
      second[i] = v
      data[i] = (data[i] ?? 0) * decay - (stepSize * m) / (Math.sqrt(v) / secondCorrection + epsilon)
    }
  }
  return { ...state, step }
}
