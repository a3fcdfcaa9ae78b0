import { splitNames } from '../contract/datasets.ts'
import type { SplitName, Splits } from '../contract/datasets.ts'
import type { Handlers } from '../contract/methods.ts'
import { assignSplits, readSplitSettings } from './assign-splits.ts'
import { isReady, markChanged, projectMissing, publishData } from './project-data.ts'
import type { DatasetDeps } from './project-data.ts'

export function splitHandlers({ store, changes }: DatasetDeps): Handlers<'data.splits' | 'data.setSplits'> {
  const read = async (projectId: string): Promise<Splits> => {
    const settings = await readSplitSettings(store, projectId)
    if (!settings) throw projectMissing(projectId)
    const rows = await store.all<{ split: SplitName; examples: number; groups: number }>(
      `SELECT split, count(*) AS examples, count(DISTINCT grp) AS groups FROM example
       WHERE project_id = ?1 AND ${isReady} GROUP BY split`,
      projectId,
    )
    const numbers = (of: (row: (typeof rows)[number]) => number) =>
      Object.fromEntries(
        splitNames.map((name) => {
          const row = rows.find(({ split }) => split === name)
          return [name, row ? of(row) : 0]
        }),
      ) as Record<SplitName, number>
    return {
      ...settings,
      counts: numbers(({ examples }) => examples),
      groups: numbers(({ groups }) => groups),
      level: await levelOf(projectId, settings.validationFraction + settings.testFraction),
    }
  }

  /** What the division keeps together; groups that were made from contexts are contexts. */
  const levelOf = async (projectId: string, heldOut: number): Promise<Splits['level']> => {
    const units = await store.get<{ groups: number; titled: number; contexts: number }>(
      `SELECT count(DISTINCT e.grp) AS groups, count(DISTINCT e.passage_id) AS contexts,
         max(e.grp NOT GLOB 'context ????????????????') AS titled
       FROM source s JOIN example e ON e.source_id = s.id
       WHERE s.project_id = ? AND s.ready = 1 AND s.use = 'auto'`,
      projectId,
    )
    if (!units || heldOut === 0 || units.contexts < 2) return 'none'
    return units.groups > 1 && units.titled === 1 ? 'group' : 'context'
  }

  return {
    'data.splits': ({ projectId }) => read(projectId),
    'data.setSplits': async ({ projectId, seed, validationFraction, testFraction }) => {
      await store.transaction(async (writer) => {
        const { changes: found } = await writer.run(
          'UPDATE project SET split_seed = ?, validation_fraction = ?, test_fraction = ? WHERE id = ?',
          seed,
          validationFraction,
          testFraction,
          projectId,
        )
        if (found === 0) throw projectMissing(projectId)
        await assignSplits(writer, projectId)
        await markChanged(writer, projectId)
      })
      publishData(changes, projectId)
      return read(projectId)
    },
  }
}
