import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { architectureKind } from '../../../trainer/protocol.ts'
import type { AnswerSettings } from '../../../trainer/protocol.ts'
import { AppError } from '../../contract/errors.ts'
import type { DraftRequest } from '../../contract/drafts.ts'
import type { TrainedRun } from '../../store/trained-run.ts'
import { answerSettings, outcomeOf } from '../../trainers/ask-sides.ts'

/** What drafting needs to know of models and runs. */
export interface WhoDeps {
  /** A model of the list; null where it is not there. */
  modelOf(
    modelId: string,
  ): Promise<{ readonly folder: string; readonly name: string; readonly architecture: string } | null>
  /** Null where there is no such run. */
  runOf(runId: string): Promise<TrainedRun | null>
}

/** A model's folder and, beside it, an adapter's. */
interface Part {
  readonly model: string
  readonly adapter: string | null
}

/** Who writes the questions, and who is asked them. */
export interface WhoDrafts {
  readonly name: string
  readonly writer: Part
  readonly reader: Part
  /** The settings under which the run's questions were answered. */
  readonly settings: AnswerSettings
}

const writerFolder = 'question-writer'

/**
 * A run's adapter, or the model alone, writes and answers. A model that brings an adapter for writing questions in
 * its folder (`question-writer`) writes with that one, and only answers as the run has learnt it.
 *
 * @throws AppError `model_missing`, `model_unsupported`, `run_missing`, `run_state`.
 */
export async function whoDrafts(
  { modelOf, runOf }: WhoDeps,
  { projectId, modelId, runId }: Pick<DraftRequest, 'projectId' | 'modelId' | 'runId'>,
): Promise<WhoDrafts> {
  const model = await modelOf(modelId)
  if (!model)
    throw new AppError('model_missing', 'This model is not in the list any more. Choose another one.', {
      modelId,
    })
  const kind = architectureKind(model.architecture)
  if (kind === null || kind === 'extractive')
    throw new AppError(
      'model_unsupported',
      `${model.name} cannot write questions: models of the type ${model.architecture} write no texts. Choose a T5 or a GPT-Neo.`,
      { modelId, architecture: model.architecture },
    )
  const own = await ownWriter(model.folder)
  if (runId === null) {
    const alone = { model: model.folder, adapter: null }
    return { name: model.name, writer: own ?? alone, reader: alone, settings: {} }
  }
  const run = await runOf(runId)
  if (run?.projectId !== projectId)
    throw new AppError('run_missing', 'This run is not there in this project. Choose another one.', { runId })
  const outcome = outcomeOf(run)
  const tuned =
    run.settings['method'] === 'full'
      ? { model: outcome, adapter: null }
      : { model: run.modelFolder, adapter: outcome }
  return {
    name: `${run.modelName}, ${run.name}`,
    writer: own ?? tuned,
    reader: tuned,
    settings: answerSettings(run.settings),
  }
}

/** The model with the adapter for writing questions that lies in its folder. */
async function ownWriter(model: string): Promise<Part | null> {
  const adapter = join(model, writerFolder)
  return access(join(adapter, 'adapter_config.json')).then(
    () => ({ model, adapter }),
    () => null,
  )
}
