import { availableParallelism } from 'node:os'
import ort from 'onnxruntime-node'
import { TrainerError } from './errors.ts'

// ONNX Runtime's official builds report usage to Microsoft unless this is set before its environment is made; here
// nothing may leave the machine.
process.env['ORT_DISABLE_TELEMETRY'] = '1'

/** A value as it goes into or comes out of a session: its type, its data row-major, and its shape. */
export interface Value {
  readonly dtype: 'float32' | 'int64'
  readonly data: Float32Array | BigInt64Array
  readonly shape: readonly number[]
}

export type Provider = 'cpu' | 'webgpu' | 'dml' | 'cuda'

export interface SessionOptions {
  /** The folder that the weights' file names start from; null where the graph has no weights in files. */
  readonly weightsFolder: string | null
  /** Training wants little memory, answering wants speed: weights are repacked for products, and kept twice. */
  readonly purpose: 'training' | 'answering'
  /** 0 takes one thread per physical core; no more are taken than there are processors. */
  readonly threads: number
  readonly provider: Provider
}

/** A graph that is loaded and can be run. Whoever opens it disposes of it. */
export interface Session {
  /**
   * Runs the graph. The CPU gives the same bits for the same feeds.
   *
   * @param into What to give, all where it is absent: results by name, each written into the memory of a value of its
   *   shape, or into new memory for null. Whatever else the graph computes is not copied out of the runtime.
   */
  run(
    feeds: Readonly<Record<string, Value>>,
    into?: Readonly<Record<string, Value | null>>,
  ): Promise<Readonly<Record<string, Value>>>
  dispose(): Promise<void>
}

/**
 * Loads a graph into ONNX Runtime.
 *
 * @throws TrainerError `provider_unavailable`, or `weights_invalid` where a weight file is cut.
 */
export async function openSession(model: Uint8Array, options: SessionOptions): Promise<Session> {
  const training = options.purpose === 'training'
  const session = await guarded(options.provider, () =>
    ort.InferenceSession.create(model, {
      executionProviders: [options.provider],
      intraOpNumThreads: Math.min(options.threads, availableParallelism()),
      interOpNumThreads: 1,
      // Errors come back as errors; the rest would only disturb a terminal.
      logSeverityLevel: 4,
      enableMemPattern: false,
      enableCpuMemArena: true,
      extra: {
        session: {
          ...(training ? { disable_prepacking: '1' } : {}),
          ...(options.weightsFolder === null
            ? {}
            : { model_external_initializers_file_folder_path: options.weightsFolder }),
        },
      },
    }),
  )
  return {
    run: (feeds, into) =>
      guarded(options.provider, async () => {
        const tensors: Record<string, ort.Tensor> = {}
        for (const [name, value] of Object.entries(feeds)) tensors[name] = toTensor(value)
        const fetches: Record<string, ort.Tensor | null> = {}
        for (const [name, value] of Object.entries(into ?? {})) fetches[name] = value && toTensor(value)
        const results = await (into ? session.run(tensors, fetches) : session.run(tensors))
        return Object.fromEntries(
          Object.entries(results).map(([name, tensor]) => [name, into?.[name] ?? fromTensor(name, tensor)]),
        )
      }),
    dispose: () => session.release(),
  }
}

/** The execution providers that this build of ONNX Runtime carries. */
export function supportedProviders(): readonly Provider[] {
  const known: readonly Provider[] = ['cpu', 'webgpu', 'dml', 'cuda']
  const present = ort.listSupportedBackends().map((backend) => backend.name)
  return known.filter((provider) => present.includes(provider))
}

export function runtimeVersion(): string {
  return ort.env.versions.node ?? ort.env.versions.common
}

/** What is fed again and again is made once. */
const tensorOfValue = new WeakMap<Value, ort.Tensor>()

function toTensor(value: Value): ort.Tensor {
  const known = tensorOfValue.get(value)
  if (known) return known
  const tensor =
    value.data instanceof BigInt64Array
      ? new ort.Tensor('int64', value.data, value.shape)
      : new ort.Tensor('float32', value.data, value.shape)
  tensorOfValue.set(value, tensor)
  return tensor
}

function fromTensor(name: string, tensor: ort.Tensor): Value {
  const { data, dims } = tensor
  if (data instanceof Float32Array) return { dtype: 'float32', data, shape: dims }
  if (data instanceof BigInt64Array) return { dtype: 'int64', data, shape: dims }
  throw new Error(`The output ${name} is ${tensor.type}, neither float32 nor int64.`)
}

async function guarded<T>(provider: Provider, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown)
    if (
      /external data|external initializer|out of bounds of file|GetFileLength|ReadFileIntoBuffer/i.test(
        message,
      )
    )
      throw new TrainerError(
        'weights_invalid',
        'A weight file is shorter than its header says, or cannot be read. Copy or download the model again.',
        { runtime: message },
      )
    if (provider !== 'cpu' && /backend|provider|not available|no available|adapter|device/i.test(message))
      throw new TrainerError(
        'provider_unavailable',
        `The execution provider ${provider} does not work here. Use --set provider=cpu; loracle doctor tells which work.`,
        { provider, runtime: message },
      )
    throw thrown
  }
}
