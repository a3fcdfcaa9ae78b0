import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TrainerError } from '../../trainer/protocol.ts'
import type { TrainCommand } from '../../trainer/protocol.ts'
import type { TrainRequest } from '../contract/engine-types.ts'
import { removeLeftovers } from './leftovers.ts'
import { createRunFolder, readRunFolder } from './run-folder.ts'
import type { RunSettings } from './run-folder.ts'
import { gatherSettings } from './settings-source.ts'

/**
 * Turns a request into the trainer's command: checks the settings and that the files are there, then makes the
 * run's folder, or reads it back.
 *
 * @throws TrainerError with what is missing or wrong; then no folder was made.
 */
export async function prepareRun(request: TrainRequest): Promise<TrainCommand> {
  if ('resume' in request) {
    const runDir = resolve(request.resume)
    const run = await readRunFolder(runDir)
    await requirePaths(run)
    await removeLeftovers(runDir)
    return { kind: 'train', ...run, runDir, resume: true }
  }
  const run: RunSettings = {
    model: resolve(request.model),
    datasets: request.datasets.map((dataset) => ({ ...dataset, data: resolve(dataset.data) })),
    validation: request.validation === null ? null : resolve(request.validation),
    tests: request.tests.map((test) => ({ name: test.name, data: resolve(test.data) })),
    settings: await gatherSettings(request.settings),
  }
  await requirePaths(run)
  return {
    kind: 'train',
    ...run,
    runDir: await createRunFolder(request.out, request.name, run),
    resume: false,
  }
}

/** @throws TrainerError `file_missing` or `file_invalid` where the model or a file of a run is not there. */
export async function requirePaths(run: RunSettings): Promise<void> {
  await requireFolder(run.model, 'model')
  const files = [
    ...run.datasets.map(({ data }) => data),
    ...(run.validation === null ? [] : [run.validation]),
    ...run.tests.map((test) => test.data),
  ]
  for (const path of files) await requireFile(path)
}

/** @throws TrainerError `file_missing` or `file_invalid` where there is no folder. */
export async function requireFolder(path: string, what: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory()) return
  if (found) throw new TrainerError('file_invalid', `${path} is a file: name the ${what}'s folder.`, { path })
  throw new TrainerError('file_missing', `The ${what} folder ${path} does not exist. Check the path.`, {
    path,
  })
}

/** @throws TrainerError `file_missing` or `file_invalid` where there is no file. */
export async function requireFile(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (!found) throw new TrainerError('file_missing', `${path} does not exist. Check the path.`, { path })
  if (found.isDirectory())
    throw new TrainerError('file_invalid', `${path} is a folder: name a file.`, { path })
}
