/** Whether a home folder is whole: its store by SQLite's own checks, its folders by what lies in them. */
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../main/store/connection.ts'

/** What SQLite finds wrong with a store, opened as a copy, so that what the next host meets is what a dead one left. */
export async function storeFaults(home: string): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'loracle-store-'))
  try {
    for (const name of ['store.sqlite', 'store.sqlite-wal'])
      await copyFile(join(home, name), join(folder, name)).catch(() => undefined)
    const store = await connect(join(folder, 'store.sqlite'), 'write')
    try {
      const integrity = await store.all<{ integrity_check: string }>('PRAGMA integrity_check')
      const keys = await store.all<object>('PRAGMA foreign_key_check')
      return [
        ...integrity.map((row) => row.integrity_check).filter((said) => said !== 'ok'),
        ...keys.map((row) => `foreign key: ${JSON.stringify(row)}`),
        ...(await logFaults(store)),
      ]
    } finally {
      await store.close()
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** A line of a run's log that was stored twice. */
async function logFaults(store: Awaited<ReturnType<typeof connect>>): Promise<readonly string[]> {
  const twice = await store.all<{ text: string; count: number }>(
    // Under a clock that was set back all ends of a run are told for the moment at which it started.
    `SELECT text, COUNT(*) AS count FROM run_log
       WHERE at > (SELECT coalesce(max(started_at), 0) FROM run WHERE run.id = run_log.run_id)
       GROUP BY run_id, at, text HAVING COUNT(*) > 1`,
  )
  return twice.map(({ text, count }) => `a line of a log is there ${count} times: ${text}`)
}

/** Files and folders below one that are of passing use: what is left of them after all work is a fault. */
export async function temporaries(folder: string): Promise<readonly string[]> {
  const found: string[] = []
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true }).catch(() => []))
    if (/\.tmp$|^\.loracle-|^estimate-|^frozen-layers\.bin$|^base-(float16|int[48])\./.test(entry.name))
      found.push(join(entry.parentPath, entry.name))
  return found
}
