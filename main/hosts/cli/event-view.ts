import type { EventListener } from '../../contract/engine.ts'
import type { DataReport, Phase, StepReport } from '../../contract/engine-types.ts'
import { clock, countOf, wholeNumber } from './format.ts'
import type { Output } from './output.ts'

const phaseNames: Readonly<Record<Phase, string>> = {
  loading: 'loading',
  preparing: 'preparing the data',
  'scoring-before': 'scoring the base model',
  training: 'training',
  validating: 'validating',
  'scoring-after': 'scoring the tuned model',
  saving: 'saving',
}

const problemsShown = 3

/** Shows what a job reports to people: short lines that stay, and one live progress line. */
export function eventView(output: Output): EventListener {
  const { progress } = output
  let runDir = ''
  let epochs = 0
  let phase = ''
  return (event) => {
    switch (event.type) {
      case 'run':
        runDir = event.runDir
        progress.print(`${event.resumed ? 'going on in' : 'run folder'}  ${runDir}`)
        break
      case 'phase':
        // A validation inside the training would otherwise write two lines every time.
        if (event.phase === 'training' && phase !== 'validating') progress.print(phaseNames.training)
        else if (event.phase !== 'training' && event.phase !== 'validating')
          progress.print(phaseNames[event.phase])
        phase = event.phase
        break
      case 'data':
        for (const line of dataLines(event, runDir)) progress.print(line)
        break
      case 'prepared':
        epochs = Math.ceil(event.epochs)
        progress.print(
          `  ${countOf(event.trainExamples, 'example')} to train on, ${wholeNumber(event.validationExamples)} to validate on; ` +
            `${countOf(event.windows, 'window')}, ${wholeNumber(event.windowsLeftOut)} without an answer left out` +
            (event.answersCut ? `; ${countOf(event.answersCut, 'answer')} longer than maxTargetLength` : '') +
            (event.questionsCut
              ? `; ${countOf(event.questionsCut, 'question')} cut to leave room for the context`
              : '') +
            (event.inputsCut ? `; ${countOf(event.inputsCut, 'input')} cut to the model's window` : ''),
        )
        progress.print(
          `  ${countOf(event.steps, 'step')}, ${wholeNumber(event.trainableParameters)} of ` +
            `${countOf(event.totalParameters, 'parameter')} trained` +
            (event.frozenBlocks
              ? `; ${countOf(event.frozenBlocks, 'frozen block')} computed once for each example and kept`
              : ''),
        )
        break
      case 'step':
        progress.update(stepLine(event, epochs))
        break
      case 'validation': {
        const scores = event.scores
          ? `  EM ${event.scores.exactMatch.toFixed(1)}  F1 ${event.scores.f1.toFixed(1)}`
          : ''
        const plain = event.perplexity === undefined ? '' : `  perplexity ${event.perplexity.toFixed(2)}`
        progress.print(
          `  step ${event.step}  validation loss ${event.loss.toFixed(3)}${plain}${scores}${event.best ? '  best so far' : ''}`,
        )
        break
      }
      case 'progress':
        progress.update(`${phaseNames[event.phase]}  ${wholeNumber(event.done)}/${wholeNumber(event.total)}`)
        break
      case 'provider-case':
        progress.update(`checking ${event.provider}  ${event.name}  ${event.done + 1}/${event.total}`)
        break
      case 'notes':
        for (const note of event.notes) progress.print(`note: ${note}`)
        break
      case 'checkpoint':
      case 'token':
      case 'result':
      case 'error':
        break
    }
  }
}

/** `training  epoch 3/10  step 120/400  loss 1.234  4,560 tok/s  1:12 left  612 MB`; memory is trainer and host. */
export function stepLine(step: StepReport, epochs: number): string {
  const epoch = Math.max(1, Math.ceil(step.epoch))
  const left = step.secondsLeft === null ? '' : `  ${clock(step.secondsLeft)} left`
  const memory = step.rssMb + process.memoryUsage.rss() / 2 ** 20
  return (
    `training  epoch ${epoch}/${Math.max(epoch, epochs)}  step ${step.step}/${step.steps}  loss ${step.loss.toFixed(3)}` +
    `  ${wholeNumber(step.tokensPerSecond)} tok/s${left}  ${wholeNumber(memory)} MB`
  )
}

const outcomeTexts = { mended: 'mended', flagged: 'kept as it is', dropped: 'dropped' } as const

function dataLines(report: DataReport, runDir: string): string[] {
  const { records, examples, dropped, mended, problems } = report
  const lines = [
    `  ${report.name}: ${countOf(records, 'record')}, ${countOf(examples, 'example')}, ${wholeNumber(dropped)} dropped, ` +
      `${wholeNumber(mended)} mended  (${report.path})`,
  ]
  for (const problem of problems.slice(0, problemsShown))
    lines.push(`    ${problem.where}: ${problem.message} (${outcomeTexts[problem.outcome]})`)
  if (problems.length > problemsShown)
    lines.push(
      `    … and ${wholeNumber(problems.length - problemsShown)} more${runDir ? ` (see ${runDir}/problems.jsonl)` : ''}`,
    )
  return lines
}
