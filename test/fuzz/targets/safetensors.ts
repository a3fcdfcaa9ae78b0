import { join } from 'node:path'
import type { HostileFile } from '../hostile-case.ts'
import { pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { editJson } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'
import { fileOf, hostileSafetensors, partsOf } from './hostile-safetensors.ts'
import { linked, modelSamples } from './model-samples.ts'
import type { ModelSample } from './model-samples.ts'

const [single, index] = ['model.safetensors', 'model.safetensors.index.json']
const strangeShards = [
  '../../../../etc/passwd', '/etc/passwd', '..', '.', '', '../model.safetensors', 'model-1.safetensors/../x', '..\\x',
  'missing.safetensors', 'config.json', index, 'loop', 'a\0b', '/dev/zero', 'x'.repeat(5000), 'model-1.safetensors\n',
] // prettier-ignore

/** Model folders whose weights, shards or index are not what they say. */
export async function safetensorsCases(folder: string): Promise<MakeCase> {
  const samples = await modelSamples(folder)
  return (seed, number) => {
    const random = randomOf(seed, number)
    const sample = pick(samples, random)
    const rest = ['config.json', 'tokenizer.json', 'tokenizer_config.json'].map((name) =>
      linked(`model/${name}`, join(sample.folder, name)),
    )
    const { files, story } = pick([lone, lone, lone, lone, lone, shards, shards, places], random)(
      sample,
      random,
    )
    return {
      files: [...rest, ...files.map((file) => ({ ...file, path: `model/${file.path}` }))],
      story: `${sample.name}: ${story}`,
    }
  }
}

interface Weights {
  readonly files: readonly HostileFile[]
  readonly story: string
}

function lone({ weights }: ModelSample, random: Random): Weights {
  const { bytes, story } = hostileSafetensors(weights, random)
  return { files: [{ path: single, bytes }], story }
}

/** Two shards and their index, of which one or another is hostile. */
function shards({ weights }: ModelSample, random: Random): Weights {
  const { tensors, values } = partsOf(weights)
  const half = Math.ceil(tensors.length / 2)
  const halves = [tensors.slice(0, half), tensors.slice(half)].map((some) => {
    const from = (JSON.parse(some[0]?.offsets ?? '[0]') as number[])[0] ?? 0
    const to = (JSON.parse(some.at(-1)?.offsets ?? '[0,0]') as number[])[1] ?? 0
    const moved = some.map((tensor) => ({
      ...tensor,
      offsets: JSON.stringify((JSON.parse(tensor.offsets) as number[]).map((at) => at - from)),
    }))
    const parts = { tensors: moved, metadata: null, values: values.subarray(from, to), claimed: null, around: ['', ''] } as const
    return { names: some.map(({ name }) => JSON.parse(name) as string), file: fileOf(parts) }
  })
  const map: Record<string, string> = {}
  for (const [i, { names }] of halves.entries()) for (const name of names) map[name] = `model-${i}.safetensors`
  const files: HostileFile[] = halves.map(({ file }, i) => ({ path: `model-${i}.safetensors`, bytes: file }))
  const indexText = JSON.stringify({ metadata: {}, weight_map: map })
  switch (random(5)) {
    case 0: {
      const { bytes, story } = editJson({ metadata: {}, weight_map: map }, random)
      return { files: [...files, { path: index, bytes }], story: `index · ${story}` }
    }
    case 1: {
      const strange = pick(strangeShards, random)
      const changed = { ...map, [pick(Object.keys(map), random)]: strange }
      const loop = { path: 'loop', link: 'loop' }
      const bytes = JSON.stringify({ weight_map: changed })
      return { files: [...files, loop, { path: index, bytes }], story: `a shard named ${strange.slice(0, 40)}` }
    }
    case 2: {
      const { bytes, story } = hostileSafetensors(halves[0]?.file ?? weights, random)
      return {
        files: [{ path: 'model-0.safetensors', bytes }, ...files.slice(1), { path: index, bytes: indexText }],
        story: `a shard · ${story}`,
      }
    }
    case 3: {
      const to = pick(['model-0.safetensors', '/etc/passwd', '../../../x', '/dev/zero', '.'], random)
      return {
        files: [...files.slice(0, 1), { path: 'model-1.safetensors', link: to }, { path: index, bytes: indexText }],
        story: `a shard is a link to ${to}`,
      }
    }
    default:
      return { files: [...files, { path: single, bytes: weights }, { path: index, bytes: indexText }], story: 'shards and a whole' }
  }
} // prettier-ignore

/** What is no file, or no file of its own. */
function places(_sample: ModelSample, random: Random): Weights {
  const name = pick([single, index], random)
  const target = pick(
    ['/dev/zero', '/dev/random', '/etc/passwd', '/proc/self/mem', '..', name, '/nowhere'],
    random,
  )
  const file: HostileFile = pick<HostileFile>(
    [
      { path: name, link: target },
      { path: name, link: target },
      ...(random(40) === 0 ? [{ path: name, pipe: true } as const] : []),
      { path: name, zeros: pick([0, 7, 8, 9, 4096, 3e9, 5e12], random) },
      { path: `${name}/inside`, bytes: 'x' },
    ],
    random,
  )
  return { files: [file], story: `${name} is ${JSON.stringify(file).slice(0, 80)}` }
}
