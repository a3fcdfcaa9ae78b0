import { TrainerError } from '../errors.ts'

/** One adapted linear layer `[out, in]`. */
export interface LoraTarget {
  readonly path: string
  readonly out: number
  readonly into: number
  readonly rank: number
  /** What `B·A·x` is multiplied by: `alpha / rank`, or `alpha / √rank` when rank-stabilised. */
  readonly scale: number
}

export interface LoraOptions {
  readonly rank: number
  readonly alpha: number
  readonly rankStabilized: boolean
  readonly targetModules: 'all-linear' | readonly string[]
  readonly layersToTransform: readonly number[] | null
}

/**
 * The layers that get an adapter (Hu et al. 2021). A name in `targetModules` chooses every layer whose path ends
 * in it, as PEFT does; `all-linear` chooses all linear layers of the blocks and not the head.
 *
 * @throws TrainerError `setting_invalid` for a name or a layer index that matches nothing.
 */
export function chooseTargets(
  linears: ReadonlyMap<string, readonly [out: number, into: number]>,
  options: LoraOptions,
): readonly LoraTarget[] {
  const { targetModules, layersToTransform, rank, alpha, rankStabilized } = options
  const paths = [...linears.keys()]
  if (targetModules !== 'all-linear')
    for (const name of targetModules)
      if (!paths.some((path) => endsInModule(path, name)))
        throw new TrainerError(
          'setting_invalid',
          `targetModules names ${name}, which is no linear layer of this model. It has: ${moduleNames(paths).join(', ')}.`,
          { name },
        )
  for (const layer of layersToTransform ?? [])
    if (!paths.some((path) => blockIndex(path) === layer))
      throw new TrainerError(
        'setting_invalid',
        `layersToTransform names layer ${layer}, which this model lacks.`,
        { layer },
      )
  const chosen = paths.filter(
    (path) =>
      (targetModules === 'all-linear' || targetModules.some((name) => endsInModule(path, name))) &&
      (layersToTransform === null || layersToTransform.includes(blockIndex(path))),
  )
  if (chosen.length === 0)
    throw new TrainerError('setting_invalid', 'targetModules and layersToTransform together choose no layer.')
  const scale = alpha / (rankStabilized ? Math.sqrt(rank) : rank)
  return chosen.map((path) => {
    const [out, into] = linears.get(path) ?? [0, 0]
    return { path, out, into, rank, scale }
  })
}

function endsInModule(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`)
}

function blockIndex(path: string): number {
  return Number(/\.(\d+)\./.exec(path)?.[1] ?? -1)
}

function moduleNames(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)))]
}
