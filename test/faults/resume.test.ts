import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, open, readlink, rm, writeFile } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createRunFolder } from '../../main/runs/run-folder.ts'
import { homeFolders } from '../../main/store/files.ts'
import { forkTrainer } from '../../main/trainers/trainer-process.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { openRunsApp, quiet, tiny } from '../main/runs/runs-app.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { adapterBytes, runTiny, tinyCommand, writeTinyRun } from '../support/tiny-run.ts'
import { temporaries } from './home-state.ts'

const linesOf = async (runDir: string) =>
  (await readFile(join(runDir, 'metrics.jsonl'), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly type: string; readonly step: number })

test('a validation that a kill cut off from its checkpoint is not in the metrics twice', async () => {
  const folder = await temporaryFolder()
  await writeTinyRun(folder)
  const runDir = join(folder, 'run')
  // On the verge of the validation after step 4: the checkpoint of step 4 knows of none.
  await runTiny(tinyCommand(folder, runDir), (report, stop) => {
    if (report.type === 'step' && report.step === 4) stop()
  })
  const kept = await readdir(join(runDir, 'checkpoints'))
  // Resumed, it validates, writes it down, and is killed before it saves again.
  const died = runTiny(tinyCommand(folder, runDir, { resume: true }), (report) => {
    if (report.type === 'step') throw new Error('killed')
  })
  await expect(died).rejects.toThrow('killed')
  expect(await readdir(join(runDir, 'checkpoints'))).toEqual(kept)
  expect((await linesOf(runDir)).at(-1)).toMatchObject({ type: 'validation', step: 4 })

  await runTiny(tinyCommand(folder, runDir, { resume: true }))
  const validations = (await linesOf(runDir)).filter(({ type }) => type === 'validation')
  expect(validations.map(({ step }) => step)).toEqual([4, 8, 12, 15])
})

test('what a killed trainer was writing is removed when the run goes on, and when the app comes back', async () => {
  const app = await openRunsApp()
  const run = await app.start({ ...tiny, epochs: 60 })
  await app.until(run.id, ({ step }) => step > 6)
  const leave = async () => {
    await mkdir(join(run.folder, 'adapter'), { recursive: true })
    for (const name of [
      'checkpoints/step-00000007.safetensors.tmp',
      'adapter/adapter_model.safetensors.tmp',
      'metrics.jsonl.tmp',
      'settings.json.4711.tmp',
      'frozen-layers.bin',
    ])
      await writeFile(join(run.folder, name), 'half')
  }
  await app.runs['runs.pause']({ runId: run.id }, quiet())
  const paused = await app.until(run.id, ({ status }) => status === 'paused')
  await leave()
  await app.runs['runs.stopAndKeep']({ runId: run.id }, quiet())
  const kept = await app.until(run.id, ({ status }) => status === 'finished')
  expect(kept.step).toBe(paused.step)
  expect(await temporaries(run.folder)).toEqual([])

  await leave()
  await app.store.run(`UPDATE run SET status = 'running', step = 1 WHERE id = ?`, run.id)
  await rm(join(run.folder, 'result.json'))
  await app.close()
  const again = await openRunsApp(app.home)
  await again.runs.recover()
  expect(await temporaries(run.folder)).toEqual([])
  // Where it stood is not told as less than what is saved.
  expect(await again.until(run.id, () => true)).toMatchObject({
    status: 'interrupted',
    step: paused.step,
    checkpointStep: paused.step,
  })
})

test('a run whose trainer dies between its result and the word of it has finished, and is discarded as any other', async () => {
  const worker = fileURLToPath(new URL('workers/last-word-lost.ts', import.meta.url))
  const app = await openRunsApp(undefined, { startTrainer: () => forkTrainer(worker) })
  const run = await app.start()
  const ended = await app.until(run.id, ({ status }) => status === 'finished' || status === 'failed')
  expect(ended).toMatchObject({
    status: 'finished',
    stopped: 'finished',
    usable: true,
    step: 15,
    error: null,
  })
  expect(await app.store.all('SELECT * FROM comparison')).toHaveLength(5)
  expect((await adapterBytes(run.folder)).byteLength).toBeGreaterThan(100)

  // While it is discarded the store knows what is to be removed: a host that dies leaves it to the next.
  for (let i = 0; i < 1_000; i++) await writeFile(join(run.folder, String(i)), '')
  const discarding = app.runs['runs.discard']({ runId: run.id }, quiet())
  while ((await app.store.all('SELECT 1 FROM run')).length > 0);
  expect(existsSync(run.folder)).toBe(true)
  expect(await app.store.all('SELECT * FROM kept')).toHaveLength(1)
  await discarding
  expect(existsSync(run.folder)).toBe(false)
  expect(await app.store.all('SELECT * FROM kept')).toEqual([])
})

test('the folder of a run that the app did not live to queue is gone at the next start', async () => {
  const never = new Promise<never>(() => undefined)
  const app = await openRunsApp(undefined, { writeSplits: () => never })
  const runs = homeFolders(app.home).runs('p1')
  void app.start()
  await expect.poll(() => readdir(runs).catch(() => [])).toHaveLength(1)
  // Time for what it writes before it waits for the examples.
  await expect.poll(async () => (await app.store.all('SELECT * FROM kept')).length).toBe(1)
  await app.close()
  const again = await openRunsApp(app.home)
  await again.start()
  await again.runs.recover({ startsWaitingRuns: false })
  expect(await readdir(runs)).toHaveLength(1)
  expect(await again.store.all('SELECT folder FROM run')).toHaveLength(1)
  expect(await again.store.all('SELECT * FROM kept')).toEqual([])
})

test.skipIf(process.platform !== 'linux')(
  'what must outlast a loss of power is synced, and before what relies on it',
  async () => {
    const folder = await temporaryFolder()
    await writeTinyRun(folder)
    const synced = await recordSyncs()
    const runDir = await createRunFolder(join(folder, 'runs'), 'One', {
      model: join(folder, 'model'),
      datasets: [],
      validation: null,
      tests: [],
      settings: parseSettings({}),
    })
    const made = synced.splice(0).map((path) => path.slice(folder.length))
    const name = basename(runDir)
    expect(made).toEqual(expect.arrayContaining([`/runs/${name}`, '/runs', '']))
    await runTiny(tinyCommand(folder, runDir))
    const paths = synced.map((path) => path.slice(runDir.length))
    const first = paths.indexOf('/checkpoints/step-00000003.safetensors.tmp')
    // The folder that holds it, that one's own entry in the run's (synced for the metrics before), and the course so far.
    expect(paths.slice(first + 1)).toContain('/checkpoints')
    expect(paths.slice(0, first)).toContain('/metrics.jsonl')
    expect(paths.slice(0, first).filter((path) => path === '').length).toBe(2)
    expect(paths).toContain('/adapter')
  },
)

/** The paths that this process syncs from now on, in order. */
async function recordSyncs(): Promise<string[]> {
  const synced: string[] = []
  const handle = await open(fileURLToPath(import.meta.url))
  const prototype = Object.getPrototypeOf(handle) as Pick<FileHandle, 'sync'>
  await handle.close()
  const { sync } = prototype
  prototype.sync = async function (this: FileHandle) {
    synced.push(await readlink(`/proc/self/fd/${this.fd}`))
    return sync.call(this)
  }
  onTestFinished(() => {
    prototype.sync = sync
  })
  return synced
}
