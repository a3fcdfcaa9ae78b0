import { seededRandom, shuffled } from '../../trainer/data/random.ts'
import { describeSettings, nearestName, parseSettings } from '../../trainer/protocol.ts'
import type { Settings } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import type { SearchPlan, SearchRequest } from '../contract/searches.ts'
import { requireSearchable, searchableSettings } from './searchable.ts'
import { axisOf } from './space.ts'
import type { Axis } from './space.ts'

export type Values = Readonly<Record<string, unknown>>

/** What trials are planned from; the rest of a request says where they are trained. */
export type PlanRequest = Omit<SearchRequest, 'projectId' | 'modelId' | 'pruning'>

/** Drawn where a random search does not say how many. */
export const usualTrials = 8
/** Share of the training examples that serves as validation where a project holds none; the seed draws them. */
export const drawnShare = 0.1
const mostTrials = 200
/** Draws for one trial, after which a small space is counted through. */
const mostDraws = 200
const mostCounted = 20_000

/**
 * The trials of a search, no two with the same values: a function of the request alone. A grid's come in a seeded
 * order, so that the first ones, by whose course later ones are pruned, are not all at one end of it.
 *
 * @throws AppError `search_invalid`; TrainerError `setting_unknown`, `setting_invalid`.
 */
export function planTrials(request: PlanRequest): SearchPlan {
  const { space, strategy } = request
  const base = parseSettings(request.settings)
  const objective = base.bestMetric
  if (space.length === 0) throw nothingToSearch()
  const names = space.map(({ name }) => name)
  const twice = names.find((name, index) => names.indexOf(name) < index)
  if (twice !== undefined)
    throw new AppError('search_invalid', `${twice} is named twice. Put its values together.`, { name: twice })
  const axes = space.map((dimension) =>
    axisOf(dimension, requireSearchable(requireKnown(dimension.name), objective)),
  )
  const found = strategy === 'grid' ? gridOf(axes, request) : drawn(axes, request)
  if (found.length < 2)
    throw request.trials === 1
      ? new AppError('search_invalid', 'One trial compares nothing: ask for two at least.')
      : nothingToSearch()
  const trials = found.map((values) => withScale(values, base, request.keepScale))
  for (const values of trials) trialSettings(request, values)
  const epochs = names.includes('epochs') ? null : (request.trialEpochs ?? base.epochs)
  return { trials, objective, epochs }
}

/** The settings of a trial. @throws TrainerError `setting_unknown`, `setting_invalid`. */
export function trialSettings(
  { settings, trialEpochs }: Pick<SearchRequest, 'settings' | 'trialEpochs'>,
  values: Values,
): Settings {
  const shorter = trialEpochs === null ? {} : { epochs: trialEpochs }
  return parseSettings({ ...settings, ...shorter, ...values })
}

function gridOf(axes: readonly Axis[], { trials, seed }: PlanRequest): readonly Values[] {
  const size = axes.reduce((product, { points }) => product * points.length, 1)
  if (size > mostCounted || (trials === null && size > mostTrials)) throw tooMany(size)
  const all = shuffled(
    combinations(axes.map(({ name, points }) => ({ name, points }))),
    seededRandom(seed, 'grid'),
  )
  return all.slice(0, bounded(trials ?? size))
}

function drawn(axes: readonly Axis[], { trials, seed }: PlanRequest): readonly Values[] {
  const wanted = bounded(trials ?? usualTrials)
  const random = seededRandom(seed, 'search')
  const found = new Map<string, Values>()
  let misses = 0
  while (found.size < wanted && misses < mostDraws) {
    const values = Object.fromEntries(axes.map((axis) => [axis.name, axis.draw(random)]))
    const key = JSON.stringify(values)
    if (found.has(key)) misses++
    else {
      misses = 0
      found.set(key, values)
    }
  }
  // What so many draws have not found is rare, or not there: of a small space the rest is taken in a random order.
  for (const values of found.size < wanted ? shuffled(everyValues(axes), random) : [])
    if (found.size < wanted) found.set(JSON.stringify(values), values)
  return [...found.values()]
}

/** All that can be drawn, of a space that is small enough to count through; nothing of another. */
function everyValues(axes: readonly Axis[]): readonly Values[] {
  const counted = axes.flatMap(({ name, every }) => (every ? [{ name, points: every }] : []))
  const size = counted.reduce((product, { points }) => product * points.length, 1)
  return counted.length < axes.length || size > mostCounted ? [] : combinations(counted)
}

function bounded(trials: number): number {
  if (trials > mostTrials) throw tooMany(trials)
  return trials
}

function combinations(axes: readonly { name: string; points: readonly unknown[] }[]): readonly Values[] {
  return axes.reduce<readonly Values[]>(
    (found, { name, points }) =>
      found.flatMap((values) => points.map((value) => ({ ...values, [name]: value }))),
    [{}],
  )
}

function withScale(values: Values, base: Settings, keepScale: boolean): Values {
  const { rank } = values
  if (!keepScale || typeof rank !== 'number' || 'alpha' in values) return values
  return { ...values, alpha: (rank * base.alpha) / base.rank }
}

function requireKnown(name: string) {
  const setting = describeSettings().find((one) => one.name === name)
  if (setting) return setting
  const nearest = nearestName(
    name,
    searchableSettings().map((one) => one.name),
  )
  const hint = nearest ? ` Did you mean ${nearest}?` : ''
  throw new AppError('search_invalid', `There is no setting ${name}.${hint}`, { name })
}

function nothingToSearch(): AppError {
  return new AppError(
    'search_invalid',
    'There is nothing to compare yet: name at least two values of a setting, or a range.',
  )
}

function tooMany(count: number): AppError {
  return new AppError(
    'search_invalid',
    `These would be ${count} trials; a search has at most ${mostTrials}. Name fewer values, or draw them at random.`,
    { count },
  )
}
