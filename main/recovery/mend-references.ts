import type { Connection } from '../store/connection.ts'

interface Violation {
  readonly table: string
  readonly rowid: number | null
  readonly parent: string
  readonly fkid: number
}

interface ForeignKey {
  readonly id: number
  readonly from: string
  readonly on_delete: string
}

/**
 * Makes every reference of a store hold: a row whose owner did not come back goes, as it would have gone with its
 * owner; a reference that may be empty is emptied. Repeats until nothing refers to what is gone.
 */
export async function mendReferences(db: Connection): Promise<void> {
  for (;;) {
    const broken = await db.all<Violation>('SELECT * FROM pragma_foreign_key_check LIMIT 10000')
    if (broken.length === 0) return
    const kinds = new Map(broken.map((one) => [`${one.table}/${one.fkid}`, one]))
    for (const { table, parent, fkid } of kinds.values()) {
      const keys = await db.all<ForeignKey>('SELECT * FROM pragma_foreign_key_list(?)', table)
      const key = keys.find(({ id }) => id === fkid)
      if (!key) continue
      const dangling = `${key.from} IS NOT NULL AND ${key.from} NOT IN (SELECT id FROM ${parent})`
      await db.execute(
        key.on_delete === 'SET NULL'
          ? `UPDATE ${table} SET ${key.from} = NULL WHERE ${dangling}`
          : `DELETE FROM ${table} WHERE ${dangling}`,
      )
    }
  }
}
