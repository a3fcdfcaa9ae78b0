import type { RunStarted, Scores, SettingInfo, TrainResult } from '../../contract/types.ts'
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

/** The scores before and after: all questions together, then each test set. */
export function scoreTable(result: TrainResult, output: Output): string {
  const { before, after, tests } = result
  if (!before || !after) return 'No held-out questions were scored.\n'
  const sets = [{ name: 'all', before, after }, ...(tests.length > 1 ? tests : [])]
  const rows = sets.flatMap((set) => scoreRows(set.name, set.before, set.after))
  const [heading = '', ...lines] = columns(
    [['held-out questions', 'count', 'score', 'before', 'after', 'change'], ...rows],
    [1, 3, 4, 5],
  )
  return `${output.paint('bold', heading)}\n${lines.join('\n')}\n`
}

function scoreRows(name: string, before: Scores, after: Scores): string[][] {
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

/** What the closing text proposes to ask. */
export interface AskAgain {
  readonly question: string
  readonly contextFile: string
}

/** How the run went, where it is, and what to do next. */
export function closingText(
  result: TrainResult,
  run: RunStarted | null,
  settings: readonly SettingInfo[],
  again: AskAgain,
): string {
  const ended = {
    finished: 'finished',
    'early-stopping': 'stopped early: no more improvement',
    cancelled: 'stopped',
  }
  const lines = [
    `${ended[result.stopped]} after ${countOf(result.step, 'step')} of ${wholeNumber(result.steps)} in ${clock(result.seconds)}, ` +
      `${wholeNumber(result.tokensPerSecond)} tokens/s, peak memory ${wholeNumber(totalPeakRssMb(result))} MB`,
    `run folder  ${result.runDir}`,
  ]
  if (result.stopped === 'cancelled')
    lines.push('', 'Go on with:', `  npx loracle train --resume ${shellWord(result.runDir)}`)
  else if (run?.settings['method'] === 'lora')
    lines.push('', 'Ask it something:', `  ${askLine(result, run, settings, again)}`)
  return `${lines.join('\n')}\n`
}

const answeringSettings = ['maxSourceLength', 'maxTargetLength', 'stride', 'numBeams']

function askLine(
  result: TrainResult,
  run: RunStarted,
  settings: readonly SettingInfo[],
  again: AskAgain,
): string {
  const changed = settings.filter(
    ({ name, defaultValue }) => answeringSettings.includes(name) && run.settings[name] !== defaultValue,
  )
  return [
    `npx loracle ask --model ${shellWord(run.model)} --adapter ${shellWord(result.adapter)}`,
    ...changed.map(({ name }) => `--set ${name}=${String(run.settings[name])}`),
    `--question ${shellWord(again.question)} --context-file ${shellWord(again.contextFile)}`,
  ].join(' ')
}
