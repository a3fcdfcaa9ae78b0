import { TrainerError } from '../errors.ts'
import { isPattern, modulePattern, PatternError, stepBudget } from './module-pattern.ts'

/** One adapted linear layer `[out, in]`. */
export interface LoraTarget {
  readonly path: string
  readonly out: number
  readonly into: number
  readonly rank: number
  /** What `B·A·x` is multiplied by: `alpha / rank`, or `alpha / √rank` when rank-stabilised. */
  readonly scale: number
  /** Whether the layer's rows are scaled to magnitudes of their own (DoRA, Liu et al. 2024). */
  readonly dora: boolean
}

export type LinearSizes = ReadonlyMap<string, readonly [out: number, into: number]>

export interface LoraOptions {
  readonly rank: number
  readonly alpha: number
  readonly rankStabilized: boolean
  readonly targetModules: 'all-linear' | readonly string[]
  readonly layersToTransform: readonly number[] | null
  readonly useDora?: boolean
  /** Ranks and alphas of layers that differ, by name or pattern; the first that fits a layer counts. */
  readonly rankPattern?: Readonly<Record<string, number>> | null
  readonly alphaPattern?: Readonly<Record<string, number>> | null
}

/**
 * The layers that get an adapter (Hu et al. 2021). A name in `targetModules` chooses every layer whose path ends
 * in it, as PEFT does; one with signs of a regular expression, every layer whose whole path it matches; `all-linear`
 * chooses all linear layers of the blocks and not the head.
 *
 * @throws TrainerError `setting_invalid` for a name, a pattern or a layer index that matches nothing, and for a
 * rank that is not a positive whole number.
 */
export function chooseTargets(linears: LinearSizes, options: LoraOptions): readonly LoraTarget[] {
  const { targetModules, layersToTransform, rankStabilized } = options
  const paths = [...linears.keys()]
  const choosers = targetModules === 'all-linear' ? null : targetModules.map((name) => chooserOf(name, paths))
  for (const layer of layersToTransform ?? [])
    if (!paths.some((path) => blockIndex(path) === layer))
      throw invalid(
        `layersToTransform names layer ${layer}, which this model lacks. It has: ${blockIndices(paths).join(', ')}.`,
        { layer },
      )
  const chosen = paths.filter(
    (path) =>
      (choosers === null || choosers.some((chooses) => chooses(path))) &&
      (layersToTransform === null || layersToTransform.includes(blockIndex(path))),
  )
  if (chosen.length === 0) throw invalid('targetModules and layersToTransform together choose no layer.')
  const rankOf = valueByPattern('rankPattern', options.rankPattern ?? {}, chosen)
  const alphaOf = valueByPattern('alphaPattern', options.alphaPattern ?? {}, chosen)
  return chosen.map((path) => {
    const [out, into] = linears.get(path) ?? [0, 0]
    const rank = rankOf(path) ?? options.rank
    if (!Number.isSafeInteger(rank) || rank < 1)
      throw invalid(`The rank of ${path} cannot be ${rank}: it must be a whole number of at least 1.`, {
        path,
      })
    const scale = scaleOf(alphaOf(path) ?? options.alpha, rank, rankStabilized)
    return { path, out, into, rank, scale, dora: options.useDora ?? false }
  })
}

/** What the product of the matrices is multiplied by; rank-stabilised after Kalajdzievski 2023. */
export function scaleOf(alpha: number, rank: number, rankStabilized: boolean): number {
  return alpha / (rankStabilized ? Math.sqrt(rank) : rank)
}

/** Whether a module path is a name, or ends in it. */
export function endsInModule(path: string, name: string): boolean {
  return path === name || path.endsWith(`.${name}`)
}

/** The number of the block that a module lies in, -1 outside of the blocks. */
export function blockIndex(path: string): number {
  return Number(/\.(\d+)\./.exec(path)?.[1] ?? -1)
}

/**
 * Finds a layer's own value as PEFT does: the first key that matches the path or its end as a regular expression.
 *
 * @throws PatternError for a key that is none, and while looking up where all together take too long.
 */
export function patternLookup(
  patterns: Readonly<Record<string, number>>,
): (path: string) => number | undefined {
  const budget = stepBudget()
  const compiled = Object.entries(patterns).map(([key, value]) => {
    // A name or a path: nothing but its dots could match anything else, and no module has another sign there.
    const pattern = /^[\w.]+$/.test(key)
      ? { matches: (path: string) => endsInModule(path, key) }
      : modulePattern(`(.*\\.)?(${key})`, budget)
    return { pattern, value }
  })
  return (path) => compiled.find(({ pattern }) => pattern.matches(path))?.value
}

function valueByPattern(
  setting: string,
  patterns: Readonly<Record<string, number>>,
  chosen: readonly string[],
): (path: string) => number | undefined {
  for (const [key, value] of Object.entries(patterns)) {
    const lookup = readable(setting, key, () => patternLookup({ [key]: value }))
    if (!readable(setting, key, () => chosen.some((path) => lookup(path) !== undefined)))
      throw invalid(
        `${setting} names ${key}, which is no adapted layer. There are: ${moduleNames(chosen).join(', ')}.`,
        { name: key },
      )
  }
  const lookup = patternLookup(patterns)
  return (path) => readable(setting, 'patterns', () => lookup(path))
}

function chooserOf(name: string, paths: readonly string[]): (path: string) => boolean {
  const pattern = isPattern(name) ? readable('targetModules', name, () => modulePattern(name)) : null
  const chooses = (path: string) => (pattern ? pattern.matches(path) : endsInModule(path, name))
  if (!readable('targetModules', name, () => paths.some(chooses)))
    throw invalid(
      `targetModules names ${name}, which is no linear layer of this model. It has: ${moduleNames(paths).join(', ')}.`,
      { name },
    )
  return chooses
}

function readable<T>(setting: string, name: string, read: () => T): T {
  try {
    return read()
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown
    throw invalid(
      `${setting} names ${name}, which is no regular expression that is understood here: ${thrown.message}.`,
      { name },
    )
  }
}

function moduleNames(paths: readonly string[]): readonly string[] {
  return [...new Set(paths.map((path) => path.slice(path.lastIndexOf('.') + 1)))]
}

function blockIndices(paths: readonly string[]): readonly number[] {
  return [...new Set(paths.map(blockIndex))].sort((a, b) => a - b)
}

function invalid(message: string, details: Readonly<Record<string, string | number>> = {}): TrainerError {
  return new TrainerError('setting_invalid', message, details)
}
