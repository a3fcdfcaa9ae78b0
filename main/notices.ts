import type { Handlers } from './contract/methods.ts'
import type { Notice } from './contract/projects.ts'
import type { Changes } from './store/changes.ts'
import type { Store } from './store/open.ts'

interface NoticeRow {
  readonly id: string
  readonly at: number
  readonly error: string
  readonly project_id: string | null
  readonly run_id: string | null
}

/** What went wrong in the background, kept until the person has seen it. */
export interface Notices {
  readonly handlers: Pick<Handlers, 'app.dismissNotice'>
  list(): Promise<readonly Notice[]>
}

export function createNotices({ store, changes }: { store: Store; changes: Changes }): Notices {
  return {
    handlers: {
      'app.dismissNotice': async ({ id }) => {
        await store.run('DELETE FROM notice WHERE id = ?', id)
        changes.publish('notices', null)
        return null
      },
    },
    list: async () => {
      const rows = await store.all<NoticeRow>('SELECT * FROM notice ORDER BY at DESC LIMIT 50')
      return rows.map((row) => ({
        id: row.id,
        at: row.at,
        error: JSON.parse(row.error) as Notice['error'],
        projectId: row.project_id,
        runId: row.run_id,
      }))
    },
  }
}
