import { mkdir, readdir, rm, stat } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { syncFolder, writeAtomic } from '../../trainer/checkpoint/write-atomic.ts'
import { TrainerError, parseSettings } from '../../trainer/protocol.ts'
import type { Settings, TrainingDataset } from '../../trainer/protocol.ts'
import type { TestSet } from '../contract/engine-types.ts'
import { isRecord, readJsonObject } from './settings-source.ts'

/** What a run was started with; kept in its folder as `settings.json`. Paths are absolute. */
export interface RunSettings {
  readonly model: string
  readonly datasets: readonly TrainingDataset[]
  readonly validation: string | null
  readonly tests: readonly TestSet[]
  readonly settings: Settings
}

const settingsFile = 'settings.json'

/**
 * Makes the folder `<yyyy-mm-dd-hhmmss>-<name>` under `out`, with the run's settings in it, and returns its
 * path. A name that is taken gets a number.
 */
export async function createRunFolder(out: string, name: string, run: RunSettings): Promise<string> {
  return fillRunFolder(out, name, () => Promise.resolve(run))
}

/** As `createRunFolder`, for a run whose files `prepare` first writes into the folder. */
export async function fillRunFolder(
  out: string,
  name: string,
  prepare: (runDir: string) => Promise<RunSettings>,
): Promise<string> {
  const made = await mkdir(out, { recursive: true })
  if (made !== undefined) await syncFolder(dirname(made))
  const runDir = await makeFresh(join(resolve(out), `${timestamp(new Date())}-${folderName(name)}`))
  try {
    await writeRunSettings(runDir, await prepare(runDir))
  } catch (error) {
    await rm(runDir, { recursive: true, force: true })
    throw error
  }
  return runDir
}

/** Writes what a run is started with into its folder. */
export async function writeRunSettings(runDir: string, run: RunSettings): Promise<void> {
  await writeAtomic(join(runDir, settingsFile), `${JSON.stringify(run, null, 2)}\n`)
}

/**
 * Reads back what a run was started with.
 *
 * @throws TrainerError `checkpoint_invalid` where the folder is not a run's, `file_invalid` where its settings
 * are damaged.
 */
export async function readRunFolder(runDir: string): Promise<RunSettings> {
  const path = join(runDir, settingsFile)
  const there = await stat(path).catch(() => null)
  if (!there)
    throw new TrainerError(
      'checkpoint_invalid',
      `${runDir} is not a run folder: it has no ${settingsFile}. Name a folder that loracle train has made.`,
      { runDir },
    )
  const { model, validation, tests, settings, ...given } = await readJsonObject(path)
  const datasets = datasetsOf(given)
  if (
    typeof model !== 'string' ||
    !datasets ||
    !isPathOrNull(validation) ||
    !isTestSets(tests) ||
    !isRecord(settings)
  )
    throw new TrainerError(
      'file_invalid',
      `${path} lacks the model, the data or the settings of the run. Start the run anew.`,
      { path },
    )
  return { model, datasets, validation, tests, settings: parseSettings(settings) }
}

/** Removes the folder of a run that ended before it had made anything: one that holds its settings alone. */
export async function removeIfUnused(runDir: string): Promise<boolean> {
  const entries = await readdir(runDir).catch(() => [])
  if (entries.length !== 1 || entries[0] !== settingsFile) return false
  await rm(runDir, { recursive: true, force: true })
  return true
}

async function makeFresh(base: string): Promise<string> {
  for (let number = 1; ; number++) {
    const path = number === 1 ? base : `${base}-${number}`
    try {
      await mkdir(path)
      await syncFolder(dirname(path))
      return path
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
}

function timestamp(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  const day = [date.getFullYear(), two(date.getMonth() + 1), two(date.getDate())].join('-')
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`
}

function folderName(name: string): string {
  const plain = name.replace(/[^\p{L}\p{N}._-]+/gu, '-').replace(/^[-.]+|[-.]+$/g, '')
  return plain.slice(0, 60) || 'run'
}

/** Folders of before there could be several datasets name one file as `data`. */
function datasetsOf({ data, datasets }: Record<string, unknown>): readonly TrainingDataset[] | null {
  if (typeof data === 'string') return [{ name: 'data', data, weight: 1 }]
  return isDatasets(datasets) ? datasets : null
}

function isDatasets(value: unknown): value is readonly TrainingDataset[] {
  return (
    isTestSets(value) &&
    value.length > 0 &&
    value.every((one: Partial<TrainingDataset>) => typeof one.weight === 'number' && one.weight > 0)
  )
}

function isPathOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function isTestSets(value: unknown): value is readonly TestSet[] {
  return (
    Array.isArray(value) &&
    value.every(
      (one: Partial<TestSet> | null) => typeof one?.name === 'string' && typeof one.data === 'string',
    )
  )
}
