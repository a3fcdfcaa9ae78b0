/**
 * Damages the store of a filled home folder in seeded ways and opens the app over it: everything that the contract's
 * methods tell must be as before, SQLite must find the new store whole, the damaged file must be kept as it was, and
 * now and then a paused run is gone on with and must end with the bytes of one that was never paused.
 *
 *   npm exec -- node test/faults/damaged-stores.ts --seed 1 --count 200
 *
 * Prints a line for each damage and the counts; exits 1 where anything differs.
 */
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { seededRandom } from '../../trainer/data/random.ts'
import { killOpening } from '../main/recovery/kill-rebuild.ts'
import { damageStore, damages, storeBytes } from '../main/recovery/damages.ts'
import {
  damagedFiles,
  differences,
  fillHome,
  integrityOf,
  openHome,
  pausedSettings,
  tellAll,
  until,
} from '../main/recovery/full-home.ts'

const { values } = parseArgs({
  options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '200' } },
})
const [seed, count] = [Number(values.seed), Number(values.count)]
/** Of so many damages one is followed by training. */
const trainEvery = 20
/** Of so many damages one is followed by a start that is killed, before the one that is looked at. */
const killEvery = 4

const folder = await mkdtemp(join(tmpdir(), 'loracle-damaged-'))
const end = () => rm(folder, { recursive: true, force: true, maxRetries: 5 })
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void end().finally(() => process.exit(130)))

try {
  process.exitCode = (await run()) > 0 ? 1 : 0
} finally {
  await end()
}

async function run(): Promise<number> {
  const home = join(folder, 'home')
  const [closed, open] = [join(folder, 'closed'), join(folder, 'open')]
  const filled = await fillHome(home, { withSearch: true })
  // One that was never paused, beside the project's run that was.
  const first = await openHome(home)
  const model = (await first.call('projects.get', { projectId: filled.projectId })).modelId ?? ''
  const wholeRun = await first.call('runs.start', {
    projectId: filled.projectId,
    modelId: model,
    name: 'Never paused',
    settings: pausedSettings,
  })
  await until(first, wholeRun.id, (status) => status === 'finished')
  const expectedAdapter = await adapterOf(wholeRun.folder)
  const told = await tellAll(first)
  await first.app.mirrored()
  // With its log, as a process leaves it that is killed.
  await cp(home, open, { recursive: true })
  await first.close()
  await cp(home, closed, { recursive: true })

  let [faults, anew, whole, trained, killed] = [0, 0, 0, 0, 0]
  for (let i = 0; i < count; i++) {
    const fault = (text: string): void => {
      faults++
      process.stdout.write(`FAULT ${seed + i}: ${text}\n`)
    }
    const ofLog = i % 4 === 3
    await rm(home, { recursive: true, force: true })
    await cp(ofLog ? open : closed, home, { recursive: true })
    const damage = await damageStore(
      home,
      seed + i,
      damages.filter((one) => (one.ofLog ?? false) === ofLog),
    )
    const spoilt = await storeBytes(home)
    const isKilled = i % killEvery === 1
    if (isKilled && !(await killOpening(home, 40 * seededRandom(seed + i, 'kill')() ** 2 * 10))) killed++
    const app = await openHome(home)
    try {
      const { rebuilt } = app.app
      if (isKilled && rebuilt === null && (await damagedFiles(home)).length > 0) anew++
      else if (rebuilt === null) whole++
      else anew++
      if (rebuilt === null && damage.isCertain && !isKilled) fault(`${damage.name} was not noticed`)
      for (const key of differences(told, await tellAll(app))) fault(`${damage.name}: ${key} differs`)
      if (i % trainEvery === 0) {
        trained++
        await app.call('runs.resume', { runId: filled.pausedRun })
        await until(app, filled.pausedRun, (status) => status === 'finished')
        const { folder: runFolder } = await app.call('runs.get', { runId: filled.pausedRun })
        if (!(await adapterOf(runFolder)).equals(expectedAdapter))
          fault(`${damage.name}: the adapter has other bytes`)
      }
      await app.close()
      const kept = await damagedFiles(home)
      const [keptFile] = kept.filter((name) => name.endsWith('.sqlite'))
      if (rebuilt !== null && spoilt && !ofLog) {
        const bytes = keptFile === undefined ? null : await readFile(join(home, keptFile))
        if (!bytes?.equals(spoilt)) fault(`${damage.name}: the damaged file was not kept as it was`)
      }
      const integrity = await integrityOf(home)
      if (integrity !== 'ok') fault(`${damage.name}: ${integrity}`)
      const again = await openHome(home)
      if (again.app.rebuilt !== null) fault(`${damage.name}: made anew a second time`)
      await again.close()
      process.stdout.write(`${seed + i} ${damage.name}: ${rebuilt === null ? 'whole' : 'made anew'}\n`)
    } catch (thrown) {
      await app.close().catch(() => undefined)
      fault(`${damage.name}: ${String(thrown)}`)
    }
  }
  process.stdout.write(
    `${count} damages, ${anew} stores made anew, ${whole} found whole, ${killed} starts killed, ${trained} runs gone on with, ${Object.keys(told).length} answers compared each, ${faults} faults\n`,
  )
  return faults
}

async function adapterOf(runFolder: string): Promise<Buffer> {
  return readFile(join(runFolder, 'adapter', 'adapter_model.safetensors'))
}
