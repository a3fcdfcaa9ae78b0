import type { RunStarted, Scores, SettingInfo, TrainResult } from '../../contract/engine-types.ts'
import { metricLabels, tasks } from '../../contract/tasks.ts'
import type { MetricName } from '../../contract/tasks.ts'
import { change, clock, columns, countOf, shellWord, wholeNumber } from './format.ts'
import type { Output } from './output.ts'

/** The last JSON line of a run. Memory is the trainer's peak and this process's together. */
export function summaryValue(result: TrainResult): Record<string, unknown> {
  return {
    type: 'summary',
    before: result.before,
    after: result.after,
    steps: result.step,
    seconds: result.seconds,
    tokensPerSecond: result.tokensPerSecond,
    peakRssMb: totalPeakRssMb(result),
    runDir: result.runDir,
  }
}

function totalPeakRssMb(result: TrainResult): number {
  return Math.round(result.peakRssMb + process.resourceUsage().maxRSS / 1024)
}

/** The scores before and after: all questions together, then each test set; of tasks each by its own metrics. */
export function scoreTable(result: TrainResult, output: Output): string {
  const { before, after, tests } = result
  if (!before || !after) return 'No held-out questions were scored.\n'
  // Where each set is a task of its own, the tasks say all that the sets would.
  const areTasks =
    after.tasks?.length === tests.length && tests.every((test) => test.after.tasks?.length === 1)
  const sets = [{ name: 'all', before, after }, ...(tests.length > 1 && !areTasks ? tests : [])]
  const rows = sets.flatMap((set) => scoreRows(set.name, set.before, set.after))
  const [heading = '', ...lines] = columns(
    [['held-out questions', 'count', 'score', 'before', 'after', 'change'], ...rows],
    [1, 3, 4, 5],
  )
  return `${output.paint('bold', heading)}\n${lines.join('\n')}\n`
}

function scoreRows(name: string, before: Scores, after: Scores): string[][] {
  if (after.tasks && after.tasks.length > 0) return taskRows(name, before, after)
  const row = (label: string, score: 'exactMatch' | 'f1' | 'rougeL'): string[] => [
    label,
    before[score].toFixed(1),
    after[score].toFixed(1),
    change(before[score], after[score]),
  ]
  return [
    [name, wholeNumber(after.count), ...row('EM', 'exactMatch')],
    ['', '', ...row('F1', 'f1')],
    ['', '', ...row('ROUGE-L', 'rougeL')],
  ]
}

/** A set's tasks, one after the other, each with its metrics. */
function taskRows(name: string, before: Scores, after: Scores): string[][] {
  return (after.tasks ?? []).flatMap(({ task, count, values }) => {
    const first = before.tasks?.find((one) => one.task === task)?.values ?? {}
    return (Object.entries(values) as [MetricName, number][]).map(([metric, value], i) => [
      i === 0 ? `${name} · ${tasks[task].label.toLowerCase()}` : '',
      i === 0 ? wholeNumber(count) : '',
      metricLabels[metric],
      (first[metric] ?? 0).toFixed(1),
      value.toFixed(1),
      change(first[metric] ?? 0, value),
    ])
  })
}

/** What stands at the end of a run. */
export interface Closing {
  /** The line that asks the tuned model something; null where there is none to propose. */
  readonly ask: string | null
  /** True where the window has the run too. */
  readonly inWindow: boolean
}

/** How the run went, where it is, and what to do next. */
export function closingText(result: TrainResult, { ask, inWindow }: Closing): string {
  const ended = {
    finished: 'finished',
    'early-stopping': 'stopped early: no more improvement',
    kept: 'stopped, and kept',
    cancelled: inWindow ? 'paused' : 'stopped',
  }
  const lines = [
    `${ended[result.stopped]} after ${countOf(result.step, 'step')} of ${wholeNumber(result.steps)} in ${clock(result.seconds)}, ` +
      `${wholeNumber(result.tokensPerSecond)} tokens/s, peak memory ${wholeNumber(totalPeakRssMb(result))} MB`,
    `run folder  ${result.runDir}`,
  ]
  if (result.stopped === 'cancelled')
    lines.push('', inWindow ? 'Go on in the window, or with:' : 'Go on with:', `  ${resumeLine(result)}`)
  else if (ask !== null) lines.push('', 'Ask it something:', `  ${ask}`)
  return `${lines.join('\n')}\n`
}

/** The line that goes on with a run. */
export function resumeLine({ runDir }: Pick<TrainResult, 'runDir'>): string {
  return `npx loracle train --resume ${shellWord(runDir)}`
}

export interface AskAgain {
  readonly question: string
  readonly contextFile: string
}

const answeringSettings = ['maxSourceLength', 'maxTargetLength', 'stride', 'numBeams']

/** The line that asks a run's adapter again, with the settings under which it answered. */
export function askLine(
  { model, settings: used }: RunStarted,
  adapter: string,
  { question, contextFile, settings }: AskAgain & { readonly settings: readonly SettingInfo[] },
): string {
  const changed = settings.filter(
    ({ name, defaultValue }) => answeringSettings.includes(name) && used[name] !== defaultValue,
  )
  return [
    `npx loracle ask --model ${shellWord(model)} --adapter ${shellWord(adapter)}`,
    ...changed.map(({ name }) => `--set ${name}=${String(used[name])}`),
    `--question ${shellWord(question)} --context-file ${shellWord(contextFile)}`,
  ].join(' ')
}
