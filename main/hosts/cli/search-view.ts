import type { SearchDetail, SearchInfo, TrialInfo } from '../../contract/searches.ts'
import { clock, columns, countOf, wholeNumber } from './format.ts'
import type { Output } from './output.ts'

const objectives = { loss: 'validation loss', f1: 'validation F1' } as const

/** The trials of a search as a table, the best marked, and what decides. */
export function searchTable(search: SearchDetail, output: Output): string {
  const rows = search.trials.map((trial) => [
    trial.number === search.best?.number ? '*' : '',
    String(trial.number),
    ...search.names.map((name) => valueText(trial.values[name])),
    trial.status,
    scoreText(trial.bestValue, search.objective),
    stepText(trial),
    trial.seconds > 0 ? clock(trial.seconds) : '',
  ])
  const heading = ['', 'trial', ...search.names, 'status', objectives[search.objective], 'step', 'time']
  const [first = '', ...lines] = columns(
    [heading, ...rows],
    [1, 3, 4, 5].map((index) => rightOf(index, search)),
  )
  const marked = lines.map((line) => (line.startsWith('*') ? output.paint('green', line) : line))
  const failed = search.trials.flatMap(({ number, error }) =>
    error ? [`trial ${number}: ${error.message}`] : [],
  )
  return [output.paint('bold', first), ...marked, ...(failed.length > 0 ? ['', ...failed] : []), ''].join(
    '\n',
  )
}

/** One line of a trial that has ended. */
export function trialLine(trial: TrialInfo, search: SearchDetail): string {
  const value =
    trial.bestValue === null
      ? ''
      : `  ${objectives[search.objective]} ${scoreText(trial.bestValue, search.objective)}`
  const best = search.best?.number === trial.number ? '  best so far' : ''
  return `trial ${trial.number}/${search.total}  ${valuesText(trial, search)}  ${trial.status}${value}${best}`
}

/** The trial at work, or what it waits for. */
export function progressText(search: SearchDetail): string | null {
  const trial = search.trials.find(({ status }) => status === 'running')
  if (!trial) return null
  const name = `trial ${trial.number}/${search.total}  ${valuesText(trial, search)}`
  if (search.ahead > 0) return `${name}  waits: ${countOf(search.ahead, 'run')} before it`
  const left = search.secondsLeft === null ? '' : `  at most ${clock(search.secondsLeft)} left`
  return `${name}  ${trial.steps > 0 ? `step ${stepText(trial)}` : 'loading'}${left}`
}

/** Searches as a table, newest first. */
export function searchList(searches: readonly SearchInfo[]): string {
  const rows = searches.map((one) => [
    one.name,
    one.status,
    one.modelName,
    `${one.done}/${one.total}`,
    one.best ? `trial ${one.best.number}` : '',
    one.best ? `${objectives[one.objective]} ${scoreText(one.best.value, one.objective)}` : '',
  ])
  return columns([['search', 'status', 'model', 'trials', 'best', ''], ...rows]).join('\n')
}

function valuesText(trial: TrialInfo, { names }: SearchDetail): string {
  return names.map((name) => `${name}=${valueText(trial.values[name])}`).join(' ')
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null)
}

function scoreText(value: number | null, objective: SearchInfo['objective']): string {
  return value === null ? '' : objective === 'loss' ? value.toFixed(4) : value.toFixed(1)
}

function stepText({ step, steps }: TrialInfo): string {
  return steps > 0 ? `${wholeNumber(step)}/${wholeNumber(steps)}` : ''
}

/** The columns after the names of the settings. */
function rightOf(index: number, { names }: SearchDetail): number {
  return index === 1 ? 1 : index + names.length
}
