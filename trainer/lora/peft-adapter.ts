import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { encodeSafetensors, readSafetensors } from '../checkpoint/safetensors.ts'
import type { NamedTensor } from '../checkpoint/safetensors.ts'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import { TrainerError } from '../errors.ts'
import { sameShape } from '../graph/shape.ts'
import type { LoraTarget } from './targets.ts'
import { loraA, loraB } from './wrap.ts'

const prefix = 'base_model.model.'

const configSchema = z.looseObject({
  peft_type: z.literal('LORA'),
  r: z.int().positive(),
  lora_alpha: z.number(),
  use_rslora: z.boolean().default(false),
  use_dora: z.boolean().default(false),
  bias: z.string().default('none'),
  modules_to_save: z.array(z.string()).nullish(),
  rank_pattern: z.record(z.string(), z.number()).nullish(),
  alpha_pattern: z.record(z.string(), z.number()).nullish(),
})

/** An adapter that was read: its layers with rank and scale, and its matrices by name (see `loraA`). */
export interface Adapter {
  readonly targets: readonly LoraTarget[]
  readonly parameters: ReadonlyMap<string, NamedTensor>
}

export interface AdapterDescription {
  readonly baseModel: string
  readonly rank: number
  readonly alpha: number
  readonly dropout: number
  readonly rankStabilized: boolean
  readonly targetModules: readonly string[]
}

/**
 * Writes an adapter as PEFT does: `adapter_model.safetensors` with PEFT's names, then `adapter_config.json`, so
 * that a folder with a config is whole.
 */
export async function saveAdapter(
  folder: string,
  parameters: ReadonlyMap<string, NamedTensor>,
  description: AdapterDescription,
): Promise<void> {
  await mkdir(folder, { recursive: true })
  const named = [...parameters].map(([name, tensor]) => [prefix + name, tensor] as const)
  named.sort(([a], [b]) => (a < b ? -1 : 1))
  await writeAtomic(
    join(folder, 'adapter_model.safetensors'),
    encodeSafetensors(new Map(named), { format: 'pt' }),
  )
  const config = {
    base_model_name_or_path: description.baseModel,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: description.alpha,
    lora_dropout: description.dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: description.rank,
    target_modules: description.targetModules,
    task_type: 'SEQ_2_SEQ_LM',
    use_dora: false,
    use_rslora: description.rankStabilized,
  }
  await writeAtomic(join(folder, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`)
}

/**
 * Reads a PEFT LoRA adapter for a model with the given linear layers.
 *
 * @throws TrainerError `file_missing`, `adapter_invalid` for a kind that is not plain LoRA or a pair that lacks
 * one matrix, `adapter_mismatch` where a layer is missing in the model or has another shape.
 */
export async function loadAdapter(
  folder: string,
  linears: ReadonlyMap<string, readonly [out: number, into: number]>,
): Promise<Adapter> {
  const config = await readConfig(join(folder, 'adapter_config.json'))
  const path = join(folder, 'adapter_model.safetensors')
  const parameters = new Map<string, NamedTensor>()
  for (const [name, tensor] of await readSafetensors(path)) {
    if (!name.startsWith(prefix)) throw invalid(path, `its tensor ${name} does not have PEFT's name`)
    parameters.set(name.slice(prefix.length), tensor)
  }
  const targets: LoraTarget[] = []
  const known = new Set<string>()
  for (const name of parameters.keys()) {
    const layer = /^(.*)\.lora_([AB])\.weight$/.exec(name)?.[1]
    if (layer === undefined) throw invalid(path, `it holds ${name}, which is no LoRA matrix`)
    if (known.has(layer)) continue
    known.add(layer)
    targets.push(readTarget(path, layer, { parameters, linears, config }))
  }
  if (targets.length === 0) throw invalid(path, 'it holds no LoRA matrices')
  return { targets, parameters }
}

function readTarget(
  path: string,
  layer: string,
  from: {
    parameters: ReadonlyMap<string, NamedTensor>
    linears: ReadonlyMap<string, readonly [number, number]>
    config: z.infer<typeof configSchema>
  },
): LoraTarget {
  const a = from.parameters.get(loraA(layer))
  const b = from.parameters.get(loraB(layer))
  if (!a || !b) throw invalid(path, `${layer} lacks one of its two matrices`)
  const size = from.linears.get(layer)
  if (!size)
    throw new TrainerError(
      'adapter_mismatch',
      `The adapter adapts ${layer}, which this model does not have. Choose the model that the adapter was made for.`,
      { layer },
    )
  const [out, into] = size
  const rank = a.shape[0] ?? 0
  if (!sameShape(a.shape, [rank, into]) || !sameShape(b.shape, [out, rank]) || rank === 0)
    throw new TrainerError(
      'adapter_mismatch',
      `The adapter's matrices of ${layer} are [${a.shape.join(', ')}] and [${b.shape.join(', ')}], the layer is [${out}, ${into}]. Choose the model that the adapter was made for.`,
      { layer },
    )
  const { r, lora_alpha: alpha, use_rslora: rankStabilized } = from.config
  if (rank !== r) throw invalid(path, `${layer} has rank ${rank}, adapter_config.json says ${r}`)
  return { path: layer, out, into, rank, scale: alpha / (rankStabilized ? Math.sqrt(rank) : rank) }
}

async function readConfig(path: string): Promise<z.infer<typeof configSchema>> {
  const text = await readFile(path, 'utf8').catch(() => {
    throw new TrainerError(
      'file_missing',
      `${path} does not exist: an adapter folder holds adapter_config.json and adapter_model.safetensors. Check the path.`,
      { path },
    )
  })
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    throw invalid(path, 'it is not JSON')
  }
  const result = configSchema.safeParse(json)
  if (!result.success) {
    const issue = result.error.issues[0]
    throw invalid(path, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`)
  }
  const config = result.data
  const unsupported = [
    config.use_dora ? 'DoRA' : '',
    config.bias === 'none' ? '' : `bias: ${config.bias}`,
    config.modules_to_save?.length ? 'modules_to_save' : '',
    Object.keys(config.rank_pattern ?? {}).length > 0 ? 'rank_pattern' : '',
    Object.keys(config.alpha_pattern ?? {}).length > 0 ? 'alpha_pattern' : '',
  ].filter((name) => name !== '')
  if (unsupported.length > 0) throw invalid(path, `it uses ${unsupported.join(', ')}, which is not supported`)
  return config
}

function invalid(path: string, fact: string): TrainerError {
  return new TrainerError(
    'adapter_invalid',
    `${path} is not a usable LoRA adapter: ${fact}. Choose another adapter.`,
    {
      path,
    },
  )
}
