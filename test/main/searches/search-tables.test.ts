import { expect, test } from 'vitest'
import { migrations } from '../../../main/store/migrations.ts'
import { openStore } from '../../../main/store/open.ts'
import { searchTables } from '../../../main/store/search-tables.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

test('a store of before there were searches is brought forward with its runs, which are no trials', async () => {
  const home = await temporaryFolder()
  const at = migrations.findIndex((step) => step.includes(searchTables))
  const before = await openStore(home, { migrations: migrations.slice(0, at) })
  await before.run(`INSERT INTO project (id, name, created_at, updated_at) VALUES ('p', 'One', 0, 0)`)
  const columns = 'id, project_id, name, status, model_name, model_folder, folder, settings, changed, splits'
  await before.run(
    `INSERT INTO run (${columns}, created_at, queued_at)
      VALUES ('r', 'p', 'Run 1', 'finished', 'm', '/m', '/r', '{}', '{}', '{}', 0, 0)`,
  )
  await before.close()

  const store = await openStore(home)
  try {
    expect(await store.all('SELECT id, name, search_id FROM run')).toEqual([
      { id: 'r', name: 'Run 1', search_id: null },
    ])
    await store.run(
      `INSERT INTO search (id, project_id, name, status, model_name, folder, settings, plan, splits, objective, created_at)
        VALUES ('s', 'p', 'Search 1', 'finished', 'm', '/s', '{}', '{}', '{}', 'loss', 0)`,
    )
    await store.run(
      `INSERT INTO run (${columns}, search_id, created_at, queued_at)
        VALUES ('t', 'p', 'Trial', 'paused', 'm', '/m', '/t', '{}', '{}', '{}', 's', 0, 0)`,
    )
    await store.run(
      `INSERT INTO trial (search_id, number, trial_values, run_id, chosen_run_id) VALUES ('s', 1, '{}', 't', 'r')`,
    )
    await store.run(`DELETE FROM run WHERE id = 'r'`)
    expect(await store.all('SELECT run_id, chosen_run_id FROM trial')).toEqual([
      { run_id: 't', chosen_run_id: null },
    ])
    await store.run(`DELETE FROM search WHERE id = 's'`)
    expect(await store.all('SELECT id FROM run')).toEqual([])
    expect(await store.all('SELECT number FROM trial')).toEqual([])
  } finally {
    await store.close()
  }
})
