import { checkTokenizerFits, loadTokenizer } from './data/tokenizer.ts'
import type { TextTokenizer } from './data/tokenizer.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import { loadAdapter } from './lora/peft-adapter.ts'
import { openModel } from './models/registry.ts'
import type { Model } from './models/registry.ts'
import type { Settings } from './settings.ts'

/** A model with the tokenizer that belongs to it, and an adapter where one was named. */
export interface TextModel {
  readonly model: Model
  readonly tokenizer: TextTokenizer
  readonly adapter: Adapter | null
  /** Tokens of one prompt: the setting, or the model's own window. */
  readonly maxSourceLength: number
}

/**
 * Opens a model folder with its tokenizer, and an adapter folder.
 *
 * @throws TrainerError as `openModel`, `loadTokenizer`, `checkTokenizerFits` and `loadAdapter` do.
 */
export async function openTextModel(
  folder: string,
  adapterFolder: string | null,
  settings: Pick<Settings, 'maxSourceLength'>,
): Promise<TextModel> {
  const model = await openModel(folder)
  const { config, linears } = model.architecture
  const tokenizer = await loadTokenizer(folder)
  checkTokenizerFits(tokenizer, {
    vocabSize: config.vocabularySize,
    eosTokenId: config.eosTokenId,
    padTokenId: config.padTokenId,
  })
  const adapter = adapterFolder === null ? null : await loadAdapter(adapterFolder, linears)
  return { model, tokenizer, adapter, maxSourceLength: settings.maxSourceLength ?? config.maxLength }
}
