/**
 * Makes a store with an earlier version of the app, by what a person does there: projects, imports, mends, runs of
 * every status, comparisons, chats, exports, drafts, a search, and two processes that were killed at work.
 *
 *     git archive COMMIT | tar -x -C FOLDER && ln -s "$PWD/node_modules" FOLDER/node_modules
 *     npm exec -- node test/stores/make-store.ts FOLDER test/stores/version-N
 *
 * Writes `store.sqlite.gz` and the finished run's `metrics.jsonl.gz` into the folder named last. What lies in temporary
 * folders meanwhile is removed, also on Ctrl-C; paths in the store are replaced by `/home/ada/loracle`.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { connect } from '../../main/store/connection.ts'

const [root = '', out = ''] = process.argv.slice(2).map((path) => resolve(path))
if (!out) throw new Error('Usage: make-store.ts FOLDER OUT')
const work = await mkdtemp(join(tmpdir(), 'loracle-make-store-'))
const home = join(work, 'home')
process.on('SIGINT', () => process.exit(130))
try {
  for (const act of ['work', 'killed', 'again']) await play(act)
  await mkdir(out, { recursive: true })
  await keepStore()
  await keepMetrics()
} finally {
  await rm(work, { recursive: true, force: true })
}

/** One process of the app; all but the first end by SIGKILL. */
async function play(act: string): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'acts.ts'), act, root, work], {
    stdio: 'inherit',
  })
  const ended = await new Promise<string>((done) => {
    child.on('exit', (code, signal) => done(signal ?? String(code)))
  })
  const wanted = act === 'work' ? '0' : 'SIGKILL'
  if (ended !== wanted) throw new Error(`The act ${act} ended with ${ended}, not ${wanted}.`)
}

async function keepStore(): Promise<void> {
  const store = await connect(join(home, 'store.sqlite'), 'write')
  await store.execute(`
    INSERT INTO source (id, project_id, name, kind, format, bytes, imported_at, ready)
      SELECT 'half-imported', id, 'half.csv', 'dataset', 'csv', 7, 7, 0 FROM project LIMIT 1`)
  const tables = await store.all<{ name: string }>(
    `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'passage_text%'`,
  )
  const places = [
    [home, '/home/ada/loracle'],
    [work, '/home/ada/files'],
    [root, '/opt/loracle'],
  ] as const
  for (const { name } of tables)
    for (const column of await store.all<{ name: string; type: string }>(`PRAGMA table_info(${name})`)) {
      if (column.type !== 'TEXT') continue
      const cell = `"${column.name}"`
      for (const [from, to] of places)
        await store.run(
          `UPDATE "${name}" SET ${cell} = replace(${cell}, ?1, ?2) WHERE instr(${cell}, ?1)`,
          from,
          to,
        )
    }
  const whole = join(work, 'whole.sqlite')
  await store.execute(`VACUUM INTO '${whole}'`)
  await store.close()
  await keepFile(whole, 'store.sqlite')
}

async function keepMetrics(): Promise<void> {
  const projects = join(home, 'projects')
  for (const path of (await readdir(projects, { recursive: true })).toSorted())
    if (/first-run[^/]*\/metrics\.jsonl$/i.test(path)) await keepFile(join(projects, path), 'metrics.jsonl')
}

async function keepFile(path: string, name: string): Promise<void> {
  await writeFile(join(out, `${name}.gz`), gzipSync(await readFile(path), { level: 9 }))
}
