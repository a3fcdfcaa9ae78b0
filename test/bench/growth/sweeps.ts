import type { ShapeName } from './shapes.ts'

/** What one point of a sweep does. */
export type Task =
  | {
      readonly kind: 'step'
      readonly shape: ShapeName
      readonly batch: number
      readonly source: number
      readonly target: number
      readonly rank: number
      readonly targets: 'qv' | 'all-linear'
    }
  | {
      readonly kind: 'rows'
      readonly work: 'prepare' | 'score' | 'metrics' | 'bootstrap'
      readonly rows: number
    }
  | { readonly kind: 'answer'; readonly count: number }
  | { readonly kind: 'import'; readonly format: 'csv' | 'jsonl'; readonly rows: number }

export interface SweepSeries {
  readonly name: string
  readonly tasks: readonly Task[]
}

/** One figure: what grows, and what its cost is told by. */
export interface Sweep {
  readonly title: string
  /** The horizontal axis. */
  readonly axis: string
  /** What grows along it; null where that is known only once a point was measured. */
  readonly x: 'batch' | 'source' | 'rank' | 'rows' | 'count' | 'millionParameters'
  /** What the cost of one is shown of, beside the whole. */
  readonly unit: 'token' | 'token and million parameters' | 'step' | 'row' | 'question'
  readonly series: readonly SweepSeries[]
}

type Step = Extract<Task, { kind: 'step' }>

const step = (shape: ShapeName, change: Partial<Omit<Step, 'kind' | 'shape'>>): Step => ({
  kind: 'step',
  shape,
  batch: 1,
  source: 256,
  target: 16,
  rank: 8,
  targets: 'qv',
  ...change,
})

const rows = (work: 'prepare' | 'score' | 'metrics' | 'bootstrap', counts: readonly number[]) =>
  counts.map((count): Task => ({ kind: 'rows', work, rows: count }))

const imports = (format: 'csv' | 'jsonl', counts: readonly number[]) =>
  counts.map((count): Task => ({ kind: 'import', format, rows: count }))

const decades = [1000, 3000, 10_000, 30_000, 100_000, 300_000, 1_000_000]

/** Every figure by the name of its file, in the order in which it is measured. */
export const sweeps: Readonly<Record<string, Sweep>> = {
  'step-batch': {
    title: 'Training step against batch size',
    axis: 'rows of 256 tokens in a batch',
    x: 'batch',
    unit: 'token',
    series: [
      {
        name: 'Flan-T5-small',
        tasks: [1, 2, 4, 8, 16, 32].map((batch) => step('flan-t5-small', { batch })),
      },
      {
        name: 'GPT-Neo 125M',
        tasks: [1, 2, 4, 8].map((batch) => step('gpt-neo-125m', { batch, source: 224, target: 32 })),
      },
      { name: 'BERT-base', tasks: [1, 2, 4, 8].map((batch) => step('bert-base', { batch })) },
    ],
  },
  'step-length': {
    title: 'Training step against length',
    axis: 'tokens of the source in each of 2 rows',
    x: 'source',
    unit: 'token',
    series: [
      {
        name: 'Flan-T5-small',
        tasks: [64, 128, 256, 512, 1024, 2048].map((source) => step('flan-t5-small', { batch: 2, source })),
      },
      {
        name: 'GPT-Neo 125M',
        tasks: [64, 128, 256, 512, 1024, 2016].map((source) =>
          step('gpt-neo-125m', { batch: 2, source, target: 32 }),
        ),
      },
      {
        name: 'BERT-base',
        tasks: [64, 128, 256, 512].map((source) => step('bert-base', { batch: 2, source })),
      },
    ],
  },
  'step-rank': {
    title: 'Training step against LoRA rank, all linear layers',
    axis: 'rank, 4 rows of 128 tokens',
    x: 'rank',
    unit: 'step',
    series: (['flan-t5-small', 'gpt-neo-125m'] as const).map((shape) => ({
      name: shape === 'flan-t5-small' ? 'Flan-T5-small' : 'GPT-Neo 125M',
      tasks: [1, 4, 8, 16, 32, 64, 128, 256].map((rank) =>
        step(shape, { batch: 4, source: 128, rank, targets: 'all-linear' }),
      ),
    })),
  },
  'step-size': {
    title: 'Training step against model size',
    axis: 'million parameters that every token passes, 4 rows of 128 tokens',
    x: 'millionParameters',
    unit: 'token and million parameters',
    series: [
      {
        name: 'T5',
        tasks: (['t5-64x2', 't5-128x4', 't5-256x6', 'flan-t5-small', 'flan-t5-base'] as const).map((shape) =>
          step(shape, { batch: 4, source: 128 }),
        ),
      },
      {
        name: 'GPT-Neo',
        tasks: (['gpt-neo-64x2', 'gpt-neo-256x6', 'gpt-neo-125m'] as const).map((shape) =>
          step(shape, { batch: 4, source: 112 }),
        ),
      },
      {
        name: 'BERT',
        tasks: (['bert-tiny', 'bert-mini', 'bert-medium', 'bert-base'] as const).map((shape) =>
          step(shape, { batch: 4, source: 128 }),
        ),
      },
    ],
  },
  'prepare-rows': {
    title: 'Preparing a run against rows',
    axis: 'questions in the training file',
    x: 'rows',
    unit: 'row',
    series: [{ name: 'reading, checks, tokens, batches', tasks: rows('prepare', decades) }],
  },
  'import-rows': {
    title: 'Import into a project against rows',
    axis: 'rows of the table',
    x: 'rows',
    unit: 'row',
    series: [
      { name: 'CSV', tasks: imports('csv', decades) },
      { name: 'JSONL', tasks: imports('jsonl', decades) },
    ],
  },
  'scoring-rows': {
    title: 'Evaluation of answers against rows',
    axis: 'questions',
    x: 'rows',
    unit: 'row',
    series: [
      { name: 'loracle score: reading and SQuAD figures', tasks: rows('score', decades) },
      { name: 'exact match, F1, ROUGE-L', tasks: rows('metrics', decades) },
      { name: 'a tenth of the bootstrap intervals', tasks: rows('bootstrap', decades) },
    ],
  },
  'answering-count': {
    title: 'Answering against questions, the starter model',
    axis: 'questions',
    x: 'count',
    unit: 'question',
    series: [
      {
        name: 'greedy, 16 at a time',
        tasks: [16, 64, 256, 1024, 4096].map((count): Task => ({ kind: 'answer', count })),
      },
    ],
  },
}

/** The points that `--quick` leaves of a series: its first three. */
export function quickTasks(tasks: readonly Task[]): readonly Task[] {
  return tasks.slice(0, 3)
}
