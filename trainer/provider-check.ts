import { differentiate } from './autodiff/differentiate.ts'
import type { NamedTensor } from './checkpoint/safetensors.ts'
import { seq2seqKind } from './kinds/seq2seq.ts'
import { seededRandom } from './data/random.ts'
import { TrainerError } from './errors.ts'
import { lower } from './graph/lower.ts'
import { encodeOnnxModel } from './graph/onnx-model.ts'
import { halfMatrix } from './graph/half-matrix.ts'
import { onnxOperators } from './graph/onnx-operators.ts'
import { cast } from './graph/ops.ts'
import { constant } from './graph/tensor.ts'
import type { Tensor } from './graph/tensor.ts'
import { initializeLora } from './lora/initialize.ts'
import { chooseTargets } from './lora/targets.ts'
import { storedLinear, trainableLora } from './lora/wrap.ts'
import { baseLinear } from './models/architecture.ts'
import { parseT5Config } from './models/t5-config.ts'
import { t5 } from './models/t5.ts'
import type { ProviderCheck } from './protocol.ts'
import { openSession, supportedProviders } from './session.ts'
import type { Provider, Session, Value } from './session.ts'
import type { Settings } from './settings.ts'

/** Above this relative error a provider's gradients are not trained with: float32 itself stays below 1e-4. */
export const gradientTolerance = 1e-3
/** The same for weights in float16, whose values have eleven bits. */
export const halfGradientTolerance = 2e-2

const providers: readonly Provider[] = ['cpu', 'webgpu', 'dml', 'cuda']
const timedSteps = 5
const stencilStep = 0.005

/**
 * Runs one training step of a small T5 with LoRA on every execution provider and compares its gradients: on the
 * CPU with the change of the loss along the gradient (a finite difference), elsewhere with the CPU's. A provider
 * whose statistics stay unfilled gives a right loss and wrong gradients, which only such a check shows. Elsewhere
 * weights in float16 are tried too.
 */
export async function checkProviders(): Promise<readonly ProviderCheck[]> {
  const work = makeWork()
  const reference = await stepOn('cpu', work)
  const checks: ProviderCheck[] = [await checkProcessor(work, reference)]
  for (const provider of providers.slice(1)) checks.push(await checkProvider(provider, work, reference))
  return checks
}

/**
 * Lets nothing be trained on a provider that computes wrong gradients, with weights in float16 where these are asked for.
 *
 * @throws TrainerError `provider_unavailable` with what the check found.
 */
export async function requireProvider({
  provider,
  weightPrecision,
}: Pick<Settings, 'provider' | 'weightPrecision'>): Promise<void> {
  if (provider === 'cpu') return
  const work = makeWork()
  const reference = await stepOn('cpu', work)
  const { available, message } = await checkProvider(provider, work, reference)
  if (!available)
    throw new TrainerError(
      'provider_unavailable',
      `The execution provider ${provider} cannot be used: ${message}. Use --set provider=cpu; loracle doctor tells which work.`,
      { provider },
    )
  if (weightPrecision !== 'float16') return
  const half = await checkHalf(provider, reference)
  if (!half.right)
    throw new TrainerError(
      'provider_unavailable',
      `The execution provider ${provider} cannot be used with weightPrecision=float16: ${half.message}. Use weightPrecision=stored.`,
      { provider, weightPrecision },
    )
}

interface Work {
  readonly graph: (fusedNorms: boolean) => Uint8Array
  readonly feeds: Readonly<Record<string, Value>>
  readonly parameters: ReadonlyMap<string, NamedTensor>
}

interface Step {
  readonly loss: number
  readonly gradients: ReadonlyMap<string, Float32Array>
  readonly milliseconds: number
}

async function checkProcessor(work: Work, { gradients, milliseconds }: Step): Promise<ProviderCheck> {
  const norm = Math.sqrt(squaredNorm(gradients))
  const along = (distance: number) =>
    new Map(
      [...work.parameters].map(([name, { shape, data }]) => {
        const gradient = gradients.get(name)
        const moved = data.map((value, i) => value + (distance * (gradient?.[i] ?? 0)) / norm)
        return [name, { shape, data: moved }]
      }),
    )
  const lossAt = async (distance: number) =>
    (await stepOn('cpu', { ...work, parameters: along(distance) })).loss
  // Five-point stencil: its error falls with the fourth power, so that steps can stand out of float32's rounding.
  const near = (await lossAt(stencilStep)) - (await lossAt(-stencilStep))
  const far = (await lossAt(2 * stencilStep)) - (await lossAt(-2 * stencilStep))
  const slope = (8 * near - far) / (12 * stencilStep)
  const gradientError = Math.abs(slope - norm) / norm
  const right = gradientError < gradientTolerance
  return {
    provider: 'cpu',
    available: right,
    gradientError,
    stepMs: milliseconds,
    message: right
      ? 'gradients agree with the change of the loss'
      : 'gradients are wrong: do not train on it',
  }
}

async function checkProvider(provider: Provider, work: Work, reference: Step): Promise<ProviderCheck> {
  const absent = { provider, available: false, gradientError: null, stepMs: null }
  if (!supportedProviders().includes(provider))
    return { ...absent, message: 'not part of this build of ONNX Runtime' }
  try {
    const { gradients, milliseconds } = await stepOn(provider, work)
    const gradientError = relativeDistance(gradients, reference.gradients)
    const available = gradientError < gradientTolerance
    if (!available)
      return {
        ...absent,
        gradientError,
        stepMs: milliseconds,
        message: 'gradients are wrong: it is not used',
      }
    const half = await checkHalf(provider, reference)
    const message = `gradients agree with the processor's; with weights in float16 ${half.message}`
    return { provider, available, gradientError, stepMs: milliseconds, message }
  } catch (thrown) {
    return { ...absent, message: `does not run here: ${reasonOf(thrown)}` }
  }
}

/** The same step with weights in float16, against the processor's gradients in float32. */
export async function checkHalf(
  provider: Provider,
  reference?: Step,
): Promise<{ readonly right: boolean; readonly message: string }> {
  try {
    const { gradients } = reference ?? (await stepOn('cpu', makeWork()))
    const error = relativeDistance((await stepOn(provider, makeWork({ half: true }))).gradients, gradients)
    const right = error < halfGradientTolerance
    return {
      right,
      message: `they are ${(100 * error).toFixed(1)} % off${right ? '' : ', which is too much'}`,
    }
  } catch (thrown) {
    return { right: false, message: `it does not run here: ${reasonOf(thrown)}` }
  }
}

/** The runtime's own words, in one line. */
function reasonOf(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const runtime = thrown instanceof TrainerError ? String(thrown.details['runtime'] ?? message) : message
  const [line = ''] = runtime.split('\n')
  // Paths and source places of the runtime's own build say nothing to a person.
  const plain = line.replace(/^.*was false\. /, '').replace(/^.*\] : \d+ : \w+ : /, '')
  return plain.length > 120 ? `${plain.slice(0, 119)}…` : plain
}

async function stepOn(provider: Provider, work: Work): Promise<Step> {
  const session = await openSession(work.graph(provider === 'cpu'), {
    weightsFolder: null,
    purpose: 'training',
    threads: 0,
    provider,
  })
  try {
    const feeds = { ...work.feeds }
    for (const [name, { shape, data }] of work.parameters) feeds[name] = { dtype: 'float32', data, shape }
    const first = await runStep(session, feeds)
    const began = performance.now()
    for (let i = 0; i < timedSteps; i++) await runStep(session, feeds)
    return { ...first, milliseconds: (performance.now() - began) / timedSteps }
  } finally {
    await session.dispose()
  }
}

async function runStep(session: Session, feeds: Readonly<Record<string, Value>>) {
  const results = await session.run(feeds)
  const gradients = new Map<string, Float32Array>()
  for (const [name, { data }] of Object.entries(results))
    if (name !== 'loss' && data instanceof Float32Array) gradients.set(name.replace('gradient.', ''), data)
  return { loss: Number(results['loss']?.data[0]), gradients }
}

/** A Flan-like T5 of two layers with random weights inside the graph, and a batch with padding. */
function makeWork({ half }: { readonly half: boolean } = { half: false }): Work {
  const json = {
    model_type: 't5',
    vocab_size: 128,
    d_model: 64,
    d_kv: 16,
    d_ff: 128,
    num_layers: 2,
    num_heads: 4,
    feed_forward_proj: 'gated-gelu',
    tie_word_embeddings: false,
  }
  const architecture = t5(parseT5Config(json, 'the check', new Set(['lm_head.weight'])))
  const options = { rank: 4, alpha: 8, rankStabilized: false, layersToTransform: null } as const
  const targets = chooseTargets(architecture.linears, { ...options, targetModules: 'all-linear' })
  const weights = new Map<string, Tensor>()
  for (const [name, shape] of architecture.parameters) {
    const size = shape.reduce((a, b) => a * b, 1)
    const values = name.endsWith('norm.weight') ? new Float32Array(size).fill(1) : uniform(size, 0.15, name)
    const stored = constant(values, shape)
    weights.set(name, half && shape.length === 2 ? halfMatrix(cast(stored, 'float16')) : stored)
  }
  const parameters = initializeLora(targets, 1)
  for (const [name, { data }] of parameters)
    if (name.includes('lora_B')) data.set(uniform(data.length, 0.1, name))
  const source = (length: number) => Array.from({ length }, (_, i) => 3 + ((i * 37) % 120))
  const items = [60, 41, 23].map((length) => ({
    sourceIds: source(length),
    targetIds: [...source(length % 9), 1],
    exampleIndex: 0,
  }))
  return {
    parameters,
    feeds: seq2seqKind(architecture).collate(items).feeds,
    graph: (fusedNorms) => {
      const weightOf = (name: string): Tensor => {
        const weight = weights.get(name)
        if (!weight) throw new Error(`There is no weight ${name}.`)
        return weight
      }
      const lora = trainableLora(baseLinear(weightOf, architecture.parameters), targets, {
        dropout: null,
        stored: storedLinear(weightOf, architecture.parameters),
        thin: half,
      })
      const loss = architecture.loss(
        { parameters: weightOf, linear: lora.linear, fusedNorms, dropout: null },
        0,
      )
      const gradients = differentiate(loss, lora.leaves)
      const outputs: Record<string, Tensor> = { loss }
      lora.leaves.forEach((leaf, i) => {
        const gradient = gradients[i]
        if (gradient) outputs[`gradient.${leaf.name}`] = gradient
      })
      return encodeOnnxModel(lower(outputs, onnxOperators))
    },
  }
}

function uniform(size: number, width: number, key: string): Float32Array {
  const random = seededRandom('provider check', key)
  return Float32Array.from({ length: size }, () => (2 * random() - 1) * width)
}

function squaredNorm(gradients: ReadonlyMap<string, Float32Array>): number {
  let sum = 0
  for (const gradient of gradients.values()) for (const value of gradient) sum += value * value
  return sum
}

function relativeDistance(
  actual: ReadonlyMap<string, Float32Array>,
  expected: ReadonlyMap<string, Float32Array>,
): number {
  let sum = 0
  for (const [name, values] of expected) {
    const others = actual.get(name)
    for (const [i, value] of values.entries()) sum += (value - (others?.[i] ?? NaN)) ** 2
  }
  return Math.sqrt(sum / squaredNorm(expected))
}
