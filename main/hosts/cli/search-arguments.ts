import type { SearchDimension, SearchForm, SearchRequest } from '../../contract/searches.ts'
import { searchStrategies } from '../../contract/searches.ts'
import type { Arguments } from './arguments.ts'
import { Failure } from './failure.ts'

/** What of a search the command line says; the rest comes from the project. */
export type SearchWish = Omit<SearchRequest, 'projectId' | 'modelId' | 'settings'>

/**
 * Reads the options of `search start`; what is searched, where nothing is named, is what the form suggests.
 *
 * @throws Failure `usage`.
 */
export function readSearchWish(args: Arguments, { suggestion }: SearchForm): SearchWish {
  const over = args.all('over').map(readDimension)
  const strategy = args.get('strategy') ?? suggestion.strategy
  const known = searchStrategies.find((one) => one === strategy)
  if (!known) throw usage(`--strategy is ${searchStrategies.join(' or ')}, not ${JSON.stringify(strategy)}.`)
  const trials = readNumber(args, 'trials', { whole: true })
  const epochs = readNumber(args, 'trial-epochs', { whole: false })
  return {
    space: over.length > 0 ? over : suggestion.space,
    strategy: known,
    trials: trials ?? (known === 'grid' ? null : suggestion.trials),
    seed: readNumber(args, 'seed', { whole: true, least: 0 }) ?? 42,
    pruning: !args.has('no-pruning'),
    trialEpochs: epochs ?? suggestion.trialEpochs,
    keepScale: !args.has('fixed-alpha'),
  }
}

const rangePattern = /^([-+\d.eE]+?)\.\.([-+\d.eE]+?)(?::(log|linear))?(?::(\d+))?$/

/**
 * Reads one `name=VALUES`: `4,8,16`, or `1e-4..1e-2` with `:log` or `:linear` and for a grid a number of points
 * (`1e-4..1e-2:log:5`), or a JSON list. Without a scale a range over a decade or more is logarithmic.
 *
 * @throws Failure `usage`.
 */
export function readDimension(text: string): SearchDimension {
  const at = text.indexOf('=')
  const name = text.slice(0, at).trim()
  const given = text.slice(at + 1).trim()
  if (at < 1 || name === '' || given === '')
    throw usage(
      `--over ${text} lacks its values: write --over rank=4,8,16 or --over learningRate=1e-4..1e-2.`,
    )
  const range = rangePattern.exec(given)
  if (!range) return { name, values: readValues(given) }
  const [from, to, points] = [Number(range[1]), Number(range[2]), range[4]]
  if (!Number.isFinite(from) || !Number.isFinite(to))
    throw usage(`--over ${text} is no range of numbers: write it as --over learningRate=1e-4..1e-2.`)
  const scale =
    range[3] === 'log' || (range[3] !== 'linear' && from > 0 && to / from >= 10) ? 'log' : 'linear'
  return { name, from, to, scale, ...(points === undefined ? {} : { points: Number(points) }) }
}

function readValues(text: string): readonly unknown[] {
  const list = text.startsWith('[') ? parsed(text) : null
  return Array.isArray(list) ? (list as unknown[]) : text.split(',').map((part) => parsed(part.trim()))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** A number from `least` on; null where the option was not given. */
export function readNumber(
  args: Arguments,
  name: string,
  { whole, least }: { readonly whole: boolean; readonly least?: number },
): number | null {
  const text = args.get(name)
  if (text === null) return null
  const value = Number(text)
  const fits = whole
    ? Number.isSafeInteger(value) && value >= (least ?? 1)
    : Number.isFinite(value) && value > 0
  if (text.trim() !== '' && fits) return value
  throw usage(
    `--${name} needs ${whole ? `a whole number from ${least ?? 1}` : 'a number above 0'}, not ${text}.`,
  )
}

function usage(message: string): Failure {
  return new Failure('usage', `${message} See loracle search --help.`)
}
