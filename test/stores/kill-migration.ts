/**
 * Kills a process at seeded random moments while it brings a store forward, and looks at what is left: the store whole,
 * in the old form or the new one, its copy whole where there is one, and the next start going through.
 *
 *     npm exec -- node test/stores/kill-migration.ts --seed 1 --count 200
 *
 * Prints how often it killed and where the store stood, and exits 1 at the first store that is not whole.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect } from '../../main/store/connection.ts'
import { migrations } from '../../main/store/migrations.ts'
import { openStore } from '../../main/store/open.ts'
import { bytesOf } from '../../main/store/store-file.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { readRows, unpackStore } from './kept-stores.ts'

const worker = join(import.meta.dirname, '../main/store/workers/open-store.ts')
/** Steps that take their time: many pages written, and all of them again. */
const slow = [
  `CREATE TABLE later (id INTEGER PRIMARY KEY, text TEXT);
   WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
   INSERT INTO later SELECT i, hex(randomblob(60)) FROM n;`,
  `UPDATE later SET text = text || 'x'; CREATE INDEX later_by_text ON later (text);`,
]
/** Moments are drawn from so many times what a whole migration takes: some come after it. */
const spread = 1.2
/** Less than a migration writes before it is done. */
const mostLogBytes = 4_000_000
const never = new Promise<void>(() => undefined)

export interface KillOutcome {
  readonly killed: number
  readonly faults: readonly string[]
  readonly sentence: string
}

export async function killAtMigration({
  seed,
  count,
}: {
  seed: number
  count: number
}): Promise<KillOutcome> {
  const random = seededRandom(seed, 'kill-migration')
  const work = await mkdtemp(join(tmpdir(), 'loracle-kill-'))
  const tally = { killed: 0, old: 0, new: 0, copies: 0 }
  const faults: string[] = []
  try {
    const steps = join(work, 'steps.json')
    await writeFile(steps, JSON.stringify(slow))
    const whole = join(work, 'whole')
    await unpackStore('version-3', whole)
    const longestMs = spread * (await openOnce([whole, steps], () => never))
    // The first kill in the middle of writing, wherever that is; others at any moment.
    const momentOf = (round: number, home: string) => () =>
      round === 0
        ? logHas(join(home, 'store.sqlite-wal'), random() * mostLogBytes)
        : sleep(random() * longestMs)
    for (let i = 0; i < count; i++) {
      const home = join(work, `home-${i}`)
      await unpackStore('version-3', home)
      const before = await readRows(join(home, 'store.sqlite'))
      // A store is killed up to three times before it is let through.
      for (let round = 0; round <= i % 3; round++)
        if ((await openOnce([home, steps], momentOf(round, home))) === Infinity) tally.killed++
      const left = await lookAt(home)
      tally[left.version === migrations.length + slow.length ? 'new' : 'old']++
      tally.copies += left.copies
      faults.push(...left.faults.map((fault) => `kill ${i} of seed ${seed}: ${fault}`))
      const store = await openStore(home, { migrations: [...migrations, ...slow] })
      await store.close()
      const after = await readRows(join(home, 'store.sqlite'))
      for (const [table, rows] of before)
        if (table !== 'kept' && after.get(table)?.length !== rows.length)
          faults.push(`kill ${i}: ${table} has ${after.get(table)?.length ?? 0} rows of ${rows.length}`)
      if ((await copiesIn(home)).length > 3) faults.push(`kill ${i}: more than three copies`)
      await rm(home, { recursive: true, force: true })
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  const sentence = `${tally.killed} kills in ${count} stores: ${tally.old} left old, ${tally.new} new, ${tally.copies} copies, ${faults.length} faults`
  return { killed: tally.killed, faults, sentence }
}

/**
 * Lets a process open the store, and kills it when it has, or at a moment before. Milliseconds that it took;
 * Infinity where it was killed before.
 */
async function openOnce(args: readonly string[], moment: () => Promise<unknown>): Promise<number> {
  const child = spawn(process.execPath, [worker, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  try {
    let seen = ''
    const sees = (text: string) =>
      new Promise<void>((resolve) => {
        child.stdout.setEncoding('utf8').on('data', (more: string) => {
          seen += more
          if (seen.includes(text)) resolve()
        })
      })
    const isOpen = sees('open\n')
    await Promise.race([sees('opening\n'), ended])
    const began = performance.now()
    await Promise.race([isOpen, ended, moment()])
    return seen.includes('open\n') ? performance.now() - began : Infinity
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** Resolves when a log has grown so far; never, where it is gone first. */
async function logHas(path: string, bytes: number): Promise<void> {
  const until = performance.now() + 20_000
  while ((await bytesOf(path)) < bytes && performance.now() < until) await sleep(1)
}

const copiesIn = async (home: string): Promise<readonly string[]> =>
  (await readdir(home)).filter((name) => /^store\.before-.*\.sqlite$/.test(name))

/** What a kill left: read by a connection of its own, which takes the log into account. */
async function lookAt(home: string) {
  const faults: string[] = []
  const soundIn = async (path: string): Promise<number> => {
    const store = await connect(path, 'write')
    try {
      const [check] = await store.all<{ integrity_check: string }>('PRAGMA integrity_check')
      if (check?.integrity_check !== 'ok') faults.push(`${path} is not whole: ${check?.integrity_check}`)
      const row = await store.get<{ user_version: number }>('PRAGMA user_version')
      return row?.user_version ?? 0
    } finally {
      await store.close()
    }
  }
  const version = await soundIn(join(home, 'store.sqlite'))
  if (version !== 3 && version !== migrations.length + slow.length)
    faults.push(`the store is of form ${version}, neither the old nor the new one`)
  const copies = await copiesIn(home)
  for (const name of copies)
    if ((await soundIn(join(home, name))) !== 3) faults.push(`${name} is not the store as it was`)
  return { version, copies: copies.length, faults }
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { seed: { type: 'string' }, count: { type: 'string' } } })
  const outcome = await killAtMigration({
    seed: Number(values.seed ?? 1),
    count: Number(values.count ?? 200),
  })
  for (const fault of outcome.faults) process.stderr.write(`${fault}\n`)
  process.stdout.write(`${outcome.sentence}\n`)
  process.exitCode = outcome.faults.length > 0 ? 1 : 0
}
