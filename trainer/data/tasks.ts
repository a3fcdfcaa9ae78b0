/**
 * What is done with a text, beside answering questions about it, and how that is scored. One table: a new kind of
 * task is a row of it.
 */

/** How the answers of a task are scored; every figure in percent. */
export const metricNames = [
  'exactMatch',
  'f1',
  'accuracy',
  'macroF1',
  'binaryF1',
  'bleu',
  'rouge1',
  'rouge2',
  'rougeL',
  'rougeLsum',
] as const
export type MetricName = (typeof metricNames)[number]

/** How the metrics are called in tables and reports. */
export const metricLabels: Readonly<Record<MetricName, string>> = {
  exactMatch: 'Exact match',
  f1: 'F1',
  accuracy: 'Accuracy',
  macroF1: 'Macro-F1',
  binaryF1: 'F1',
  bleu: 'BLEU',
  rouge1: 'ROUGE-1',
  rouge2: 'ROUGE-2',
  rougeL: 'ROUGE-L',
  rougeLsum: 'ROUGE-Lsum',
}

export const taskKinds = [
  'question-answering',
  'classification',
  'question-generation',
  'paraphrase',
  'paraphrase-detection',
  'summarisation',
  'translation',
  'multilingual-qa',
  'text',
] as const
export type TaskKind = (typeof taskKinds)[number]

/** A part of a record that a task's template puts together, such as the two sentences of a pair. */
export interface TaskField {
  readonly name: string
  readonly label: string
}

export interface Task {
  readonly label: string
  /** What goes in and what comes out, in a sentence. */
  readonly description: string
  /** In the order in which they are shown; the first is the main one, by which the task is judged. */
  readonly metrics: readonly MetricName[]
  /** What shows how near a single answer comes. */
  readonly perAnswer: MetricName
  /** When a single answer counts as right. Where no two people would write the same, being near is enough. */
  readonly right: { readonly metric: MetricName; readonly from: number }
  /** True where the answer is one of a few labels. */
  readonly hasLabels: boolean
  /** True where ROUGE compares stems, as it is done for summaries (Porter's, for English). */
  readonly stems: boolean
  /** What the input and the target are made of; `{name}` in a template is a field. */
  readonly fields: readonly TaskField[]
  /** The instruction that all rows get; null where each has its own. */
  readonly instruction: string | null
  readonly input: string
  readonly target: string
}

const whole = { metric: 'exactMatch', from: 100 } as const
const label = { metric: 'accuracy', from: 100 } as const
const near = { metric: 'rougeL', from: 50 } as const

/**
 * Every kind of task. Prompts are `instruction`, a blank line and `input`, see `taskPrompt`. The pair of sentences is
 * written as T5 was trained on it (Raffel et al. 2020, appendix D).
 */
export const tasks: Readonly<Record<TaskKind, Task>> = {
  'question-answering': {
    label: 'Question answering',
    description: 'A question about a passage is answered with a stretch of it.',
    metrics: ['f1', 'exactMatch', 'rougeL'],
    perAnswer: 'f1',
    right: whole,
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'context', label: 'Passage' },
      { name: 'question', label: 'Question' },
      { name: 'answer', label: 'Answer' },
    ],
    instruction: '{question}',
    input: '{context}',
    target: '{answer}',
  },
  classification: {
    label: 'Classification',
    description: 'A text gets one of a few labels.',
    metrics: ['accuracy', 'macroF1'],
    perAnswer: 'accuracy',
    right: label,
    hasLabels: true,
    stems: false,
    fields: [
      { name: 'text', label: 'Text' },
      { name: 'label', label: 'Label' },
    ],
    instruction: 'Classify the text.',
    input: '{text}',
    target: '{label}',
  },
  'question-generation': {
    label: 'Question generation',
    description: 'To an answer in a passage the question is written.',
    metrics: ['rougeL', 'bleu', 'rouge1', 'rouge2'],
    perAnswer: 'rougeL',
    right: near,
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'answer', label: 'Answer' },
      { name: 'context', label: 'Passage' },
      { name: 'question', label: 'Question' },
    ],
    instruction: 'Write the question that the answer answers.',
    input: 'answer: {answer} context: {context}',
    target: '{question}',
  },
  paraphrase: {
    label: 'Paraphrase',
    description: 'A text is said in other words.',
    metrics: ['bleu', 'rougeL'],
    perAnswer: 'rougeL',
    right: near,
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'text', label: 'Text' },
      { name: 'paraphrase', label: 'Paraphrase' },
    ],
    instruction: 'Paraphrase the text.',
    input: '{text}',
    target: '{paraphrase}',
  },
  'paraphrase-detection': {
    label: 'Paraphrase detection',
    description: 'Two texts are compared: do they mean the same, or how alike are they?',
    metrics: ['accuracy', 'binaryF1'],
    perAnswer: 'accuracy',
    right: label,
    hasLabels: true,
    stems: false,
    fields: [
      { name: 'sentence1', label: 'First text' },
      { name: 'sentence2', label: 'Second text' },
      { name: 'label', label: 'Label' },
    ],
    instruction: 'Do the two sentences mean the same?',
    input: 'sentence1: {sentence1} sentence2: {sentence2}',
    target: '{label}',
  },
  summarisation: {
    label: 'Summarisation',
    description: 'A long text becomes a short one.',
    metrics: ['rougeL', 'rouge1', 'rouge2', 'rougeLsum'],
    perAnswer: 'rougeL',
    right: { metric: 'rougeL', from: 30 },
    hasLabels: false,
    stems: true,
    fields: [
      { name: 'document', label: 'Text' },
      { name: 'summary', label: 'Summary' },
    ],
    instruction: 'Summarize the text.',
    input: '{document}',
    target: '{summary}',
  },
  translation: {
    label: 'Translation',
    description: 'A text is written in another language.',
    metrics: ['bleu', 'f1'],
    perAnswer: 'f1',
    right: { metric: 'f1', from: 50 },
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'source', label: 'Text' },
      { name: 'translation', label: 'Translation' },
    ],
    instruction: 'Translate the text.',
    input: '{source}',
    target: '{translation}',
  },
  'multilingual-qa': {
    label: 'Multilingual questions',
    description: 'A question in one language is answered from a passage in another.',
    metrics: ['f1', 'exactMatch', 'bleu'],
    perAnswer: 'f1',
    right: whole,
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'question', label: 'Question' },
      { name: 'context', label: 'Passage' },
      { name: 'answer', label: 'Answer' },
    ],
    instruction: '{question}',
    input: '{context}',
    target: '{answer}',
  },
  text: {
    label: 'Any other text',
    description: 'An instruction, with a text or without, and what should come out.',
    metrics: ['f1', 'exactMatch', 'rougeL'],
    perAnswer: 'f1',
    right: whole,
    hasLabels: false,
    stems: false,
    fields: [
      { name: 'instruction', label: 'Instruction' },
      { name: 'input', label: 'Text' },
      { name: 'target', label: 'Target' },
    ],
    instruction: '{instruction}',
    input: '{input}',
    target: '{target}',
  },
}

/** The kinds that a record of the form `task` can be of. */
export const freeTaskKinds = taskKinds.filter((kind) => kind !== 'question-answering')

/** The kind of an example's task: questions about a passage are one by their form. */
export function taskOf(example: { readonly form?: string; readonly task?: TaskKind | null }): TaskKind {
  return example.form === 'task' ? (example.task ?? 'text') : 'question-answering'
}

/** Other names that data sets have for the kinds. */
const aliases: Readonly<Record<string, TaskKind>> = {
  summarization: 'summarisation',
  summary: 'summarisation',
  'text-classification': 'classification',
  'sentiment-analysis': 'classification',
  sentiment: 'classification',
  qg: 'question-generation',
  'paraphrase-generation': 'paraphrase',
  'paraphrase-identification': 'paraphrase-detection',
  similarity: 'paraphrase-detection',
  'machine-translation': 'translation',
  generation: 'text',
}

/**
 * The kind that a text names, whatever its case: `summarization`, `Question generation`. Null for any other text, and
 * for `question-answering`, which is a form of its own.
 */
export function readTaskKind(text: unknown): TaskKind | null {
  if (typeof text !== 'string') return null
  const name = text
    .trim()
    .toLowerCase()
    .replace(/[\s_]+/g, '-')
  return (
    freeTaskKinds.find((kind) => kind === name) ??
    (Object.hasOwn(aliases, name) ? (aliases[name] ?? null) : null)
  )
}

/** The main metric of a kind of task. */
export function mainMetric(kind: TaskKind): MetricName {
  return tasks[kind].metrics[0] ?? 'f1'
}
