import { randomUUID } from 'node:crypto'
import { AppError } from '../../contract/errors.ts'
import type { Mapping, SavedMapping } from '../../contract/imports.ts'
import type { Handlers } from '../../contract/methods.ts'
import type { Store } from '../../store/open.ts'
import { fitsColumns, requireMapping } from '../mapping/mapping-fault.ts'

const longestName = 100

/** Mappings that are kept under names, to be offered when the same columns come back. */
export function savedMappingHandlers({
  store,
}: {
  readonly store: Store
}): Handlers<'data.mappings' | 'data.saveMapping' | 'data.removeMapping'> {
  return {
    'data.mappings': async ({ columns }) => {
      const saved = await readMappings(store)
      if (columns === null) return saved
      const isSame = sameAs(columns)
      return saved
        .filter(({ mapping }) => fitsColumns(mapping, columns))
        .toSorted((a, b) => Number(isSame(b)) - Number(isSame(a)))
    },
    'data.saveMapping': async ({ name, columns, mapping }) => {
      const checked = checkName(name)
      requireMapping(mapping, columns, 'the file')
      await store.run(
        `INSERT INTO saved_mapping (id, name, columns, mapping, saved_at) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET name = excluded.name, columns = excluded.columns,
           mapping = excluded.mapping, saved_at = excluded.saved_at`,
        randomUUID(),
        checked,
        JSON.stringify(columns),
        JSON.stringify(mapping),
        Date.now(),
      )
      const saved = (await readMappings(store)).find((one) => one.name === checked)
      if (saved) return saved
      throw mappingMissing(checked)
    },
    'data.removeMapping': async ({ mappingId }) => {
      const { changes } = await store.run('DELETE FROM saved_mapping WHERE id = ?', mappingId)
      if (changes === 0) throw mappingMissing(mappingId)
      return null
    },
  }
}

interface MappingRow extends Omit<SavedMapping, 'columns' | 'mapping'> {
  readonly columns: string
  readonly mapping: string
}

/** All of them, newest first. */
async function readMappings(store: Store): Promise<SavedMapping[]> {
  const rows = await store.all<MappingRow>(
    'SELECT id, name, columns, mapping, saved_at AS savedAt FROM saved_mapping ORDER BY saved_at DESC, rowid DESC',
  )
  return rows.map((row) => ({
    ...row,
    columns: JSON.parse(row.columns) as string[],
    mapping: JSON.parse(row.mapping) as Mapping,
  }))
}

/** Whether a saved mapping comes from a file with just these columns, in whatever order. */
function sameAs(columns: readonly string[]): (saved: SavedMapping) => boolean {
  const wanted = new Set(columns)
  return (saved) =>
    saved.columns.length === wanted.size && saved.columns.every((column) => wanted.has(column))
}

function checkName(given: string): string {
  const name = given
    .toWellFormed()
    .normalize('NFC')
    // Bidirectional controls turn the text around a name.
    .replace(/[\u202A-\u202E\u2066-\u2069]/gu, '')
    .replace(/\s+/gu, ' ')
    .trim()
  if (name === '')
    throw new AppError('name_invalid', `A mapping needs a name. Type one of 1 to ${longestName} characters.`)
  if (name.length <= longestName) return name
  throw new AppError(
    'name_invalid',
    `The name of a mapping has at most ${longestName} characters, and this one ${name.length}. Shorten it.`,
    { length: name.length },
  )
}

function mappingMissing(mapping: string): AppError {
  return new AppError(
    'mapping_missing',
    'This mapping is not kept any more. Choose another one, or map the columns again.',
    { mapping },
  )
}
