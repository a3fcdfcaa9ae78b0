import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import ort from 'onnxruntime-node'
// Imported for what it does before ONNX Runtime's environment is made.
import '../../trainer/session.ts'

/** The models of an exported folder, run by ONNX Runtime as any other program would. */
export interface ExportedModels {
  readonly names: readonly string[]
  /** Runs a model by its file's name without `.onnx`; it gets of the feeds what it takes. */
  run(name: string, feeds: Feeds): Promise<Results>
  inputsOf(name: string): ort.InferenceSession['inputMetadata']
  dispose(): Promise<void>
}

export type Feeds = Readonly<Record<string, ort.Tensor>>
export type Results = Readonly<Record<string, ort.Tensor>>

export async function openExported(folder: string): Promise<ExportedModels> {
  const files = (await readdir(join(folder, 'onnx'))).filter((name) => name.endsWith('.onnx'))
  const sessions = new Map<string, ort.InferenceSession>()
  for (const file of files) {
    const options = { intraOpNumThreads: 1, interOpNumThreads: 1 }
    sessions.set(
      file.replace('.onnx', ''),
      await ort.InferenceSession.create(join(folder, 'onnx', file), options),
    )
  }
  const sessionOf = (name: string): ort.InferenceSession => {
    const session = sessions.get(name)
    if (!session) throw new Error(`There is no ${name}.onnx.`)
    return session
  }
  return {
    names: [...sessions.keys()].toSorted(),
    inputsOf: (name) => sessionOf(name).inputMetadata,
    run: async (name, feeds) => {
      const session = sessionOf(name)
      const taken = session.inputNames.map((input) => {
        const feed = feeds[input]
        if (!feed) throw new Error(`${name} is not fed ${input}.`)
        return [input, feed] as const
      })
      return session.run(Object.fromEntries(taken))
    },
    dispose: async () => {
      for (const session of sessions.values()) await session.release()
    },
  }
}

export const idTensor = (rows: readonly (readonly number[])[]): ort.Tensor =>
  new ort.Tensor('int64', BigInt64Array.from(rows.flat(), BigInt), [rows.length, rows[0]?.length ?? 0])

export const flag = (value: boolean): ort.Tensor => new ort.Tensor('bool', [value], [1])

/** What a present is as a past of the next step. */
export function asPast(results: Results): Feeds {
  return Object.fromEntries(
    Object.entries(results)
      .filter(([name]) => name.startsWith('present.'))
      .map(([name, value]) => [name.replace('present.', 'past_key_values.'), value]),
  )
}

/** An empty past, as others make one: of the dimensions that the model says, 0 for those that it names. */
export function emptyPast(models: ExportedModels, name: string, rows = 1): Feeds {
  const inputs = models.inputsOf(name).filter((input) => input.name.startsWith('past_key_values.'))
  return Object.fromEntries(
    inputs.map((input) => {
      if (!input.isTensor) throw new Error(`${input.name} is no tensor.`)
      const shape = input.shape.map((dim) =>
        typeof dim === 'number' ? dim : dim === 'batch_size' ? rows : 0,
      )
      return [input.name, new ort.Tensor('float32', new Float32Array(0), shape)]
    }),
  )
}

/** Scores of the next token after what was fed so far; the first call is fed a prompt. */
export type NextToken = (ids: readonly number[]) => Promise<Float32Array>

/** A text of an encoder and decoder, by the model that is both decoders. */
export async function mergedSteps(models: ExportedModels, prompt: readonly number[]): Promise<NextToken> {
  const mask = idTensor([prompt.map(() => 1)])
  const encoded = await models.run('encoder_model', { input_ids: idTensor([prompt]), attention_mask: mask })
  const fixed = named({ encoder_attention_mask: mask, encoder_hidden_states: encoded['last_hidden_state'] })
  let past = emptyPast(models, 'decoder_model_merged')
  let cross: Feeds | null = null
  return async (ids) => {
    const feeds = { ...fixed, ...past, input_ids: idTensor([ids]), use_cache_branch: flag(cross !== null) }
    const results = await models.run('decoder_model_merged', feeds)
    const next = asPast(results)
    // As Optimum and Transformers.js do, what the first step made of the encoder's output is kept.
    cross ??= Object.fromEntries(Object.entries(next).filter(([name]) => name.includes('.encoder.')))
    past = { ...next, ...cross }
    return lastLogits(results)
  }
}

/** The same by the two decoders apart. */
export async function separateSteps(models: ExportedModels, prompt: readonly number[]): Promise<NextToken> {
  const mask = idTensor([prompt.map(() => 1)])
  const encoded = await models.run('encoder_model', { input_ids: idTensor([prompt]), attention_mask: mask })
  const fixed = named({ encoder_attention_mask: mask, encoder_hidden_states: encoded['last_hidden_state'] })
  let past: Feeds | null = null
  return async (ids) => {
    const name = past ? 'decoder_with_past_model' : 'decoder_model'
    const results = await models.run(name, { ...fixed, ...past, input_ids: idTensor([ids]) })
    past = { ...past, ...asPast(results) }
    return lastLogits(results)
  }
}

/** A text of a model that continues its prompt. */
export function causalSteps(models: ExportedModels): NextToken {
  let past = emptyPast(models, 'model')
  let length = 0
  return async (ids) => {
    const places = ids.map((_, i) => length + i)
    length += ids.length
    const mask = idTensor([Array.from({ length }, () => 1)])
    const feeds = {
      ...past,
      input_ids: idTensor([ids]),
      position_ids: idTensor([places]),
      attention_mask: mask,
    }
    const results = await models.run('model', feeds)
    past = asPast(results)
    return lastLogits(results)
  }
}

function named(values: Readonly<Record<string, ort.Tensor | undefined>>): Feeds {
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value ? [[name, value]] : [])))
}

export function floatsOf(results: Results, name: string): Float32Array {
  const data = results[name]?.data
  if (data instanceof Float32Array) return data
  throw new Error(`The model gave no ${name}.`)
}

function lastLogits(results: Results): Float32Array {
  const width = results['logits']?.dims.at(-1) ?? 0
  return floatsOf(results, 'logits').slice(-width)
}
