import { access, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FrozenWeights } from './frozen-weights.ts'
import { openQuantizedWeights } from './quantized-parameters.ts'
import type { QuantizedWeights } from './quantized-parameters.ts'
import { quantizedKey, writeQuantizedWeights } from './quantized-weights.ts'
import type { QuantizableModel } from './quantized-weights.ts'
import { frozenParameters } from './weights.ts'

/** How a model's frozen weights are held while graphs use them. */
export type WeightPrecision = 'stored' | 'float16' | 'int8' | 'int4'

const bitsOfPrecision = { float16: 16, int8: 8, int4: 4 } as const

export interface HoldOptions {
  readonly precision: WeightPrecision
  /** Where the rounded weights are kept; null takes a temporary folder. */
  readonly folder: string | null
  /** Whether products of bytes are exact here (see `multipliesBytesExactly`): only then a forward pass is made of them. */
  readonly exactBytes?: boolean
  readonly signal: AbortSignal
}

/** Frozen weights and the file behind them. Whoever opens it disposes of it, after the sessions that use it. */
export interface HeldWeights {
  readonly frozen: FrozenWeights
  dispose(): Promise<void>
}

/**
 * Holds a model's frozen weights as asked: as they are stored, or rounded to 16, 8 or 4 bits into a file of their own,
 * which is made here (see `writeQuantizedWeights`) or, where the folder has one made of the same weights, used again,
 * and removed by `dispose`. After a crash the file stays in its folder for the next time.
 *
 * @throws TrainerError as `writeQuantizedWeights` does.
 */
export async function holdWeights(
  model: QuantizableModel & { readonly frozen: FrozenWeights },
  { precision, folder, exactBytes = false, signal }: HoldOptions,
): Promise<HeldWeights> {
  if (precision === 'stored') return { frozen: model.frozen, dispose: () => Promise.resolve() }
  const bits = bitsOfPrecision[precision]
  const half = bits === 16
  const home = folder ?? (await mkdtemp(join(tmpdir(), 'loracle-weights-')))
  const path = join(home, `base-${precision}.safetensors`)
  const dispose = () => rm(folder === null ? home : path, { recursive: true, force: true })
  try {
    const key = await quantizedKey(model, bits)
    const known = await openIfThere(path, half)
    if (known?.key !== key) await writeQuantizedWeights(path, model, { bits, signal })
    const opened = known?.key === key ? known : await openQuantizedWeights(path, { half })
    const fresh = frozenParameters({ ...model.weights, entries: new Map() }, model.architecture.parameters)
    const frozen = {
      folder: opened.folder,
      parameters: opened.parameters(fresh),
      ofManyRows: opened.parameters(fresh, exactBytes ? 'rows' : 'backwardRows'),
      narrow: true,
    }
    return { frozen, dispose }
  } catch (thrown) {
    await dispose()
    throw thrown
  }
}

/** The file of an earlier time, or null where there is none or a damaged one. */
async function openIfThere(path: string, half: boolean): Promise<QuantizedWeights | null> {
  return access(path).then(
    () => openQuantizedWeights(path, { half }).catch(() => null),
    () => null,
  )
}
