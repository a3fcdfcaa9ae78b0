import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TrainerError } from './errors.ts'
import type { FeedBatch } from './kinds/kind.ts'
import type { ProviderCase, ProviderWork } from './provider-cases.ts'
import { makeTimedWork, providerCases } from './provider-cases.ts'
import type { ProviderCheck } from './protocol.ts'
import { supportedProviders } from './session.ts'
import type { Provider } from './session.ts'
import type { Settings } from './settings.ts'
import { buildTrainingGraph, openTrainingSession } from './training-session.ts'
import type { Gradients, TrainingSession } from './training-session.ts'

/** Above this relative error a provider's gradients are not trained with: float32 itself stays below 1e-4. */
export const gradientTolerance = 1e-3
/** The same for weights in float16, whose values have eleven bits. */
export const halfGradientTolerance = 2e-2

const stencilStep = 0.005
const timedSteps = 3
/** Milliseconds after which no further step is timed. */
const timedMilliseconds = 1500
/** Where one row foretells a longer step, that is its time: a software driver would take minutes to confirm it. */
const slowMilliseconds = 5000

/** Opens a training step on a provider; what the check runs. */
export type OpenWork = (work: ProviderWork, provider: Provider) => Promise<TrainingSession>

export interface ProviderCheckOptions {
  /** Called before each step that is tried, with its name; waited for. */
  readonly onCase?: (name: string, done: number, total: number) => Promise<void>
  /** Takes the place of ONNX Runtime's sessions. */
  readonly open?: OpenWork
}

/**
 * Tries training steps of small models on an execution provider and compares their gradients: on the CPU with the
 * change of the loss along the gradient (a finite difference), elsewhere with the CPU's. A provider whose statistics
 * stay unfilled gives a right loss and wrong gradients, which only such a check shows. A right provider's time of a
 * larger step is measured, too. Never throws for what the provider does; what it does to the process is the caller's
 * to outlive.
 */
export async function checkProvider(
  provider: Provider,
  { onCase = () => Promise.resolve(), open = openWork }: ProviderCheckOptions = {},
): Promise<ProviderCheck> {
  const absent = { provider, available: false, float16: false, gradientError: null, stepMs: null }
  if (!supportedProviders().includes(provider))
    return { ...absent, status: 'absent', message: 'not part of this build of ONNX Runtime' }
  const cases = provider === 'cpu' ? providerCases.filter(({ exact }) => exact) : providerCases
  const total = cases.length + 1
  let gradientError = 0
  let halfError = 0
  for (const [done, one] of cases.entries()) {
    await onCase(one.name, done, total)
    try {
      const error =
        provider === 'cpu' ? await slopeError(one.make(), open) : await distanceOn(provider, one, open)
      if (one.half) halfError = Math.max(halfError, error)
      // Not a number is above every tolerance.
      else if (!(error < gradientTolerance))
        return {
          ...absent,
          status: 'wrong',
          gradientError: error,
          message: wrongMessage(provider, one, error),
        }
      else gradientError = Math.max(gradientError, error)
    } catch (thrown) {
      if (one.half) halfError = NaN
      else
        return {
          ...absent,
          status: 'failed',
          message: `does not run here (${one.name}): ${reasonOf(thrown)}`,
        }
    }
  }
  await onCase('the time of a step', cases.length, total)
  const float16 = provider !== 'cpu' && halfError < halfGradientTolerance
  return {
    provider,
    status: 'right',
    available: true,
    float16,
    gradientError,
    stepMs: await stepTime(provider, open),
    message: rightMessage(provider, halfError),
  }
}

/**
 * A provider that a command names must be in this build. Whether its gradients are right the host has found out before,
 * in a process of its own.
 *
 * @throws TrainerError `provider_unavailable`.
 */
export function requireProvider({ provider }: Pick<Settings, 'provider'>): Promise<void> {
  if (supportedProviders().includes(provider)) return Promise.resolve()
  throw new TrainerError(
    'provider_unavailable',
    `The execution provider ${provider} is not part of this build of ONNX Runtime. Use --set provider=cpu; loracle doctor tells which work.`,
    { provider },
  )
}

/** Trains on real sessions, the graph being made for the provider. */
export const openWork: OpenWork = ({ model, options, batch }, provider) => {
  const graph = buildTrainingGraph(model, { ...options, fusedNorms: provider === 'cpu', withGradients: true })
  const { batch: rows = 0, source, target, length } = batch.sizes
  const largest = { batch: rows, source: source ?? length ?? 0, target: target ?? length ?? 0 }
  return openTrainingSession(model, graph, { threads: 0, provider, seed: 1, largest })
}

type Step = Awaited<ReturnType<TrainingSession['gradients']>>

async function stepOn(provider: Provider, work: ProviderWork, open: OpenWork): Promise<Step> {
  const session = await open(work, provider)
  try {
    return await stepOf(session, work)
  } finally {
    await session.dispose()
  }
}

function stepOf(session: TrainingSession, { parameters, batch }: ProviderWork): Promise<Step> {
  return session.gradients(parameters, batch, { lossScale: 1 / batch.labels, step: 1 })
}

/** How far a provider's loss and gradients of a step are from those of the CPU, relative to these. */
export async function distanceOn(
  provider: Provider,
  one: ProviderCase,
  open: OpenWork = openWork,
): Promise<number> {
  const work = one.make()
  const expected = await stepOn('cpu', work, openWork)
  const actual = await stepOn(provider, work, open)
  const loss = Math.abs(actual.loss - expected.loss) / Math.abs(expected.loss)
  return Math.max(loss, relativeDistance(actual.gradients, expected.gradients))
}

/** How far the gradient's norm is from the slope of the loss along the gradient. */
async function slopeError(work: ProviderWork, open: OpenWork): Promise<number> {
  const session = await open(work, 'cpu')
  try {
    const { gradients } = await stepOf(session, work)
    const norm = Math.sqrt(squaredNorm(gradients))
    const lossAt = async (distance: number) => {
      const parameters = new Map(
        [...work.parameters].map(([name, { shape, data }]) => {
          const gradient = gradients.get(name)
          const moved = data.map((value, i) => value + (distance * (gradient?.[i] ?? 0)) / norm)
          return [name, { shape, data: moved }]
        }),
      )
      return (await stepOf(session, { ...work, parameters })).loss
    }
    // Five-point stencil: its error falls with the fourth power, so that steps can stand out of float32's rounding.
    const near = (await lossAt(stencilStep)) - (await lossAt(-stencilStep))
    const far = (await lossAt(2 * stencilStep)) - (await lossAt(-2 * stencilStep))
    const slope = (8 * near - far) / (12 * stencilStep)
    return Math.abs(slope - norm) / norm
  } finally {
    await session.dispose()
  }
}

/** Milliseconds of a step that keeps a machine busy; the least of a few, and null where it does not run. */
async function stepTime(provider: Provider, open: OpenWork): Promise<number | null> {
  const folder = await mkdtemp(join(tmpdir(), 'loracle-check-'))
  try {
    const work = await makeTimedWork(folder)
    const session = await open(work, provider)
    try {
      const timeOf = async (batch: FeedBatch) => {
        const began = performance.now()
        await stepOf(session, { ...work, batch })
        return performance.now() - began
      }
      // The first one compiles and reserves.
      await timeOf(work.firstRow)
      const rows = work.batch.sizes['batch'] ?? 1
      const row = await timeOf(work.firstRow)
      if (rows * row > slowMilliseconds) return rows * row
      const began = performance.now()
      const times: number[] = [await timeOf(work.batch)]
      while (times.length < timedSteps && performance.now() - began < timedMilliseconds)
        times.push(await timeOf(work.batch))
      return Math.min(...times)
    } finally {
      await session.dispose()
    }
  } catch {
    return null
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function wrongMessage(provider: Provider, { name }: ProviderCase, error: number): string {
  return provider === 'cpu'
    ? `gradients are wrong (${name}): do not train on it`
    : `gradients are wrong (${name}, ${percent(error)} off): it is not used`
}

function rightMessage(provider: Provider, halfError: number): string {
  if (provider === 'cpu') return 'gradients agree with the change of the loss'
  const half = Number.isNaN(halfError)
    ? 'do not run here'
    : `are ${percent(halfError)} off${halfError < halfGradientTolerance ? '' : ', which is too much'}`
  return `gradients agree with the processor's; with weights in float16 they ${half}`
}

function percent(error: number): string {
  return `${(100 * error).toFixed(1)} %`
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

function squaredNorm(gradients: Gradients): number {
  let sum = 0
  for (const gradient of gradients.values()) for (const value of gradient) sum += value * value
  return sum
}

function relativeDistance(actual: Gradients, expected: Gradients): number {
  let sum = 0
  for (const [name, values] of expected) {
    const others = actual.get(name)
    for (const [i, value] of values.entries()) sum += (value - (others?.[i] ?? NaN)) ** 2
  }
  return Math.sqrt(sum / squaredNorm(expected))
}
