import type { Reader } from './connection.ts'

/** What a project teaches: `task` where all its examples are tasks, whose answers need no text to stand in. */
export async function projectForm(store: Reader, projectId: string): Promise<'qa' | 'task'> {
  const row = await store.get<{ tasks: number; questions: number }>(
    `SELECT EXISTS (SELECT 1 FROM example WHERE project_id = ?1 AND form = 'task') AS tasks,
       EXISTS (SELECT 1 FROM example WHERE project_id = ?1 AND form = 'qa') AS questions`,
    projectId,
  )
  return row?.tasks === 1 && row.questions === 0 ? 'task' : 'qa'
}
