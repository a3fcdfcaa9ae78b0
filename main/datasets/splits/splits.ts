import { splitNames } from '../../contract/splits.ts'
import type { SplitName, Splits, SplitSize } from '../../contract/splits.ts'
import type { Handlers } from '../../contract/methods.ts'
import { assignSplits } from './assign-splits.ts'
import { isReady, markChanged, projectMissing, publishData } from '../project-data.ts'
import type { DatasetDeps } from '../project-data.ts'
import { askedCounts, readSplitSettings } from './split-settings.ts'
import type { SplitSettings } from './split-settings.ts'

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
    const units = await readUnits(projectId)
    const level = levelOf(units, settings)
    return {
      ...settings,
      counts: numbers(({ examples }) => examples),
      groups: numbers(({ groups }) => groups),
      level,
      note: noteOf(units, settings, level),
    }
  }

  const readUnits = async (projectId: string): Promise<Units> => {
    const units = await store.get<Units>(
      `SELECT count(DISTINCT e.grp) AS groups, count(DISTINCT e.passage_id) AS contexts,
         coalesce(max(e.grp NOT GLOB 'context ????????????????'), 0) AS titled, count(*) AS total,
         coalesce(sum(e.split = 'validation'), 0) AS validation, coalesce(sum(e.split = 'test'), 0) AS test
       FROM source s JOIN example e ON e.source_id = s.id
       WHERE s.project_id = ? AND s.ready = 1 AND s.use = 'auto'`,
      projectId,
    )
    return units ?? { groups: 0, contexts: 0, titled: 0, total: 0, validation: 0, test: 0 }
  }

  return {
    'data.splits': ({ projectId }) => read(projectId),
    'data.setSplits': async ({ projectId, seed, validation, test }) => {
      await store.transaction(async (writer) => {
        const { changes: found } = await writer.run(
          `UPDATE project SET split_seed = ?1,
             validation_fraction = coalesce(?2, validation_fraction), validation_count = ?3,
             test_fraction = coalesce(?4, test_fraction), test_count = ?5
           WHERE id = ?6`,
          seed,
          ...columnsOf(validation),
          ...columnsOf(test),
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

/** The examples without a split of their own. */
interface Units {
  readonly groups: number
  readonly contexts: number
  /** 1 where some group has a name of its own. */
  readonly titled: number
  readonly total: number
  readonly validation: number
  readonly test: number
}

function columnsOf(size: SplitSize): [fraction: number | null, count: number | null] {
  return 'count' in size ? [null, size.count] : [size.fraction, null]
}

/** What the division keeps together; groups that were made from contexts are contexts. */
function levelOf({ groups, titled, contexts }: Units, { validation, test }: SplitSettings): Splits['level'] {
  const isNothingHeldOut = [validation, test].every(
    (size) => ('count' in size ? size.count : size.fraction) === 0,
  )
  if (isNothingHeldOut || Math.max(contexts, groups) < 2) return 'none'
  return groups > 1 && titled === 1 ? 'group' : 'context'
}

/** A part counts as what was asked for where it is off by no more than this share of it. */
const tolerance = 0.1

function noteOf(units: Units, settings: SplitSettings, level: Splits['level']): string | null {
  if (units.total === 0) return null
  const wanted = askedCounts(units.total, settings)
  const off = (['validation', 'test'] as const).filter(
    (name) => Math.abs(units[name] - wanted[name]) > Math.max(1, tolerance * wanted[name]),
  )
  const [first] = off
  if (!first) return null
  const number = (count: number) => count.toLocaleString('en')
  const parts = off
    .map((name) => `${number(units[name])} instead of ${number(wanted[name])} for ${name}`)
    .join(', ')
  if (wanted.validation + wanted.test >= units.total)
    return `Of ${number(units.total)} questions some must be left to train on: ${parts}.`
  if (level === 'none')
    return 'Everything is about one text, which must not stand on both sides: nothing could be held out. Add a second document or text.'
  const kept = level === 'group' ? 'Whole documents' : 'All questions about one text'
  return `${kept} stay together, so the sizes cannot be had exactly: ${parts}.`
}
