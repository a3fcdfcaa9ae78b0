import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { writeAtomic } from '../checkpoint/write-atomic.ts'
import type { TrainerContext } from '../context.ts'
import type { Example, Problem } from '../data/example.ts'
import { splitByGroup } from '../data/split.ts'
import { makeTrainingExamples } from '../data/training-examples.ts'
import type { TrainingExamples } from '../data/training-examples.ts'
import { TrainerError } from '../errors.ts'
import type { TextModel } from '../open-model.ts'
import type { TrainCommand } from '../protocol.ts'
import { readExamples } from './read-examples.ts'
import type { Settings } from '../settings.ts'

export interface TestSet {
  readonly name: string
  readonly examples: readonly Example[]
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
  readonly validation: readonly Example[]
  readonly tests: readonly TestSet[]
}

/**
 * Reads the files of a run, reports what is in them, and holds out a validation split where no file was given for
 * it.
 *
 * @throws TrainerError as `readDataset` does.
 */
export async function readRunData(
  command: Pick<TrainCommand, 'data' | 'validation' | 'tests' | 'settings'>,
  context: TrainerContext,
): Promise<RunData> {
  const problems: FileProblem[] = []
  const read = async (name: string, path: string) => {
    const dataset = await readExamples(name, path, context)
    for (const problem of dataset.problems) problems.push({ file: path, problem })
    return dataset.examples
  }
  const data = await read('data', command.data)
  const given = command.validation === null ? null : await read('validation', command.validation)
  const tests: TestSet[] = []
  for (const test of command.tests)
    tests.push({ name: test.name, examples: await read(test.name, test.data) })
  const { validationFraction, seed } = command.settings
  const split = given ? { train: data, validation: given } : splitByGroup(data, { validationFraction, seed })
  return { train: split.train, validation: split.validation, tests, problems }
}

/** Lists every problem of a run's data in its folder's `problems.jsonl`, where there are any. */
export async function saveProblems(runDir: string, problems: readonly FileProblem[]): Promise<void> {
  if (problems.length === 0) return
  const lines = problems.map(({ file, problem }) => `${JSON.stringify({ file, ...problem })}\n`)
  await writeAtomic(join(runDir, 'problems.jsonl'), lines.join(''))
}

/** Turns examples into prompts and targets of the model's lengths. */
export function tokenizeExamples(
  { tokenizer, maxSourceLength }: TextModel,
  examples: readonly Example[],
  { maxTargetLength, stride }: Settings,
): TrainingExamples {
  return makeTrainingExamples(examples, tokenizer, { maxSourceLength, maxTargetLength, stride })
}

/**
 * A digest of what decides a run's course: settings, data, and the model's configuration, tokenizer and weights
 * (these by name, size and type, since they are large). A checkpoint goes on only under the same digest.
 */
export async function fingerprint(command: TrainCommand, { model }: TextModel): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(command.settings))
  const files = [
    command.data,
    ...(command.validation === null ? [] : [command.validation]),
    join(command.model, 'config.json'),
    join(command.model, 'tokenizer.json'),
  ]
  for (const path of files) for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  for (const [name, { dtype, shape, path }] of model.weights.entries) {
    const { size } = await stat(path)
    hash.update(JSON.stringify([name, dtype, shape, size]))
  }
  return hash.digest('hex')
}

/** @throws TrainerError `setting_invalid` for settings that do not go together, or not with this model. */
export function checkSettings({ model, maxSourceLength }: TextModel, { method, bestMetric }: Settings): void {
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
