import { metricLabels, tasks } from '../../trainer/data/tasks.ts'
import type { MetricName } from '../../trainer/data/tasks.ts'
import type {
  DataReport,
  Phase,
  PreparedReport,
  Report,
  Scores,
  ScoredReport,
  StepReport,
} from '../../trainer/protocol.ts'
import type { LogLine, RunPhase, RunProgress, StepPoint, ValidationPoint } from '../contract/runs.ts'
import { toStepPoint, toValidationPoint } from './course.ts'
import type { Course } from './course.ts'
import { factsOf, shownLogLines } from './run-row.ts'
import type { RunFacts, RunRow } from './run-row.ts'
import { fromJson } from './stored-json.ts'

/** What one report changed. */
export interface LiveChange {
  readonly points: readonly StepPoint[]
  readonly validations: readonly ValidationPoint[]
  readonly log: readonly LogLine[]
  /** True where the store should have it at once. */
  readonly urgent: boolean
  /** True where steps are done again, so that what was shown of them is void. */
  readonly rewound: boolean
}

const nothing: LiveChange = { points: [], validations: [], log: [], urgent: false, rewound: false }

const phaseTexts: Partial<Readonly<Record<Phase, string>>> = {
  loading: 'Loading the model.',
  preparing: 'Reading the examples and cutting them into tokens.',
  'scoring-before': 'The base model answers the test questions.',
  saving: 'Saving what was learnt.',
  'scoring-after': 'The tuned model answers the test questions.',
}

/** A run that a trainer process works on, as its reports tell it. */
export class LiveRun {
  readonly course: Course
  log: readonly LogLine[]
  phase: RunPhase = 'loading'
  done = 0
  total = 0
  step: number
  steps: number
  checkpointStep: number
  before: Scores | null
  after: Scores | null
  facts: RunFacts
  #last: StepReport | null = null
  #trained = false
  readonly #now: () => number

  constructor(
    row: RunRow,
    known: { readonly course: Course; readonly log: readonly LogLine[]; readonly now: () => number },
  ) {
    this.course = known.course
    this.log = known.log
    this.#now = known.now
    this.step = row.checkpoint_step
    this.steps = row.steps
    this.checkpointStep = row.checkpoint_step
    this.before = row.scores_before === null ? null : fromJson(row.scores_before)
    this.after = row.scores_after === null ? null : fromJson(row.scores_after)
    this.facts = factsOf(row)
  }

  take(report: Report): LiveChange {
    switch (report.type) {
      case 'phase':
        return this.#enter(report.phase)
      case 'data':
        return { ...nothing, log: dataLines(report).map((line) => this.write(...line)) }
      case 'prepared':
        return this.#prepared(report)
      case 'progress':
        this.done = report.done
        this.total = report.total
        return nothing
      case 'scored':
        return this.#scored(report)
      case 'step':
        return this.#stepped(report)
      case 'validation': {
        const validation = toValidationPoint(report)
        this.course.addValidation(validation)
        const f1 = report.scores ? `, F1 ${report.scores.f1.toFixed(1)} %` : ''
        const best = report.best ? ', the best so far' : ''
        const plain =
          report.perplexity === undefined ? '' : `, perplexity of the texts ${report.perplexity.toFixed(2)}`
        const text = `Validation after step ${report.step}: loss ${report.loss.toFixed(4)}${plain}${f1}${best}.`
        return { ...nothing, validations: [validation], log: [this.write('info', text)], urgent: true }
      }
      case 'checkpoint':
        this.checkpointStep = report.step
        return {
          ...nothing,
          log: [this.write('info', `Saved a checkpoint at step ${report.step}.`)],
          urgent: true,
        }
      default:
        return nothing
    }
  }

  /** Adds a line to the log. */
  write(level: LogLine['level'], text: string): LogLine {
    const line: LogLine = { at: this.#now(), level, text }
    this.log = [...this.log, line].slice(-shownLogLines)
    return line
  }

  progress(): RunProgress {
    const last = this.#last
    return {
      phase: this.phase,
      done: this.done,
      total: this.total,
      step: this.step,
      steps: this.steps,
      epoch: last?.epoch ?? this.facts.epoch ?? 0,
      epochs: this.facts.epochs ?? 0,
      elapsedSeconds: last?.elapsedSeconds ?? this.facts.seconds ?? 0,
      secondsLeft: last?.secondsLeft ?? null,
      tokensPerSecond: last?.tokensPerSecond ?? 0,
      processorPercent: last?.processorPercent ?? 0,
      memoryMb: last?.rssMb ?? 0,
      ahead: 0,
    }
  }

  #enter(phase: Phase): LiveChange {
    this.phase = phase
    this.done = 0
    this.total = 0
    const first = phase === 'training' && !this.#trained
    this.#trained ||= first
    const text = first ? trainingText(this.step) : phaseTexts[phase]
    // Training and validating take turns too often for each to be worth a write.
    const urgent = phase !== 'validating' && (phase !== 'training' || first)
    return { ...nothing, log: text === undefined ? [] : [this.write('info', text)], urgent }
  }

  #prepared(report: PreparedReport): LiveChange {
    const { trainableParameters, totalParameters, epochs } = report
    this.steps = report.steps
    this.facts = { ...this.facts, trainableParameters, totalParameters, epochs }
    return { ...nothing, log: preparedLines(report).map((line) => this.write(...line)), urgent: true }
  }

  #scored({ when, scores }: ScoredReport): LiveChange {
    if (when === 'before') this.before = scores
    else this.after = scores
    if (!scores) return nothing
    const who = when === 'before' ? 'base' : 'tuned'
    const lines =
      scores.tasks?.map(({ task, count, values }) => {
        const figures = (Object.entries(values) as [MetricName, number][]).map(
          ([metric, value]) => `${metricLabels[metric]} ${value.toFixed(1)} %`,
        )
        return `The ${who} model, ${tasks[task].label.toLowerCase()}: ${figures.join(', ')} over ${count} examples.`
      }) ?? []
    const text = `The ${who} model: exact match ${scores.exactMatch.toFixed(1)} %, F1 ${scores.f1.toFixed(1)} % over ${scores.count} questions.`
    const log = (lines.length > 0 ? lines : [text]).map((line) => this.write('info', line))
    return { ...nothing, log, urgent: true }
  }

  #stepped(report: StepReport): LiveChange {
    const point = toStepPoint(report)
    const rewound = this.course.addStep(point) === 'rewound'
    this.#last = report
    this.phase = 'training'
    this.step = report.step
    this.steps = report.steps
    this.facts = {
      ...this.facts,
      tokensPerSecond: report.tokensPerSecond,
      peakMemoryMb: Math.max(this.facts.peakMemoryMb ?? 0, report.rssMb),
      seconds: report.elapsedSeconds,
      epoch: report.epoch,
    }
    return { ...nothing, points: [point], rewound }
  }
}

type Line = readonly [LogLine['level'], string]

function trainingText(step: number): string {
  return step > 0 ? `Training goes on after step ${step}.` : 'Training.'
}

function dataLines({ name, examples, dropped, mended }: DataReport): readonly Line[] {
  const lines: Line[] = [['info', `Read ${examples} examples (${name}).`]]
  if (dropped > 0)
    lines.push(['warning', `${dropped} records of ${name} could not be used and were left out.`])
  if (mended > 0) lines.push(['info', `${mended} records of ${name} were mended.`])
  return lines
}

function preparedLines(report: PreparedReport): readonly Line[] {
  const {
    windows,
    trainExamples,
    validationExamples,
    steps,
    windowsLeftOut,
    answersCut,
    questionsCut,
    inputsCut,
  } = report
  const lines: Line[] = [
    [
      'info',
      `${trainExamples} training examples in ${windows} windows, ${validationExamples} for validation: ${steps} steps.`,
    ],
  ]
  if (windowsLeftOut > 0)
    lines.push(['info', `${windowsLeftOut} windows of long contexts hold no answer and are left out.`])
  if (answersCut > 0)
    lines.push(['warning', `${answersCut} answers are longer than maxTargetLength and were cut.`])
  if (questionsCut > 0)
    lines.push(['warning', `${questionsCut} questions are too long for the model's window and were cut.`])
  if (inputsCut > 0)
    lines.push(['warning', `${inputsCut} inputs are too long for the model's window: their ends were cut.`])
  return lines
}
