import type { TrainCommand } from '../../trainer/protocol.ts'
import { AppError } from '../contract/errors.ts'
import { readRunFolder, writeRunSettings } from './run-folder.ts'
import type { RunRow } from './run-row.ts'
import { isFolder } from './saved-state.ts'
import { prepareRun } from './start-run.ts'

/** Where a model of the list lies now; null where it is no longer in the list. */
export type ModelFolderOf = (modelId: string) => Promise<string | null>

/**
 * The command that begins a run, or goes on with it: what to do stands in the run's folder. A model that has moved
 * since is found by its place in the list of models.
 *
 * @throws AppError or TrainerError with what is missing.
 */
export async function prepareTraining(row: RunRow, modelFolder: ModelFolderOf): Promise<TrainCommand> {
  if (!(await isFolder(row.folder)))
    throw new AppError('file_missing', `${row.folder} is gone.`, { path: row.folder })
  const run = await readRunFolder(row.folder)
  if (!(await isFolder(run.model))) {
    const moved = row.model_id === null ? null : await modelFolder(row.model_id)
    if (moved === null || !(await isFolder(moved)))
      throw new AppError(
        'file_missing',
        `The model ${row.model_name} is gone: ${run.model} was removed or moved. Put it back and resume, or start a new run with another model.`,
        { path: run.model },
      )
    await writeRunSettings(row.folder, { ...run, model: moved })
  }
  return prepareRun({ resume: row.folder })
}
