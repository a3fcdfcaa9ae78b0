import type { Settings, TrainingDataset } from '../../trainer/protocol.ts'
import type { ModelInfo } from '../contract/models.ts'

/** The files of a project's splits, as they were written into a folder. */
export interface WrittenSplits {
  readonly datasets: readonly TrainingDataset[]
  readonly validation: string | null
  readonly tests: readonly { readonly name: string; readonly path: string; readonly count: number }[]
  readonly counts: { readonly train: number; readonly validation: number; readonly test: number }
}

export type WriteSplits = (
  projectId: string,
  folder: string,
  options?: { readonly questionsOnly: boolean },
) => Promise<WrittenSplits>

/** Writes a project's texts beside its splits; gives the file to train on, and the one to validate on. */
export type WritePassages = (
  projectId: string,
  to: { readonly folder: string; readonly validation: string | null },
) => Promise<{ readonly train: string | null; readonly validation: string | null }>

export interface RunDataWriters {
  readonly writeSplits: WriteSplits
  readonly writePassages: WritePassages
}

/** What a run is given of a project. */
export interface RunFiles {
  readonly datasets: readonly TrainingDataset[]
  readonly validation: string | null
  readonly tests: readonly { readonly name: string; readonly data: string }[]
  readonly counts: WrittenSplits['counts']
}

/** What a run is for. */
export interface RunPurpose {
  readonly model: Pick<ModelInfo, 'kind'>
  readonly settings: Settings
}

/**
 * Writes what a run of a project reads into a folder: its examples, without the tasks for a model that marks answers,
 * and where the settings say so its texts.
 */
export async function writeRunData(
  projectId: string,
  folder: string,
  { writeSplits, writePassages, model, settings }: RunDataWriters & RunPurpose,
): Promise<RunFiles> {
  const questionsOnly = model.kind === 'extractive'
  const splits = await writeSplits(projectId, folder, { questionsOnly })
  const { datasets, validation, counts } = splits
  const tests = splits.tests.map(({ name, path }) => ({ name, data: path }))
  if (!settings.trainOnPassages) return { datasets, validation, tests, counts }
  const passages = await writePassages(projectId, { folder, validation })
  const texts = passages.train === null ? [] : [{ name: 'passages', data: passages.train, weight: 1 }]
  return {
    datasets: [...(counts.train > 0 || texts.length === 0 ? datasets : []), ...texts],
    validation: passages.validation,
    tests,
    counts,
  }
}
