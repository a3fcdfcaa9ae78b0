import { TrainerError } from './errors.ts'
import type { LoadedModel, ModelKeeper } from './loaded-model.ts'
import { longestPrompt } from './open-model.ts'
import type { TextModel } from './open-model.ts'
import type { AnswerSettings } from './protocol.ts'
import { checkSettings } from './run/prepare-run.ts'
import { answerSettingNames, parseSettings } from './settings.ts'
import type { Settings } from './settings.ts'

/** A loaded model under the settings of one request. */
export interface OpenedRequest {
  readonly loaded: LoadedModel
  readonly text: TextModel
  readonly settings: Settings
}

/**
 * Loads a request's model, or takes the loaded one, under the settings that the request chooses.
 *
 * @throws TrainerError `setting_invalid`, and what opening the model throws.
 */
export async function openRequest(
  models: ModelKeeper,
  { model, settings: chosen }: { readonly model: string; readonly settings: AnswerSettings },
  base: Settings,
): Promise<OpenedRequest> {
  const allowed: readonly string[] = answerSettingNames
  for (const name of Object.keys(chosen))
    if (!allowed.includes(name))
      throw new TrainerError(
        'setting_invalid',
        `A request cannot choose ${name}; it can choose ${allowed.join(', ')}.`,
        { name },
      )
  const settings = parseSettings({ ...base, ...chosen })
  const loaded = await models.use(model)
  const text = { ...loaded.text, maxSourceLength: longestPrompt(loaded.text.model, settings) }
  checkSettings(text, settings)
  return { loaded, text, settings }
}
