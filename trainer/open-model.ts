import { checkTokenizerFits, loadTokenizer } from './data/tokenizer.ts'
import type { TextTokenizer } from './data/tokenizer.ts'
import { TrainerError } from './errors.ts'
import { multipliesBytesExactly } from './exact-bytes.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import { loadAdapter } from './lora/peft-adapter.ts'
import { holdWeights } from './models/held-weights.ts'
import type { HoldOptions } from './models/held-weights.ts'
import { readAnswerRule } from './models/answer-rule.ts'
import type { AnswerRule } from './models/answer-rule.ts'
import { openModel } from './models/registry.ts'
import type { Model } from './models/registry.ts'
import type { Settings } from './settings.ts'

/** A model with the tokenizer that belongs to it, and an adapter where one was named. */
export interface TextModel {
  readonly model: Model
  readonly tokenizer: TextTokenizer
  readonly adapter: Adapter | null
  /** When the model by itself says that there is no answer; null where its folder does not say. */
  readonly answerRule: AnswerRule | null
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
  settings: Pick<Settings, 'maxSourceLength' | 'maxTargetLength'>,
): Promise<TextModel> {
  const model = await openModel(folder)
  const { config } = model.architecture
  const tokenizer = await loadTokenizer(folder)
  checkTokenizerFits(tokenizer, {
    vocabSize: config.vocabularySize,
    eosTokenId: config.eosTokenId,
    padTokenId: config.padTokenId,
  })
  const adapter = adapterFolder === null ? null : await loadAdapter(adapterFolder, model.architecture)
  return {
    model,
    tokenizer,
    adapter,
    answerRule: await readAnswerRule(folder),
    maxSourceLength: longestPrompt(model, settings),
  }
}

/** Whether a model has its head: its folder may lack one that is made for a task, and an adapter then brings it. */
export function hasHead({ missing }: Model, adapter: Adapter | null): boolean {
  return missing.every((name) => adapter?.savedModules.includes(name))
}

/** @throws TrainerError `weights_missing` where neither the model nor the adapter has the head that answers. */
export function requireHead(model: Model, adapter: Adapter | null): void {
  if (hasHead(model, adapter)) return
  const names = model.missing.join(', ')
  throw new TrainerError(
    'weights_missing',
    `${model.folder} has no head that answers (${names})${adapter ? ', and the adapter brings none' : ''}: it would answer at random. Train it first and answer with its adapter, or choose a model that has one.`,
    { missing: names },
  )
}

/** A model whose frozen weights are held as the settings say. Whoever opens it disposes of it. */
export interface HeldText {
  readonly text: TextModel
  dispose(): Promise<void>
}

/**
 * Holds a model's frozen weights as `weightPrecision` says: base and tuned answers come from the same ones.
 *
 * @throws TrainerError as `checkPrecision` and `holdWeights` do.
 */
export async function holdText(
  text: TextModel,
  settings: Settings,
  options: Omit<HoldOptions, 'precision' | 'exactBytes'>,
): Promise<HeldText> {
  checkPrecision(settings)
  const precision = settings.weightPrecision
  const exactBytes = precision === 'int8' && (await multipliesBytesExactly())
  const { frozen, dispose } = await holdWeights(text.model, { ...options, precision, exactBytes })
  return { text: { ...text, model: { ...text.model, frozen } }, dispose }
}

/** Does some work with a model that `holdText` holds, in a temporary folder, and lets it go. */
export async function withHeldText<T>(
  text: TextModel,
  { settings, signal }: { readonly settings: Settings; readonly signal: AbortSignal },
  work: (text: TextModel) => Promise<T>,
): Promise<T> {
  const held = await holdText(text, settings, { folder: null, signal })
  try {
    return await work(held.text)
  } finally {
    await held.dispose()
  }
}

/** @throws TrainerError `setting_invalid` where `weightPrecision` does not go with the method or the provider. */
export function checkPrecision({ weightPrecision, method, provider }: Settings): void {
  if (weightPrecision === 'stored') return
  if (method === 'full')
    throw new TrainerError(
      'setting_invalid',
      `weightPrecision=${weightPrecision} rounds weights that stay frozen, and method=full trains them: its steps are smaller than what is rounded off. Use method=lora or weightPrecision=stored.`,
      { weightPrecision, method },
    )
  if ((provider === 'cpu') === (weightPrecision === 'float16'))
    throw new TrainerError(
      'setting_invalid',
      weightPrecision === 'float16'
        ? 'weightPrecision=float16 is for GPUs: the CPU would widen every weight at each use. Use int8 or stored with provider=cpu.'
        : `weightPrecision=${weightPrecision} works with provider=cpu alone. Use that, or weightPrecision=float16 or stored.`,
      { weightPrecision, provider },
    )
}

/**
 * Tokens of one prompt: the setting, or the model's own window; where prompt and answer stand in one row, what the
 * longest answer leaves of it.
 */
export function longestPrompt(
  { architecture: { kind, config } }: Model,
  { maxSourceLength, maxTargetLength }: Pick<Settings, 'maxSourceLength' | 'maxTargetLength'>,
): number {
  if (kind === 'seq2seq') return maxSourceLength ?? config.maxLength
  // Its positions are a table that ends.
  if (kind === 'extractive') return Math.min(maxSourceLength ?? config.maxLength, config.maxLength)
  const room = config.maxLength - maxTargetLength
  if (room < 1)
    throw new TrainerError(
      'setting_invalid',
      `A maxTargetLength of ${maxTargetLength} leaves no room for a prompt in the ${config.maxLength} tokens of this model. Set a smaller one.`,
      { maxTargetLength, maxLength: config.maxLength },
    )
  return Math.min(maxSourceLength ?? room, room)
}
