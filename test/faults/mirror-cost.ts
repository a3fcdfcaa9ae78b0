/**
 * What the mirror of a project costs: an import of so many rows without and with it, the writing of the mirror alone,
 * its size, and the time in which a store is made anew from it and looked through.
 *
 *   npm exec -- node test/faults/mirror-cost.ts --rows 1000000
 *
 * Prints processor seconds, wall seconds and sizes; exits 1 where the import takes a fifth more processor time with the
 * mirror, the mirror more than half of the import's, more than a third of the store's bytes, or a row is missing.
 */
import { createWriteStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import { createDatasets } from '../../main/datasets/service.ts'
import type { Datasets } from '../../main/datasets/service.ts'
import { openMirroredStore } from '../../main/recovery/open-mirrored-store.ts'
import type { MirroredStore } from '../../main/recovery/open-mirrored-store.ts'
import { createChanges } from '../../main/store/changes.ts'
import { plainCall } from '../../main/app.ts'
import { seededRandom } from '../../trainer/data/random.ts'

const { values } = parseArgs({ options: { rows: { type: 'string', default: '1000000' } } })
const count = Number(values.rows)
const folder = await mkdtemp(join(tmpdir(), 'loracle-mirror-'))
const end = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().finally(() => process.exit(130)))
const delay = monitorEventLoopDelay({ resolution: 5 })
delay.enable()

try {
  const faults = await run()
  for (const fault of faults) process.stdout.write(`FAULT: ${fault}.\n`)
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  await end()
}

async function run(): Promise<readonly string[]> {
  const file = join(folder, 'rows.jsonl')
  await pipeline(rows, createWriteStream(file))
  const bare = await openHome('bare')
  const without = await measured('import without the mirror', () => bring(bare.data, file))
  await close(bare)
  const kept = await openHome('kept')
  await kept.mirrored.startMirror()
  const withIt = await measured('import with the mirror', () => bring(kept.data, file))
  await settle(kept.data)
  await kept.mirrored.mirrored()
  await close(kept)
  // Alone: all of it is written anew.
  const home = join(folder, 'kept')
  await rm(join(home, 'projects'), { recursive: true })
  const alone = await openMirroredStore(home)
  const written = await measured('the mirror alone', async () => {
    await alone.startMirror()
    await alone.mirrored()
  })
  await alone.close()
  const [store, mirror] = [
    await bytesUnder(home, 'store.sqlite'),
    await bytesUnder(join(home, 'projects'), ''),
  ]
  process.stdout.write(`store ${megabytes(store)}, mirror ${megabytes(mirror)}\n`)
  await measured('a start after an orderly end', () => openAndClose(home))
  await rm(join(home, 'store.closed.json'))
  await measured('a start that looks through the store', () => openAndClose(home))
  await rm(join(home, 'store.sqlite'))
  let back = -1
  await measured('a store made anew', async () => {
    const again = await openMirroredStore(home)
    back = (await again.store.get<{ count: number }>('SELECT count(*) AS count FROM example'))?.count ?? 0
    await again.close()
  })
  return [
    ...(withIt > 1.2 * without ? ['the mirror slows the import by more than a fifth'] : []),
    ...(written > 0.5 * without ? ['the mirror takes more than half of the import'] : []),
    ...(mirror > store / 3 ? ['the mirror is larger than a third of the store'] : []),
    ...(back === count ? [] : [`${back} of ${count} rows came back`]),
  ]
}

interface Home {
  readonly mirrored: MirroredStore
  readonly data: Datasets
}

async function openHome(name: string): Promise<Home> {
  const home = join(folder, name)
  await mkdir(home)
  const mirrored = await openMirroredStore(home)
  const { store } = mirrored
  await store.run(`INSERT INTO project (id, name, created_at, updated_at) VALUES ('p', 'Large', 1, 1)`)
  const nothing = () => Promise.resolve(null)
  const none = () => Promise.reject(new Error('not asked for here'))
  const deps = {
    modelFolderOf: nothing,
    windowOf: nothing,
    modelOf: nothing,
    runOf: nothing,
    resolveUpload: none,
  }
  const data = createDatasets({
    ...deps,
    store,
    changes: createChanges(),
    version: '0',
    answering: { ask: none, write: none },
  })
  return { mirrored, data }
}

async function bring(data: Datasets, path: string): Promise<void> {
  const request = { projectId: 'p', file: { path }, name: null, mapping: null, use: 'auto' } as const
  await data['data.import'](request, plainCall)
}

/** Waits for what goes on behind an import: the checks across rows, the full-text index. */
async function settle(data: Datasets): Promise<void> {
  await data['data.check']({ projectId: 'p' }, plainCall)
  await data.searchPassages('p', 'what', 1)
}

async function close({ mirrored, data }: Home): Promise<void> {
  await data.dispose()
  await mirrored.close()
}

async function openAndClose(home: string): Promise<void> {
  const { store } = await openMirroredStore(home)
  await store.close()
}

/** Does the work, prints what it took, and returns its processor seconds. */
async function measured(name: string, work: () => Promise<unknown>): Promise<number> {
  const [began, before] = [performance.now(), process.cpuUsage()]
  delay.reset()
  await work()
  const { user, system } = process.cpuUsage(before)
  const seconds = (user + system) / 1e6
  const wall = (performance.now() - began) / 1e3
  const longest = delay.percentile(99) / 1e6
  process.stdout.write(
    `${name}: ${seconds.toFixed(1)} s of processor time, ${wall.toFixed(1)} s, event loop held ${longest.toFixed(0)} ms (99 %)\n`,
  )
  return seconds
}

async function* rows(): AsyncGenerator<string> {
  const random = seededRandom(1, 'mirror')
  const words =
    'the a of to in is that for it as was with be by on not he his but at are this have from'.split(' ')
  const text = (length: number) =>
    Array.from({ length }, () => words[Math.floor(random() * words.length)] ?? '').join(' ')
  for (let i = 0; i < count; i++) {
    const answer = `answer${i}`
    const context = `Row ${i} ${text(35)} ${answer} ${text(10)}`
    const answers = { text: [answer], answer_start: [context.indexOf(answer)] }
    yield `${JSON.stringify({ id: `q${i}`, context, question: `${text(8)} ${i}?`, answers })}\n`
  }
}

async function bytesUnder(path: string, name: string): Promise<number> {
  if (name !== '') return (await stat(join(path, name))).size
  let bytes = 0
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) bytes += (await stat(join(entry.parentPath, entry.name))).size
  return bytes
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}
