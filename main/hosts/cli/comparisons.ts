import type { Comparison } from '../../contract/engine-types.ts'
import { tasks } from '../../contract/tasks.ts'
import { truncate, wholeNumber } from './format.ts'
import type { Output, Style } from './output.ts'

export const marks = ['fixed', 'broken', 'both right', 'both wrong'] as const
export type Mark = (typeof marks)[number]

const signs: Readonly<Record<Mark, readonly [sign: string, style: Style]>> = {
  fixed: ['+', 'green'],
  broken: ['-', 'red'],
  'both right': ['=', 'dim'],
  'both wrong': ['x', 'yellow'],
}

/** What the training did to one question, by what its task calls right. */
export function markOf({ baseRight, tunedRight }: Comparison): Mark {
  if (baseRight) return tunedRight ? 'both right' : 'broken'
  return tunedRight ? 'fixed' : 'both wrong'
}

/** A draw of `count` comparisons in which each mark has its share, and at least one where there is one. */
export function representative(
  comparisons: readonly Comparison[],
  count: number,
  seed = 42,
): readonly Comparison[] {
  const random = mulberry32(seed)
  const groups = marks
    .map((mark) => comparisons.filter((comparison) => markOf(comparison) === mark))
    .filter((group) => group.length > 0)
  const wanted = Math.min(count, comparisons.length)
  const shares = groups.map((group) => (group.length * wanted) / comparisons.length)
  const taken = shares.map((share) => Math.max(1, Math.floor(share)))
  const total = (): number => taken.reduce((sum, one) => sum + one, 0)
  while (total() !== wanted) {
    // Largest remainder: give where most is owed, take where most is over.
    const step = total() < wanted ? 1 : -1
    const owed = shares.map((share, i) => step * (share - (taken[i] ?? 0)))
    const open = owed.map((value, i) =>
      step > 0
        ? (taken[i] ?? 0) < (groups[i]?.length ?? 0)
          ? value
          : -Infinity
        : (taken[i] ?? 0) > 1
          ? value
          : -Infinity,
    )
    const at = open.indexOf(Math.max(...open))
    taken[at] = (taken[at] ?? 0) + step
  }
  return groups.flatMap((group, i) => sample(group, taken[i] ?? 0, random))
}

/** Held-out questions with the base answer, the tuned answer and the gold ones, as text. */
export function comparisonText(comparisons: readonly Comparison[], output: Output): string {
  if (comparisons.length === 0) return ''
  const counts = marks.map(
    (mark) =>
      `${wholeNumber(comparisons.filter((comparison) => markOf(comparison) === mark).length)} ${mark}`,
  )
  const shown = representative(comparisons, 10)
  const heading =
    `${shown.length} of ${wholeNumber(comparisons.length)} held-out questions, drawn in these shares with a fixed seed: ` +
    counts.join(', ')
  const lines = shown.flatMap((comparison) => {
    const mark = markOf(comparison)
    const [sign, style] = signs[mark]
    return [
      '',
      `${output.paint(style, `${sign} ${mark}`)}  ${output.paint('bold', comparison.question)}  ${output.paint('dim', placeOf(comparison))}`,
      ...(comparison.input ? [`    input  ${truncate(comparison.input.replace(/\s+/g, ' '), 100)}`] : []),
      `    base   ${answerText(comparison.base, comparison)}`,
      `    tuned  ${answerText(comparison.tuned, comparison)}`,
      `    gold   ${comparison.gold.length ? [...new Set(comparison.gold)].join(' | ') : '(unanswerable)'}`,
    ]
  })
  return `${[heading, ...lines].join('\n')}\n`
}

/** The test set, and the kind of a task. */
function placeOf({ set, task }: Comparison): string {
  return task ? `${set} · ${tasks[task].label.toLowerCase()}` : set
}

function answerText(answer: string, { task }: Comparison): string {
  return answer.trim() || (task ? '(nothing)' : '(unanswerable)')
}

function sample<T>(items: readonly T[], count: number, random: () => number): T[] {
  const rest = [...items]
  return Array.from({ length: count }, () => rest.splice(Math.floor(random() * rest.length), 1)).flat()
}

/** A seeded generator of numbers in [0, 1) with 32 bits of state (Ettinger 2017). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
