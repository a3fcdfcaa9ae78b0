import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { TrainerContext } from '../context.ts'
import type { Example, Problem } from '../data/example.ts'
import { askedExamples } from '../data/passages.ts'
import { splitByGroup } from '../data/split.ts'
import { tokenizerFiles } from '../data/tokenizer-files.ts'
import type { TrainingExamples } from '../data/training-examples.ts'
import { TrainerError } from '../errors.ts'
import { kindOf } from '../kinds/kinds.ts'
import { checkPrecision } from '../open-model.ts'
import type { TextModel } from '../open-model.ts'
import type { TrainCommand } from '../protocol.ts'
import { readExamples } from './read-examples.ts'
import { parseSettings } from '../settings.ts'
import type { Settings } from '../settings.ts'

export interface TestSet {
  readonly name: string
  readonly examples: readonly Example[]
}

/** The training examples of one dataset: so many of `RunData.train`, after those of the datasets before it. */
export interface MixedDataset {
  readonly name: string
  readonly weight: number
  readonly examples: number
}

/** Something wrong with a record, and the file that it is in. */
export interface FileProblem {
  readonly file: string
  readonly problem: Problem
}

/** Everything that was read for a run, as examples. */
export interface RunData {
  readonly problems: readonly FileProblem[]
  readonly train: readonly Example[]
  /** What the training examples were read from, in their order. */
  readonly datasets: readonly MixedDataset[]
  readonly validation: readonly Example[]
  readonly tests: readonly TestSet[]
}

/**
 * Reads the files of a run, reports what is in them, and holds out a validation split of each dataset where no file
 * was given for it.
 *
 * @throws TrainerError `usage` where there is no dataset, and as `readDataset` does.
 */
export async function readRunData(
  command: Pick<TrainCommand, 'datasets' | 'validation' | 'tests' | 'settings'>,
  context: TrainerContext,
): Promise<RunData> {
  const problems: FileProblem[] = []
  const read = async (name: string, path: string) => {
    const dataset = await readExamples(name, path, context)
    for (const problem of dataset.problems) problems.push({ file: path, problem })
    return dataset.examples
  }
  if (command.datasets.length === 0)
    throw new TrainerError('usage', 'There is nothing to train on. Name a dataset with --data.')
  for (const { name, weight } of command.datasets)
    if (!(weight >= 0.01 && weight <= 100))
      throw new TrainerError(
        'setting_invalid',
        `The weight of ${name} is ${weight}: it says how many times an epoch goes through it. Choose from 0.01 to 100.`,
        { name, weight },
      )
  const { validationFraction, seed } = command.settings
  const train: Example[] = []
  const heldOut: Example[] = []
  const datasets: MixedDataset[] = []
  for (const { name, data, weight } of command.datasets) {
    const examples = await read(name, data)
    const split =
      command.validation === null
        ? splitByGroup(examples, { validationFraction, seed })
        : { train: examples, validation: [] }
    train.push(...split.train)
    heldOut.push(...split.validation)
    datasets.push({ name, weight, examples: split.train.length })
  }
  const given = command.validation === null ? null : await read('validation', command.validation)
  const tests: TestSet[] = []
  for (const test of command.tests)
    tests.push({ name: test.name, examples: requireAsked(await read(test.name, test.data), test) })
  return { train, datasets, validation: given ?? heldOut, tests, problems }
}

/** Plain texts ask nothing that could be scored. @throws TrainerError `data_empty` where nothing else is there. */
function requireAsked(examples: readonly Example[], { name, data }: { name: string; data: string }) {
  const asked = askedExamples(examples)
  if (asked.length === 0)
    throw new TrainerError(
      'data_empty',
      `${data} holds plain texts alone, which cannot be scored. Choose questions or tasks for the test ${name}.`,
      { path: data },
    )
  return asked
}

/** Lists every problem of a run's data in its folder's `problems.jsonl`, where there are any. */
export async function saveProblems(runDir: string, problems: readonly FileProblem[]): Promise<void> {
  if (problems.length === 0) return
  const lines = problems.map(({ file, problem }) => `${JSON.stringify({ file, ...problem })}\n`)
  await writeAtomic(join(runDir, 'problems.jsonl'), lines.join(''))
}

/** Turns examples into prompts and targets of the model's lengths. */
export function tokenizeExamples(
  { model, tokenizer, maxSourceLength }: TextModel,
  examples: readonly Example[],
  settings: Settings,
): TrainingExamples {
  return kindOf(model.architecture).makeItems(examples, { tokenizer, maxSourceLength, settings })
}

/**
 * A digest of what decides a run's course: settings, data, and the model's configuration, tokenizer and weights
 * (these by name, size and type, since they are large). A checkpoint goes on only under the same digest.
 */
export async function fingerprint(command: TrainCommand, { model }: TextModel): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(chosenSettings(command.settings)))
  for (const { weight } of command.datasets) if (weight !== 1) hash.update(JSON.stringify({ weight }))
  const files = [
    ...command.datasets.map(({ data }) => data),
    ...(command.validation === null ? [] : [command.validation]),
    join(command.model, 'config.json'),
    ...(await tokenizerFiles(command.model)),
  ]
  for (const path of files) for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  for (const [name, { dtype, shape, path }] of model.weights.entries) {
    const { size } = await stat(path)
    hash.update(JSON.stringify([name, dtype, shape, size]))
  }
  return hash.digest('hex')
}

/** The settings that differ from their defaults, so that a setting that is added later changes no digest. */
function chosenSettings(settings: Settings): readonly (readonly [string, unknown])[] {
  const defaults = new Map<string, unknown>(Object.entries(parseSettings({})))
  return Object.entries(settings)
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(defaults.get(name)))
    .sort(([a], [b]) => (a < b ? -1 : 1))
}

/** @throws TrainerError `setting_invalid` for settings that do not go together, or not with this model. */
export function checkSettings({ model, maxSourceLength }: TextModel, settings: Settings): void {
  const { method, bestMetric } = settings
  checkPrecision(settings)
  const { maxLength } = model.architecture.config
  if (maxSourceLength > 4 * maxLength)
    throw new TrainerError(
      'setting_invalid',
      `maxSourceLength ${maxSourceLength} is far beyond the ${maxLength} tokens that the model was made for. Choose at most ${4 * maxLength}; longer contexts are cut into windows.`,
      { maxSourceLength, maxLength },
    )
  if (method === 'full' && bestMetric === 'f1')
    throw new TrainerError(
      'setting_invalid',
      'bestMetric=f1 answers questions while training, which method=full cannot: every weight would have to be loaded anew. Use bestMetric=loss.',
    )
}
