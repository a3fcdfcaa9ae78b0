import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { AnsweringSession } from './generate/answering-session.ts'
import { openGrowingSession } from './generate/growing-session.ts'
import { loadAdapter } from './lora/peft-adapter.ts'
import type { Adapter } from './lora/peft-adapter.ts'
import { answerRuleFile } from './models/answer-rule.ts'
import { holdText, openTextModel } from './open-model.ts'
import type { TextModel } from './open-model.ts'
import type { Settings } from './settings.ts'

/** A model that stays loaded, with the adapters that were used last. */
export interface LoadedModel {
  readonly text: TextModel
  readonly session: AnsweringSession
  /** Reads an adapter, or gives the one that was read while its files stay the same; null is the base model. */
  adapter(folder: string | null): Promise<Adapter | null>
  dispose(): Promise<void>
}

/** Keeps one model at a time. */
export interface ModelKeeper {
  /**
   * Loads a model, or gives the loaded one while its files stay the same; another one is let go first.
   *
   * @throws TrainerError as `openTextModel` and `openAnsweringSession` do; then no model is loaded.
   */
  use(folder: string): Promise<LoadedModel>
  dispose(): Promise<void>
}

const modelFiles = [
  'config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'vocab.json',
  'merges.txt',
  'vocab.txt',
  'model.safetensors',
  'model.safetensors.index.json',
  answerRuleFile,
]
const adapterFiles = ['adapter_config.json', 'adapter_model.safetensors', answerRuleFile]
const keptAdapters = 8

export function modelKeeper(settings: Settings): ModelKeeper {
  let loaded: { readonly key: string; readonly model: LoadedModel } | null = null
  const dispose = async () => {
    const { model } = loaded ?? {}
    loaded = null
    await model?.dispose()
  }
  return {
    async use(folder) {
      const key = await stampOf(folder, modelFiles)
      if (loaded?.key === key) return loaded.model
      await dispose()
      const model = await load(folder, settings)
      loaded = { key, model }
      return model
    },
    dispose,
  }
}

async function load(folder: string, settings: Settings): Promise<LoadedModel> {
  const opened = await openTextModel(folder, null, settings)
  const unstopped = new AbortController().signal
  const held = await holdText(opened, settings, { folder: null, signal: unstopped })
  const { text } = held
  const session = await openGrowingSession(text.model, {
    threads: settings.threads,
    provider: settings.provider,
    fusedNorms: settings.provider === 'cpu',
  }).catch(async (thrown: unknown) => {
    await held.dispose()
    throw thrown
  })
  const adapters = new Map<string, Adapter>()
  return {
    text,
    session,
    async dispose() {
      await session.dispose()
      await held.dispose()
    },
    async adapter(adapterFolder) {
      if (adapterFolder === null) return null
      const key = await stampOf(adapterFolder, adapterFiles)
      const adapter = adapters.get(key) ?? (await loadAdapter(adapterFolder, text.model.architecture))
      // What was used last stands last; the first is the one to forget.
      adapters.delete(key)
      adapters.set(key, adapter)
      for (const old of [...adapters.keys()].slice(0, -keptAdapters)) adapters.delete(old)
      return adapter
    },
  }
}

/** A folder's path with the sizes and times of its files; what is missing is told by whoever opens it. */
async function stampOf(folder: string, files: readonly string[]): Promise<string> {
  const path = resolve(folder)
  const stamps = await Promise.all(
    files.map(async (name) => {
      const found = await stat(join(path, name)).catch(() => null)
      return found ? `${found.mtimeMs}:${found.size}` : ''
    }),
  )
  return [path, ...stamps].join('\n')
}
