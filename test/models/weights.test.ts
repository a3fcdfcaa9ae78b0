import { cp, mkdir, readFile, readlink, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { encodeSafetensors, readSafetensors } from '../../trainer/checkpoint/safetensors.ts'
import type { NamedTensor } from '../../trainer/checkpoint/safetensors.ts'
import { toErrorValue } from '../../trainer/errors.ts'
import { openModel } from '../../trainer/models/registry.ts'
import { accountForWeights, openWeights, readWeights } from '../../trainer/models/weights.ts'
import { relativeError } from '../support/goldens.ts'
import { encodeHalfSafetensors, rounded } from '../support/half-precision.ts'
import { logitsOf, openT5Case } from '../support/t5-goldens.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const t5 = await openT5Case('t5-flan')
const original = join(t5.folder, 'model')
const batch = t5.batch('main')
const plain = { adapter: null, fusedNorms: true, merged: false }
const logitsOfFolder = async (folder: string) => logitsOf(await openModel(folder), batch, plain)
const originalLogits = await logitsOf(t5.model, batch, plain)
const originalWeights = await readSafetensors(join(original, 'model.safetensors'))

/** A copy of the model's folder with other weights; none where null. */
async function folderWith(weights: Uint8Array | ReadonlyMap<string, NamedTensor> | null): Promise<string> {
  const folder = await temporaryFolder()
  await cp(join(original, 'config.json'), join(folder, 'config.json'))
  if (weights)
    await writeFile(
      join(folder, 'model.safetensors'),
      weights instanceof Uint8Array ? weights : encodeSafetensors(weights),
    )
  return folder
}

/** The weights in two shards and their index; returns the names of the files. */
async function writeShards(folder: string): Promise<readonly string[]> {
  const names = [...originalWeights.keys()]
  const half = Math.floor(names.length / 2)
  const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const
  const map: Record<string, string> = {}
  for (const [i, file] of files.entries()) {
    const part = new Map([...originalWeights].slice(i * half, i === 0 ? half : undefined))
    for (const name of part.keys()) map[name] = file
    await writeFile(join(folder, file), encodeSafetensors(part))
  }
  await writeFile(
    join(folder, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map: map }),
  )
  return files
}

describe('where weights may lie', () => {
  test('shards with an index give the same logits', async () => {
    const folder = await folderWith(null)
    await writeShards(folder)
    expect(await logitsOfFolder(folder)).toEqual(originalLogits)
    const { weights } = await openModel(folder)
    expect(await readWeights(weights, new Map(), [...originalWeights.keys()])).toEqual(originalWeights)
  })

  test('files behind links, as the hub cache keeps them', async () => {
    const cache = await temporaryFolder()
    const [snapshot, blobs] = [join(cache, 'snapshots/abc'), join(cache, 'blobs')]
    await mkdir(snapshot, { recursive: true })
    await mkdir(blobs)
    for (const name of ['config.json', 'model.safetensors']) {
      await cp(join(original, name), join(blobs, `hash-of-${name}`))
      await symlink(`../../blobs/hash-of-${name}`, join(snapshot, name))
    }
    expect(await readlink(join(snapshot, 'model.safetensors'))).toMatch('blobs')
    expect(await logitsOfFolder(snapshot)).toEqual(originalLogits)
  })

  test('shards behind links that lead into several folders', async () => {
    const cache = await temporaryFolder()
    const [snapshot, blobs] = [join(cache, 'snapshot'), join(cache, 'blobs')]
    await mkdir(snapshot)
    await cp(join(original, 'config.json'), join(snapshot, 'config.json'))
    const files = await writeShards(snapshot)
    for (const [i, file] of files.entries()) {
      await mkdir(join(blobs, String(i)), { recursive: true })
      await cp(join(snapshot, file), join(blobs, String(i), 'blob'))
    }
    const linked = join(cache, 'linked')
    await mkdir(linked)
    for (const name of ['config.json', 'model.safetensors.index.json'])
      await symlink(join(snapshot, name), join(linked, name))
    for (const [i, file] of files.entries()) await symlink(join(blobs, String(i), 'blob'), join(linked, file))
    expect(await logitsOfFolder(linked)).toEqual(originalLogits)
  })

  test('a folder name with spaces and letters beyond ASCII', async () => {
    const folder = join(await temporaryFolder(), 'Modèle à moi 模型')
    await cp(original, folder, { recursive: true })
    expect(await logitsOfFolder(folder)).toEqual(originalLogits)
  })
})

describe('16-bit weights are used in place', () => {
  // The rounding alone: 8 and 11 bits of mantissa.
  test.each([
    ['BF16', 3e-2],
    ['F16', 3e-3],
  ] as const)('%s', async (dtype, tolerance) => {
    const logits = await logitsOfFolder(await folderWith(encodeHalfSafetensors(originalWeights, dtype)))
    expect(logits).toEqual(await logitsOfFolder(await folderWith(rounded(originalWeights, dtype))))
    const error = relativeError(logits, originalLogits)
    expect(error).toBeLessThan(tolerance)
    expect(error).toBeGreaterThan(tolerance / 100)
  })

  test.each(['BF16', 'F16'] as const)('%s is read as float32 without loss', async (dtype) => {
    const folder = await folderWith(encodeHalfSafetensors(originalWeights, dtype))
    const read = await readWeights(await openWeights(folder), new Map(), [...originalWeights.keys()])
    expect(read).toEqual(rounded(originalWeights, dtype))
  })

  test('16-bit and 32-bit files can be mixed', async () => {
    const folder = await folderWith(null)
    const [, second] = await writeShards(folder)
    const part = await readSafetensors(join(folder, second ?? ''))
    await writeFile(join(folder, second ?? ''), encodeHalfSafetensors(part, 'BF16'))
    const half = rounded(part, 'BF16')
    const mixed = new Map([...originalWeights].map(([name, tensor]) => [name, half.get(name) ?? tensor]))
    expect(await logitsOfFolder(folder)).toEqual(await logitsOfFolder(await folderWith(mixed)))
  })
})

describe('every weight is accounted for', () => {
  const some = 'encoder.block.1.layer.0.SelfAttention.q.weight'
  const other = 'decoder.final_layer_norm.weight'
  const changed = (change: (weights: Map<string, NamedTensor>) => void) => {
    const weights = new Map(originalWeights)
    change(weights)
    return folderWith(weights)
  }

  test('missing ones are named', async () => {
    const folder = await changed((weights) => {
      weights.delete(some)
      weights.delete(other)
    })
    await expect(openModel(folder)).rejects.toMatchObject({
      code: 'weights_missing',
      message: expect.stringContaining(`${some}, ${other}`) as string,
      details: { missing: `${some} ${other}` },
    })
  })

  test('surplus ones are named, five at most', async () => {
    const folder = await changed((weights) => {
      for (let i = 0; i < 7; i++) weights.set(`extra.${i}`, { shape: [1], data: Float32Array.of(1) })
    })
    await expect(openModel(folder)).rejects.toMatchObject({
      code: 'weights_surplus',
      message: expect.stringContaining('extra.0, extra.1, extra.2, extra.3, extra.4 and 2 more') as string,
    })
  })

  test('misshaped ones are named with both shapes', async () => {
    const folder = await changed((weights) => {
      const { data } = weights.get(some) ?? { data: new Float32Array() }
      weights.set(some, { shape: [data.length], data })
    })
    await expect(openModel(folder)).rejects.toMatchObject({
      code: 'model_invalid',
      message: expect.stringMatching(
        /q\.weight has the shape \[768\], config\.json says \[24, 32\]/,
      ) as string,
    })
  })

  test('copies of the embedding that published files carry are no surplus', async () => {
    const folder = await changed((weights) => {
      const shared = weights.get('shared.weight')
      if (!shared) throw new Error('There is no embedding.')
      weights.set('encoder.embed_tokens.weight', shared)
      weights.set('decoder.embed_tokens.weight', shared)
      weights.set('decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight', {
        shape: [32, 3],
        data: new Float32Array(96),
      })
    })
    expect(await logitsOfFolder(folder)).toEqual(originalLogits)
  })

  test('accountForWeights alone takes nothing as ignorable', () => {
    const { entries, folder } = t5.model.weights
    const copy = new Map([...entries].map(([name, entry]) => [`${name}`, entry]))
    const shapes = new Map([...entries].slice(1).map(([name, { shape }]) => [name, shape]))
    expect(() => accountForWeights({ entries: copy, folder }, shapes)).toThrow(
      expect.objectContaining({ code: 'weights_surplus' }),
    )
  })
})

describe('weights that cannot be used', () => {
  const codeOf = (folder: string, code: string, message: RegExp) =>
    expect(openModel(folder)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message) as string,
    })

  test('none at all', async () => {
    await codeOf(await folderWith(null), 'file_missing', /has no model\.safetensors.*pytorch_model\.bin/)
  })

  test('a file that was cut off', async () => {
    const folder = await folderWith(await readFile(join(original, 'model.safetensors')))
    await truncate(join(folder, 'model.safetensors'), 100_000)
    await codeOf(folder, 'weights_invalid', /it was cut off|tensors end at/)
  })

  test('integers', async () => {
    const weights = encodeSafetensors(originalWeights)
    const text = Buffer.from(weights).toString('latin1').replaceAll('"dtype":"F32"', '"dtype":"I32"')
    const folder = await folderWith(Buffer.from(text, 'latin1'))
    await expect(logitsOfFolder(folder)).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringMatching(/is of type I32; F32, F16 and BF16 weights are read/) as string,
    })
  })

  test.each([
    ['not JSON', '{', /is not a weight index/],
    ['no map', '{"metadata":{}}', /is not a weight index/],
    ['a way out', '{"weight_map":{"a":"../../secret.safetensors"}}', /which is not a file of its folder/],
    ['the folder above', '{"weight_map":{"a":".."}}', /which is not a file of its folder/],
    ['a path of Windows', '{"weight_map":{"a":"C:\\\\secret"}}', /which is not a file of its folder/],
  ])('an index with %s', async (_, text, message) => {
    const folder = await folderWith(null)
    await writeFile(join(folder, 'model.safetensors.index.json'), text)
    await codeOf(folder, 'weights_invalid', message)
  })

  test('one weight in two shards', async () => {
    const folder = await folderWith(null)
    const [first = '', second = ''] = await writeShards(folder)
    await cp(join(folder, first), join(folder, second))
    await codeOf(folder, 'weights_invalid', /Two weight files hold/)
  })

  test('an index that names a shard which is not there', async () => {
    const folder = await folderWith(null)
    await writeFile(join(folder, 'model.safetensors.index.json'), '{"weight_map":{"a":"gone.safetensors"}}')
    const error: unknown = await openModel(folder).catch((thrown: unknown) => thrown)
    expect(toErrorValue(error)).toMatchObject({ code: 'file_missing' })
  })
})
