/** A home without models and runs, filled and opened in a moment. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { openHome } from './full-home.ts'
import type { OpenHome } from './full-home.ts'

/** Rows of a table whose contexts are all different. */
export function csvRows(from: number, count: number): string {
  const rows = Array.from(
    { length: count },
    (_, i) =>
      `Who has number ${from + i}?,"Number ${from + i} is had by Ann${from + i}, ${'who '.repeat(60)}waits.",Ann${from + i}`,
  )
  return ['question,context,answer', ...rows].join('\n')
}

/** Imports so many rows into a new project of a new home; the app stays open. */
export async function openSmallHome(rows: number): Promise<{
  readonly home: string
  readonly open: OpenHome
  readonly projectId: string
  readonly add: (from: number, count: number) => Promise<string>
}> {
  const folder = await temporaryFolder()
  const home = join(folder, 'home')
  const open = await openHome(home)
  const { id: projectId } = await open.call('projects.create', { name: 'Small' })
  const add = async (from: number, count: number): Promise<string> => {
    const path = join(folder, `rows-${from}.csv`)
    await writeFile(path, csvRows(from, count))
    const source = await open.call('data.import', {
      projectId,
      file: { path },
      name: null,
      mapping: null,
      use: 'auto',
    })
    return source.id
  }
  if (rows > 0) await add(0, rows)
  return { home, open, projectId, add }
}
