import type { Example } from './example.ts'
import { taskOf, tasks } from './tasks.ts'
import type { TaskKind } from './tasks.ts'

/**
 * A label as it is compared: lower case, single spaces, without quotation marks around it or a full stop behind it. A
 * label of punctuation alone (`+`, `"`) stays what it is; unlike SQuAD's normalisation this keeps the label `A`.
 *
 * @example normalizeLabel(' "Positive." ') // positive
 */
export function normalizeLabel(text: string): string {
  const plain = text.normalize('NFKC').trim().toLowerCase().replace(/\s+/g, ' ')
  const bare = plain.replace(/^["'“”„‘’«»`]+|["'“”„‘’«».`]+$/g, '').trim()
  return bare === '' ? plain : bare
}

/** The labels of each task that has any, normalised and in order. */
export type Labels = Readonly<Partial<Record<TaskKind, readonly string[]>>>

type Labelled = Pick<Example, 'answers'> & Partial<Pick<Example, 'form' | 'task'>>

/** Collects the labels that occur as targets, for instance in training data. */
export function labelsOf(...lists: readonly (readonly Labelled[])[]): Labels {
  const found = new Map<TaskKind, Set<string>>()
  for (const examples of lists)
    for (const example of examples) {
      const kind = taskOf(example)
      if (!tasks[kind].hasLabels) continue
      const labels = found.get(kind) ?? new Set()
      for (const { text } of example.answers) labels.add(normalizeLabel(text))
      found.set(kind, labels)
    }
  return Object.fromEntries([...found].map(([kind, labels]) => [kind, [...labels].sort()]))
}

/** Labels that say yes, in the order in which they are looked for. */
const affirmative = [
  '1',
  'true',
  'yes',
  'paraphrase',
  'equivalent',
  'duplicate',
  'same',
  'similar',
  'ja',
  'sí',
  'oui',
]

/**
 * Of two labels the one whose F1 is meant: the one that says yes (`1`, `true`, `equivalent`, …), else the later one in
 * order, as scikit-learn has it. Null where there are not two.
 */
export function positiveLabel(labels: readonly string[]): string | null {
  if (labels.length !== 2) return null
  return affirmative.find((word) => labels.includes(word)) ?? labels[1] ?? null
}
