import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostileFile } from '../hostile-case.ts'
import { pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { Raw, editJson, printJson } from '../mutate-json.ts'
import type { JsonObject, JsonValue } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'
import { hostileSafetensors } from './hostile-safetensors.ts'
import { linked } from './model-samples.ts'

const goldens = join(import.meta.dirname, '../../goldens')
/** Adapters of the goldens and the models that they were made for. */
const folders: readonly (readonly [adapter: string, model: string])[] = [
  ['t5-flan/adapter-qv', 't5-flan/model'],
  ['bert/adapter-all-linear', 'bert/model'],
  ['gpt-neo/adapter-all-linear', 'gpt-neo/model'],
  ['distilbert/adapter-qv', 'distilbert/model'],
  ...['dora', 'embeddings', 'patterns', 'rslora', 'saved', 'odd'].map((name) => [`lora/${name}`, 't5-flan/model'] as const),
  ['lora/bert-dora', 'bert/model'],
  ['lora/gpt-neo-bias', 'gpt-neo/model'],
] // prettier-ignore

interface Sample {
  readonly name: string
  readonly folder: string
  readonly model: string
  readonly config: JsonObject
  readonly weights: Buffer
}

/** PEFT folders whose configuration or matrices are not what they say, beside sound models. */
export async function adapterCases(): Promise<MakeCase> {
  const samples = await Promise.all(
    folders.map(async ([name, model]) => {
      const folder = join(goldens, name)
      return {
        name,
        folder,
        model: join(goldens, model),
        config: JSON.parse(await readFile(join(folder, 'adapter_config.json'), 'utf8')) as JsonObject,
        weights: await readFile(join(folder, 'adapter_model.safetensors')),
      }
    }),
  )
  const modelFiles = new Map<string, readonly string[]>()
  for (const { model } of samples) modelFiles.set(model, await readdir(model))
  return (seed, index) => {
    const random = randomOf(seed, index)
    const sample = pick(samples, random)
    const model = random(30) === 0 ? pick(samples, random).model : sample.model
    const { files, story } = pick([config, config, config, weights, weights, places], random)(sample, random)
    return {
      files: [
        ...(modelFiles.get(model) ?? []).map((name) => linked(`model/${name}`, join(model, name))),
        ...files.map((file) => ({ ...file, path: `adapter/${file.path}` })),
      ],
      story: `${sample.name}: ${story}`,
    }
  }
}

interface Adapter {
  readonly files: readonly HostileFile[]
  readonly story: string
}

const [configName, weightsName] = ['adapter_config.json', 'adapter_model.safetensors']

const patterns = [
  '(a+)+$', '(.*)*x', '.*', '.*\\\\.q', '((.*.*)*.*)*', '(((((a{30}){30}){20})))', '(.*.*.*.*.*.*.*.*.*)+z', '(', '[', '[^', 'a{2,1}', 'a{99999}',
  '(?=a)', '(?i)q', '\\\\1', '*', 'a**', '(?P<x>.*)q', '[z-a]', '\\\\', '$^', '{', '(|)*', '(()*)*', '((|a)*)*b', 'encoder\\\\..*\\\\.(q|v)',
] // prettier-ignore

function pattern(random: Random): string {
  const text = pick(patterns, random)
  switch (random(6)) {
    case 0:
      return text.repeat(1 + random(10 ** (1 + random(4))))
    case 1:
      return '('.repeat(10 ** random(6)) + text + (random(2) === 0 ? ')'.repeat(10 ** random(6)) : '')
    case 2:
      return `(${'a?'.repeat(1 + random(5000))}.*)*`
    case 3:
      return 'q'.repeat(10 ** random(6))
    default:
      return text
  }
}

const ranks = ['0', '-1', '1', '2', '3', '4', '65537', '1e9', '1e15', '0.5', 'null', '"4"', '1e999', '[4]', '9007199254740993'] // prettier-ignore
const names = [
  '__proto__', 'constructor', '../../x', '', 'q', 'v', 'lm_head', 'shared', 'encoder', 'a\\u0000b', '\\ud800', '.*', '..', 'qa_outputs',
] // prettier-ignore

function oneField(random: Random): readonly [string, Raw] {
  const list = (one: () => string) =>
    `[${Array.from({ length: random(4) === 0 ? 10 ** random(6) : random(4) }, () => `"${one()}"`).join(',')}]`
  const map = () =>
    `{${Array.from({ length: random(4) === 0 ? 10 ** random(5) : 1 + random(3) }, (_, i) => `"${i > 3 ? i : ''}${pattern(random)}":${pick(ranks, random)}`)
      .join(',')
      .slice(0, 3_000_000)}}`
  const fields: readonly (() => readonly [string, string])[] = [
    () => ['r', pick(ranks, random)],
    () => ['lora_alpha', pick(ranks, random)],
    () => ['target_modules', `"${pattern(random)}"`],
    () => ['target_modules', list(() => pick(names, random))],
    () => ['rank_pattern', map()],
    () => ['rank_pattern', `{"${pattern(random)}":4}`],
    () => ['alpha_pattern', map()],
    () => ['layers_pattern', `"${pattern(random)}"`],
    () => ['layers_to_transform', '[0,1e9,-1]'],
    () => ['modules_to_save', list(() => pick(names, random))],
    () => ['base_model_name_or_path', `"${pick(['../../../etc/passwd', '/etc/passwd', 'x'.repeat(1_000_000), '\\u0000', '\\ud800', 'https://example.invalid'], random)}"`],
    () => ['peft_type', pick(['"LORA"', '"ADALORA"', '"__proto__"', 'null', `"${'x'.repeat(100_000)}"`, '["LORA"]'], random)],
    () => ['use_dora', pick(['true', 'false', '1', 'null', '"true"'], random)],
    () => ['use_rslora', pick(['true', 'false', '1', 'null', '"true"'], random)],
    () => ['init_lora_weights', pick(['true', '"pissa"', '"olora"', '{}', '[[[[]]]]'], random)],
    () => ['lora_dropout', pick(ranks, random)],
    () => ['auto_mapping', '{"base_model_class":"os.system","parent_library":"os"}'],
    () => [pick(names, random).slice(0, 3) + 'x'.repeat(random(100_000)), '1'],
  ]
  const [field, text] = pick(fields, random)()
  return [field, new Raw(text)]
} // prettier-ignore

function config({ config: sound, weights: matrices }: Sample, random: Random): Adapter {
  const rest = { path: weightsName, bytes: matrices }
  if (random(3) === 0) {
    const { bytes, story } = editJson(sound, random)
    return { files: [{ path: configName, bytes }, rest], story: `configuration · ${story}` }
  }
  const changed: Record<string, JsonValue> = { ...sound }
  const story: string[] = []
  for (let times = 1 + random(2); times > 0; times--) {
    const [field, value] = oneField(random)
    changed[field] = value
    story.push(`${field.slice(0, 30)} ${value.text.slice(0, 30)}`)
  }
  return { files: [{ path: configName, bytes: printJson(changed) }, rest], story: story.join(' · ') }
}

function weights({ folder, weights: matrices }: Sample, random: Random): Adapter {
  const { bytes, story } = hostileSafetensors(matrices, random)
  return {
    files: [linked(configName, join(folder, configName)), { path: weightsName, bytes }],
    story: `matrices · ${story}`,
  }
}

function places({ folder, weights: matrices }: Sample, random: Random): Adapter {
  const sound = linked(configName, join(folder, configName))
  const pickle = Buffer.from('\x80\x04cos\nsystem\n(S"touch pwned"\ntR.', 'latin1')
  return pick<() => Adapter>(
    [
      () => ({ files: [sound, { path: 'adapter_model.bin', bytes: pickle }], story: 'a pickle alone' }),
      () => ({ files: [sound, { path: weightsName, bytes: pickle }], story: 'a pickle by another name' }),
      () => ({ files: [sound, { path: weightsName, link: '/dev/zero' }], story: 'an endless file' }),
      () => ({ files: [sound, { path: weightsName, link: weightsName }], story: 'a link to itself' }),
      () => ({ files: [sound, { path: weightsName, zeros: pick([0, 8, 5e9, 5e12], random) }], story: 'zeros' }),
      () => ({ files: [sound], story: 'no matrices' }),
      () => ({ files: [{ path: configName, link: '/dev/zero' }, { path: weightsName, bytes: matrices }], story: 'an endless configuration' }),
      () => ({ files: [{ path: configName, zeros: 3e9 }, { path: weightsName, bytes: matrices }], story: 'a huge configuration' }),
      () => ({ files: [sound, huge(random)], story: 'matrices of gigabytes' }),
      () => ({ files: [sound, { path: weightsName, bytes: matrices }, { path: 'loracle.json', bytes: editJson({ noAnswerThreshold: 1 }, random).bytes }], story: 'a rule' }),
    ],
    random,
  )()
} // prettier-ignore

/** A sound header and nothing but its place for gigabytes of values: cut off, so that it takes no room. */
function huge(random: Random): HostileFile {
  const name = 'base_model.model.encoder.block.0.layer.0.SelfAttention.q.lora_A.weight'
  const bytes = pick([4e9, 4e12, 2 ** 52], random)
  const header = Buffer.from(
    JSON.stringify({ [name]: { dtype: 'F32', shape: [bytes / 4], data_offsets: [0, bytes] } }),
  )
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  return { path: weightsName, bytes: Buffer.concat([length, header]) }
}
