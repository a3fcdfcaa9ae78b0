import { splitByGroup } from '../../trainer/data/split.ts'
import type { Example } from '../../trainer/data/example.ts'
import type { SplitName } from '../contract/datasets.ts'
import type { Reader, Writer } from '../store/connection.ts'

/** The questions of one group about one context that stand in one split now. */
interface UnitRow {
  readonly grp: string
  readonly passageId: number
  readonly hash: string
  readonly split: SplitName
  readonly count: number
}

export interface SplitSettings {
  readonly seed: number
  readonly validationFraction: number
  readonly testFraction: number
}

/** @returns null where the project is not there. */
export function readSplitSettings(store: Reader, projectId: string): Promise<SplitSettings | null> {
  return store.get<SplitSettings>(
    `SELECT split_seed AS seed, validation_fraction AS validationFraction, test_fraction AS testFraction
     FROM project WHERE id = ?`,
    projectId,
  )
}

/**
 * Divides the examples of all sources without a split of their own, whole groups or contexts together, by the
 * project's seed and fractions. The same data give the same splits, in whatever order they came in.
 */
export async function assignSplits(writer: Writer, projectId: string): Promise<void> {
  const settings = await readSplitSettings(writer, projectId)
  if (!settings) return
  const rows = await writer.all<UnitRow>(
    `SELECT e.grp, e.passage_id AS passageId, p.hash, e.split, count(*) AS count
     FROM source s JOIN example e ON e.source_id = s.id JOIN passage p ON p.id = e.passage_id
     WHERE s.project_id = ? AND s.ready = 1 AND s.use = 'auto'
     GROUP BY e.grp, e.passage_id, e.split ORDER BY e.grp, p.hash, e.split`,
    projectId,
  )
  const splits = divide(rows, settings)
  const moved = rows.flatMap((row) => {
    const split = splits.get(row.passageId) ?? 'train'
    return split === row.split ? [] : [[row.passageId, row.grp, row.split, split]]
  })
  const perStatement = 5000
  for (let start = 0; start < moved.length; start += perStatement)
    await writer.run(
      `UPDATE example SET split = j.value ->> 3 FROM json_each(?2) j
       WHERE example.passage_id = j.value ->> 0 AND example.grp = j.value ->> 1
         AND example.split = j.value ->> 2
         AND example.source_id IN (SELECT id FROM source WHERE project_id = ?1 AND ready = 1 AND use = 'auto')`,
      projectId,
      JSON.stringify(moved.slice(start, start + perStatement)),
    )
}

/** The split of each passage. First the test part is taken, then validation from what is left. */
function divide(rows: readonly UnitRow[], settings: SplitSettings): Map<number, SplitName> {
  const { seed, validationFraction, testFraction } = settings
  const examples = lightExamples(rows)
  const first = splitByGroup(examples, { validationFraction: testFraction, seed })
  const second = splitByGroup(first.train, {
    validationFraction: validationFraction === 0 ? 0 : validationFraction / (1 - testFraction),
    seed,
  })
  const splits = new Map<number, SplitName>()
  for (const { id } of first.validation) splits.set(Number(id), 'test')
  for (const { id } of second.validation) splits.set(Number(id), 'validation')
  return splits
}

/**
 * Examples with nothing in them but what the division looks at: the group, and the context's hash in the
 * context's place. One object stands for all questions about a context.
 */
function lightExamples(rows: readonly UnitRow[]): Example[] {
  const groups = groupsByPassage(rows)
  const byPassage = new Map<number, Example>()
  const examples: Example[] = []
  for (const { passageId, hash, grp, count } of rows) {
    const known = byPassage.get(passageId)
    const example = known ?? {
      id: String(passageId),
      context: hash,
      question: '',
      answers: [],
      isImpossible: false,
      group: groups.get(passageId) ?? grp,
      source: '',
    }
    if (!known) byPassage.set(passageId, example)
    for (let i = 0; i < count; i++) examples.push(example)
  }
  return examples
}

/** Groups that share a context become one, so that no context stands on both sides. */
function groupsByPassage(rows: readonly UnitRow[]): Map<number, string> {
  const parents = new Map<string, string>()
  const rootOf = (group: string): string => {
    let root = group
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up
    return root
  }
  const groups = new Map<number, string>()
  for (const { passageId, grp } of rows) {
    const met = groups.get(passageId)
    if (met === undefined) groups.set(passageId, grp)
    else if (rootOf(grp) !== rootOf(met)) parents.set(rootOf(grp), rootOf(met))
  }
  return new Map([...groups].map(([passageId, group]) => [passageId, rootOf(group)]))
}
