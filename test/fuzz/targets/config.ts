import { join } from 'node:path'
import type { HostileFile } from '../hostile-case.ts'
import { pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { Raw, editJson, printJson } from '../mutate-json.ts'
import type { JsonObject, JsonValue } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'
import { linked, modelSamples } from './model-samples.ts'

/** Config.json files that say something else than the weights beside them, or nothing that could be. */
export async function configCases(folder: string): Promise<MakeCase> {
  const samples = await modelSamples(folder)
  return (seed, index) => {
    const random = randomOf(seed, index)
    const sample = pick(samples, random)
    const others = ['model.safetensors', 'tokenizer.json', 'tokenizer_config.json'].map((name) =>
      linked(`model/${name}`, join(sample.folder, name)),
    )
    const path = 'model/config.json'
    if (random(60) === 0) return { files: [...others, place(path, random)], story: `${sample.name}: no file` }
    const { config, story: first } =
      random(2) === 0 ? { config: sample.config, story: '' } : sized(sample.config, random)
    const { bytes, story } =
      first !== '' && random(2) === 0 ? { bytes: printJson(config), story: '' } : editJson(config, random)
    return { files: [...others, { path, bytes }], story: `${sample.name}: ${first} ${story}` }
  }
}

const sizes = [
  '0', '1', '2', '3', '7', '16', '999', '1000', '1001', '65536', '1000000', '1000001', '1e9', '1e12', '1e15', '1e18', '1e308',
  '-1', '-1e9', '0.5', '8.5', '"8"', 'null', 'true', '[8]', '{}', '9007199254740993', '1e-9', '1e999', '-0',
] // prettier-ignore

/** Fields of all architectures; one that another one has says nothing. */
const sizeFields = [
  'vocab_size', 'd_model', 'd_kv', 'd_ff', 'num_layers', 'num_decoder_layers', 'num_heads', 'n_positions', 'hidden_size',
  'num_hidden_layers', 'num_attention_heads', 'intermediate_size', 'max_position_embeddings', 'type_vocab_size', 'dim',
  'n_layers', 'n_heads', 'hidden_dim', 'window_size', 'relative_attention_num_buckets', 'relative_attention_max_distance',
  'pad_token_id', 'eos_token_id', 'bos_token_id', 'decoder_start_token_id', 'layer_norm_epsilon', 'layer_norm_eps',
  'dropout_rate', 'dropout', 'resid_dropout', 'embed_dropout', 'attention_dropout', 'hidden_dropout_prob',
] // prettier-ignore

const types = [
  '"t5"', '"gpt_neo"', '"bert"', '"distilbert"', '"llama"', '"mt5"', '"__proto__"', '"constructor"', '"toString"', '""',
  'null', '["t5"]', '{"toString":"t5"}', '"T5"', '"t5 "', '5',
] // prettier-ignore

/** Lists of attention that are loops, or become a thousand times as long. */
function attention(random: Random): Raw {
  const pattern = `["global"${',"local"'.repeat(10 ** random(5))}]`
  const times = pick(['1', '2', '1000', '1001', '1e9', '-1', '0', '0.5', '"2"'], random)
  const pairs = 10 ** random(random(8) === 0 ? 5 : 3)
  return new Raw(
    pick(
      [
        `[[${pattern},${times}]]`,
        `[${`[["global"],${times}],`.repeat(pairs)}[["local"],1]]`,
        `[[[["global"],2],2]]`,
        `[[["sparse"],2]]`,
        '[]',
        '[[]]',
        '{"0":[["global"],2]}',
      ],
      random,
    ),
  )
}

function sized(config: JsonObject, random: Random): { readonly config: JsonObject; readonly story: string } {
  const known = sizeFields.filter((field) => Object.hasOwn(config, field))
  const changed: Record<string, JsonValue> = { ...config }
  const story: string[] = []
  for (let times = 1 + random(3); times > 0; times--) {
    const [field, value]: readonly [string, Raw] =
      random(10) === 0
        ? ['model_type', new Raw(pick(types, random))]
        : random(8) === 0
          ? [pick(['attention_types', 'attention_layers'], random), attention(random)]
          : [pick(random(5) === 0 ? sizeFields : known, random), new Raw(pick(sizes, random))]
    changed[field] = value
    story.push(`${field} ${value.text.slice(0, 20)}`)
  }
  return { config: changed, story: story.join(' · ') }
}

function place(path: string, random: Random): HostileFile {
  return pick<HostileFile>(
    [
      { path, link: '/dev/zero' },
      { path, link: 'config.json' },
      { path, link: '/etc/passwd' },
      { path, zeros: pick([0, 50_000_000, 3e9], random) },
      { path, bytes: `{"model_type":"t5","x":"${'a'.repeat(50_000_000)}"}` },
      { path: `${path}/inside`, bytes: '' },
      ...(random(10) === 0 ? [{ path, pipe: true } as const] : []),
    ],
    random,
  )
}
