import { holdOut } from '../../../trainer/data/split.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { Writer } from '../../store/connection.ts'
import { readSplitSettings, wantedCounts } from './split-settings.ts'

/** What is kept together: whole groups, or, where there is one group, single contexts. */
type Level = 'group' | 'context'

const pageSize = 5_000

/** Examples `e` of a project (?1) that no file of their own has given a split. */
const divided = `e.source_id IN (SELECT id FROM source WHERE project_id = ?1 AND ready = 1 AND use = 'auto')`

/**
 * Divides the examples of all sources without a split of their own, whole groups or contexts together, by the
 * project's seed and sizes. The same data give the same splits, in whatever order they came in. The units stand in
 * a temporary table; of each only its size is held in memory.
 */
export async function assignSplits(writer: Writer, projectId: string): Promise<void> {
  const settings = await readSplitSettings(writer, projectId)
  if (!settings) return
  await writer.run('DROP TABLE IF EXISTS temp.unit')
  await writer.run('DROP TABLE IF EXISTS temp.joined')
  await writer.run('CREATE TEMP TABLE joined (grp TEXT PRIMARY KEY, root TEXT NOT NULL) WITHOUT ROWID')
  let level: Level = (await isByContext(writer, projectId)) ? 'context' : 'group'
  if (level === 'group') await joinGroups(writer, projectId)
  await gatherUnits(writer, projectId, level, null)

  let sizes = await sizesOf(writer)
  if (sizes.size < 2 && level === 'group') {
    level = 'context'
    await gatherUnits(writer, projectId, 'context', null)
    sizes = await sizesOf(writer)
  }
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const wanted = wantedCounts(total, settings)
  const test = await choose(writer, sizes, { split: 'test', wanted: wanted.test, seed: settings.seed })
  for (const unit of test) sizes.delete(unit)
  if (wanted.validation > 0 && level === 'group' && sizes.size === 1) {
    // One group is left to train on: its contexts are divided.
    const [last] = sizes.keys()
    await writeSplits(writer, projectId, level)
    await gatherUnits(writer, projectId, 'context', last ?? null)
    sizes = await sizesOf(writer)
    level = 'context'
  }
  const left = [...sizes.values()].reduce((sum, size) => sum + size, 0)
  const { validation } = settings
  // A share is one of all examples; taken from what the test part left, in the same proportion.
  const share =
    'fraction' in validation && 'fraction' in settings.test
      ? Math.max(1, Math.round((left * validation.fraction) / (1 - settings.test.fraction)))
      : wanted.validation
  await choose(writer, sizes, {
    split: 'validation',
    wanted: wanted.validation === 0 ? 0 : share,
    seed: settings.seed,
  })
  await writeSplits(writer, projectId, level)
  await writer.run('DROP TABLE temp.unit')
  await writer.run('DROP TABLE temp.joined')
}

/** Whether every group is a context by itself, as where a file gives no titles. */
async function isByContext(writer: Writer, projectId: string): Promise<boolean> {
  const row = await writer.get<{ named: number }>(
    `SELECT EXISTS (SELECT 1 FROM example e JOIN passage p ON p.id = e.passage_id WHERE ${divided}
       AND (e.grp NOT GLOB 'context ????????????????' OR p.text = '')) AS named`,
    projectId,
  )
  return row?.named === 0
}

/** Groups that ask about the same context become one, so that no context stands on both sides. */
async function joinGroups(writer: Writer, projectId: string): Promise<void> {
  const rows = await writer.all<{ passageId: number; grp: string }>(
    `SELECT DISTINCT e.passage_id AS passageId, e.grp FROM example e WHERE ${divided} AND e.passage_id IN
       (SELECT e.passage_id FROM example e JOIN passage p ON p.id = e.passage_id
        WHERE ${divided} AND p.text <> '' GROUP BY e.passage_id HAVING min(e.grp) <> max(e.grp))
     ORDER BY e.grp, e.passage_id`,
    projectId,
  )
  const parents = new Map<string, string>()
  const rootOf = (group: string): string => {
    let root = group
    for (let up = parents.get(root); up !== undefined; up = parents.get(root)) root = up
    return root
  }
  const met = new Map<number, string>()
  for (const { passageId, grp } of rows) {
    const first = met.get(passageId)
    if (first === undefined) met.set(passageId, grp)
    else if (rootOf(grp) !== rootOf(first)) parents.set(rootOf(grp), rootOf(first))
  }
  if (parents.size > 0)
    await writer.run(
      'INSERT INTO temp.joined SELECT value ->> 0, value ->> 1 FROM json_each(?)',
      JSON.stringify([...parents.keys()].map((grp) => [grp, rootOf(grp)])),
    )
}

/** Puts the units into `temp.unit`, in an order that does not depend on the order of the imports. */
async function gatherUnits(
  writer: Writer,
  projectId: string,
  level: Level,
  ofUnit: number | null,
): Promise<void> {
  const grp = 'coalesce(j.root, e.grp)'
  const within =
    ofUnit === null
      ? null
      : ((await writer.get<{ key: string }>('SELECT key FROM temp.unit WHERE rowid = ?', ofUnit))?.key ??
        null)
  await writer.run('DROP TABLE IF EXISTS temp.unit')
  await writer.run(
    `CREATE TEMP TABLE unit (key NOT NULL, size INTEGER NOT NULL, split TEXT NOT NULL DEFAULT 'train')`,
  )
  await writer.run(
    level === 'group'
      ? `INSERT INTO temp.unit (key, size) SELECT ${grp} AS key, count(*) AS size
         FROM example e LEFT JOIN temp.joined j ON j.grp = e.grp WHERE ${divided} AND ?2 IS NULL
         GROUP BY 1 ORDER BY 1`
      : `INSERT INTO temp.unit (key, size) SELECT u.id, u.size FROM
           (SELECT e.passage_id AS id, count(*) AS size FROM example e LEFT JOIN temp.joined j ON j.grp = e.grp
            WHERE ${divided} AND (?2 IS NULL OR ${grp} = ?2) GROUP BY e.passage_id) u
         JOIN passage p ON p.id = u.id ORDER BY p.hash`,
    projectId,
    within,
  )
  await writer.run('CREATE UNIQUE INDEX temp.unit_by_key ON unit (key)')
}

/** The units' sizes by their number, in their order. */
async function sizesOf(writer: Writer): Promise<Map<number, number>> {
  const sizes = new Map<number, number>()
  for (let after = 0; ;) {
    const rows = await writer.all<{ number: number; size: number }>(
      `SELECT rowid AS number, size FROM temp.unit WHERE rowid > ? ORDER BY rowid LIMIT ${pageSize}`,
      after,
    )
    for (const { number, size } of rows) sizes.set(number, size)
    const last = rows.at(-1)
    if (!last) return sizes
    after = last.number
  }
}

interface Choice {
  readonly split: SplitName
  readonly wanted: number
  readonly seed: number
}

/** Chooses units for a split and marks them. At least one unit is left to train on. */
async function choose(
  writer: Writer,
  sizes: ReadonlyMap<number, number>,
  { split, wanted, seed }: Choice,
): Promise<ReadonlySet<number>> {
  if (wanted === 0 || sizes.size < 2) return new Set()
  const numbers = [...sizes.keys()]
  const chosen = [...holdOut([...sizes.values()], wanted, seed)].map((i) => numbers[i] ?? 0)
  for (let start = 0; start < chosen.length; start += pageSize)
    await writer.run(
      'UPDATE temp.unit SET split = ? WHERE rowid IN (SELECT value FROM json_each(?))',
      split,
      JSON.stringify(chosen.slice(start, start + pageSize)),
    )
  return new Set(chosen)
}

async function writeSplits(writer: Writer, projectId: string, level: Level): Promise<void> {
  const key =
    level === 'group'
      ? 'coalesce((SELECT root FROM temp.joined j WHERE j.grp = e.grp), e.grp)'
      : 'e.passage_id'
  await writer.run(
    `UPDATE example AS e SET split = u.split FROM temp.unit u
     WHERE u.key = ${key} AND e.split <> u.split AND ${divided}`,
    projectId,
  )
}
