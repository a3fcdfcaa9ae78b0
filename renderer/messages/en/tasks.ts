import { tasks as table } from '../../../main/contract/tasks.ts'
import type { MetricName, TaskKind } from '../../../main/contract/tasks.ts'
import { formatList, formatPercent } from '../format.ts'

const names: Readonly<Record<TaskKind, string>> = {
  'question-answering': 'Question answering',
  classification: 'Classification',
  'question-generation': 'Question generation',
  paraphrase: 'Paraphrase',
  'paraphrase-detection': 'Paraphrase detection',
  summarisation: 'Summarisation',
  translation: 'Translation',
  'multilingual-qa': 'Multilingual questions',
  text: 'Any other text',
}

const texts: Readonly<Record<TaskKind, string>> = {
  'question-answering': 'A question about a passage is answered with a stretch of it.',
  classification: 'A text gets one of a few labels.',
  'question-generation': 'To an answer in a passage the question is written.',
  paraphrase: 'A text is said in other words.',
  'paraphrase-detection': 'Two texts are compared: do they mean the same, or how alike are they?',
  summarisation: 'A long text becomes a short one.',
  translation: 'A text is written in another language.',
  'multilingual-qa': 'A question in one language is answered from a passage in another.',
  text: 'An instruction, with a text or without, and what should come out.',
}

const metrics: Readonly<Record<MetricName, string>> = {
  exactMatch: 'Exact match',
  f1: 'F1',
  accuracy: 'Accuracy',
  macroF1: 'Macro-F1',
  binaryF1: 'F1 of “yes”',
  bleu: 'BLEU',
  rouge1: 'ROUGE-1',
  rouge2: 'ROUGE-2',
  rougeL: 'ROUGE-L',
  rougeLsum: 'ROUGE-Lsum',
}

const meanings: Readonly<Record<MetricName, string>> = {
  exactMatch: 'Share of answers that equal the accepted one, in percent',
  f1: 'Share of words in common with the accepted answer, in percent',
  accuracy: 'Share of answers that are the right label, in percent',
  macroF1: 'Mean F1 of the labels, so that rare ones count as much; an answer that is no label is wrong',
  binaryF1:
    'F1 of the label that says yes: how many of those are found, and how many of those found are right',
  bleu: 'Groups of one to four words in common with the accepted texts, over all answers together, in percent',
  rouge1: 'Words in common with the accepted text, in percent',
  rouge2: 'Pairs of words in common with the accepted text, in percent',
  rougeL: 'Words in common with the accepted text in the same order, in percent',
  rougeLsum: 'As ROUGE-L, line by line, in percent',
}

/** When an answer counts as right. */
function rule(kind: TaskKind): string {
  const { metric, from } = table[kind].right
  if (metric === 'accuracy') return 'Right is an accepted label.'
  if (metric === 'exactMatch') return 'Right is what equals an accepted answer.'
  return `Right is what reaches ${metrics[metric]} ${from}.`
}

export const tasks = {
  name: (kind: TaskKind) => names[kind],
  text: (kind: TaskKind) => texts[kind],
  metric: (metric: MetricName) => metrics[metric],
  meaning: (metric: MetricName) => meanings[metric],
  metricOf: (kind: TaskKind, metric: MetricName) => `${names[kind]}: ${metrics[metric]}`,
  rule,
  kind: 'Kind of task',
  scoredBy: (kind: TaskKind) =>
    `Scored by ${formatList(table[kind].metrics.map((metric) => metrics[metric]))}.`,
  guessed: (reason: string, confidence: number) =>
    `Detected, please look: ${reason} (${formatPercent(confidence)} sure)`,
  byRow: 'A column says it row by row',
  byColumn: (column: string) => `Each row’s kind is taken from “${column}”.`,
} as const
