import type { CompareSummary } from '../../contract/comparisons.ts'
import { metricLabels, tasks } from '../../contract/tasks.ts'
import type { MetricName, TaskKind } from '../../contract/tasks.ts'

const metricNotes: Readonly<Partial<Record<MetricName, string>>> = {
  f1: 'F1 is the overlap of words, as SQuAD’s official scorer counts it.',
  macroF1: 'Macro-F1 is the mean F1 of the labels that occur; an answer that is no label is wrong.',
  binaryF1: 'F1 of detection is that of the label that says yes.',
  bleu: 'BLEU is that of all answers together, as sacrebleu computes it (13a, exponential smoothing).',
  rougeL: 'ROUGE is the F-measure of Google’s rouge_score.',
}

/** What the figures of a run mean: when answers are right, and how the metrics that occur are computed. */
export function scoringNotes({ tasks: kinds }: Pick<CompareSummary, 'tasks'>): string {
  const metrics = new Set(kinds.flatMap(({ tiles }) => tiles.map(({ metric }) => metric)))
  const noted = Object.entries(metricNotes).flatMap(([metric, note]) =>
    metrics.has(metric as MetricName) ? [note] : [],
  )
  const stems = kinds.some(({ task }) => tasks[task].stems) ? ['Summaries are compared by stems.'] : []
  return [...kinds.map(({ task }) => rightnessNote(task)), ...noted, ...stems].join(' ')
}

/** When an answer to a task counts as right, in a sentence. */
export function rightnessNote(task: TaskKind): string {
  const { label, right } = tasks[task]
  if (task === 'question-answering')
    return 'Answers are right when they equal an accepted one after SQuAD’s normalisation.'
  if (right.metric === 'accuracy') return `${label}: an answer is right when it is an accepted label.`
  if (right.metric === 'exactMatch')
    return `${label}: an answer is right when it equals an accepted one after SQuAD’s normalisation.`
  return `${label}: an answer counts as right from ${metricLabels[right.metric]} ${right.from} on.`
}
