import { execFileSync } from 'node:child_process'
import { open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  encodeSafetensors,
  readSafetensors,
  readSafetensorsHeader,
} from '../../trainer/checkpoint/safetensors.ts'
import { fromBfloat16, fromFloat16 } from '../support/half-precision.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** A file of a header as it is given and so many bytes of values. */
function fileOf(header: unknown, bytes: number | Uint8Array, claimed?: bigint): Buffer {
  const text = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimed ?? BigInt(text.length))
  return Buffer.concat([length, text, typeof bytes === 'number' ? Buffer.alloc(bytes) : bytes])
}
const text = (value: unknown): string => JSON.stringify(value)
/** A file of eight bytes of values in whose header one byte is replaced by another. */
function bytesOf(header: string, from: number, to: number): Buffer {
  const file = fileOf(header, 8)
  file[file.indexOf(from, 8)] = to
  return file
}
const written = async (bytes: Uint8Array): Promise<string> => {
  const path = join(await temporaryFolder(), 'file.safetensors')
  await writeFile(path, bytes)
  return path
}
const entry = (dtype: string, shape: unknown, from: unknown, to: unknown) => ({
  dtype,
  shape,
  data_offsets: [from, to],
})

describe('a round trip', () => {
  const tensors = new Map([
    ['matrix', { shape: [2, 3], data: Float32Array.of(1, -2.5, 3e-40, Infinity, -0, 1e38) }],
    ['scalar', { shape: [], data: Float32Array.of(7) }],
    ['empty', { shape: [0, 4], data: new Float32Array() }],
    ['mit Umlaut ä "quoted"', { shape: [1], data: Float32Array.of(5) }],
  ])

  test('keeps names, order, shapes and values', async () => {
    const path = await written(encodeSafetensors(tensors, { format: 'pt', note: 'ü' }))
    expect([...(await readSafetensors(path))]).toEqual([...tensors])
    const header = await readSafetensorsHeader(path)
    expect(header.metadata).toEqual({ format: 'pt', note: 'ü' })
    expect([...header.entries.keys()]).toEqual([...tensors.keys()])
  })

  test('equal tensors give equal bytes, and values lie aligned', async () => {
    const bytes = encodeSafetensors(tensors)
    expect(encodeSafetensors(new Map(tensors))).toEqual(bytes)
    const { entries } = await readSafetensorsHeader(await written(bytes))
    expect((entries.get('matrix')?.offset ?? 1) % 8).toBe(0)
  })

  test('values in the middle of a larger buffer', async () => {
    const data = Float32Array.of(1, 2, 3, 4).subarray(1, 3)
    const path = await written(encodeSafetensors(new Map([['part', { shape: [2], data }]])))
    expect((await readSafetensors(path)).get('part')?.data).toEqual(Float32Array.of(2, 3))
  })

  test('only the tensors that are named are read', async () => {
    const path = await written(encodeSafetensors(tensors))
    expect([...(await readSafetensors(path, ['scalar'])).keys()]).toEqual(['scalar'])
    await expect(readSafetensors(path, ['scalar', 'none'])).rejects.toMatchObject({
      code: 'weights_invalid',
      message: expect.stringContaining('it holds no tensor none') as string,
    })
  })

  test('a file without tensors', async () => {
    expect((await readSafetensors(await written(encodeSafetensors(new Map())))).size).toBe(0)
  })
})

describe('other types become float32', () => {
  const every = Uint16Array.from({ length: 65536 }, (_, bits) => bits)

  test('all 65,536 values of BF16 and F16', async () => {
    for (const [dtype, decode] of [
      ['BF16', fromBfloat16],
      ['F16', fromFloat16],
    ] as const) {
      const path = await written(
        fileOf({ x: entry(dtype, [65536], 0, 131072) }, new Uint8Array(every.buffer)),
      )
      const data = (await readSafetensors(path)).get('x')?.data ?? []
      let wrong = 0
      for (const bits of every) {
        const special = dtype === 'F16' && ((bits >> 10) & 31) === 31
        const expected = special ? (bits & 1023 ? NaN : bits & 0x8000 ? -Infinity : Infinity) : decode(bits)
        if (!Object.is(data[bits], expected)) wrong++
      }
      expect(wrong, dtype).toBe(0)
    }
  })

  test('F64 is rounded', async () => {
    const doubles = new Uint8Array(Float64Array.of(Math.PI, -1e-300).buffer)
    const path = await written(fileOf({ x: entry('F64', [2], 0, 16) }, doubles))
    expect((await readSafetensors(path)).get('x')?.data).toEqual(Float32Array.of(Math.PI, -0))
  })

  test.each(['I64', 'I32', 'I16', 'I8', 'U8', 'BOOL'])('%s holds no weights', async (dtype) => {
    const size = { I64: 8, I32: 4, I16: 2 }[dtype] ?? 1
    const path = await written(fileOf({ x: entry(dtype, [2], 0, 2 * size) }, 2 * size))
    expect((await readSafetensorsHeader(path)).entries.get('x')).toMatchObject({ dtype, length: 2 * size })
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'weights_invalid' })
  })
})

describe('damaged and hostile files', () => {
  const good = { a: entry('F32', [2], 0, 8), b: entry('F32', [1], 8, 12) }
  const cases: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ['empty', new Uint8Array(), /has only 0 bytes/],
    ['seven bytes', new Uint8Array(7), /has only 7 bytes/],
    ['a header longer than the file', fileOf(good, 12, 5000n), /claims 5000 bytes, the file has/],
    ['a header of 2^63 bytes', fileOf(good, 12, 1n << 63n), /claims 9223372036854775808 bytes, the limit/],
    [
      'a header of 15 MB in a small file',
      fileOf(good, 12, 15_000_000n),
      /claims 15000000 bytes, the file has/,
    ],
    ['no JSON', fileOf('{"a":', 12), /not a JSON object/],
    ['a header cut short', fileOf(good, 12, 20n), /not a JSON object/],
    ['a list', fileOf('[]', 0), /not a JSON object/],
    ['bytes that are no text', fileOf('\u0000\u0001', 12), /not a JSON object/],
    ['values cut off', fileOf(good, 11), /b ends at byte \d+, the file has \d+: it was cut off/],
    ['bytes behind the values', fileOf(good, 13), /its tensors end at byte/],
    ['no tensors but bytes', fileOf({}, 4), /its tensors end at byte/],
    [
      'an overlap',
      fileOf({ a: entry('F32', [2], 0, 8), b: entry('F32', [1], 4, 8) }, 8),
      /overlap or leave a gap/,
    ],
    ['twice the same bytes', fileOf({ a: good.a, b: good.a }, 8), /overlap or leave a gap/],
    ['a gap', fileOf({ a: good.a, b: entry('F32', [1], 12, 16) }, 16), /overlap or leave a gap/],
    ['a gap at the start', fileOf({ a: entry('F32', [1], 4, 8) }, 8), /overlap or leave a gap/],
    ['a size that the type denies', fileOf({ a: entry('F16', [2], 0, 8) }, 8), /takes 8 bytes.*want 4/],
    ['a size that the shape denies', fileOf({ a: entry('F32', [3], 0, 8) }, 8), /takes 8 bytes.*want 12/],
    ['an unknown type', fileOf({ a: entry('F4', [2], 0, 8) }, 8), /the type "F4", which is not supported/],
    ['a type from a prototype', fileOf({ a: entry('constructor', [2], 0, 8) }, 8), /which is not supported/],
    ['no type', fileOf({ a: { shape: [2], data_offsets: [0, 8] } }, 8), /has the type undefined/],
    ['a negative size', fileOf({ a: entry('F32', [-2], 0, 8) }, 8), /is not a list of sizes/],
    ['a size that is a fraction', fileOf({ a: entry('F32', [0.5], 0, 2) }, 2), /is not a list of sizes/],
    ['a size beyond 2^53', fileOf({ a: entry('F32', [2 ** 60], 0, 8) }, 8), /is not a list of sizes/],
    [
      'sizes whose product overflows',
      fileOf({ a: entry('F32', [2 ** 40, 2 ** 40], 0, 8) }, 8),
      /its type and shape/,
    ],
    ['no shape', fileOf({ a: entry('F32', null, 0, 8) }, 8), /is not a list of sizes/],
    ['offsets backwards', fileOf({ a: entry('F32', [2], 8, 0) }, 8), /takes -8 bytes/],
    ['negative offsets', fileOf({ a: entry('F32', [2], -8, 0) }, 8), /are not two positions/],
    ['offsets behind the end', fileOf({ a: entry('F32', [2], 1e12, 1e12 + 8) }, 8), /it was cut off/],
    ['offsets as texts', fileOf({ a: entry('F32', [2], '0', '8') }, 8), /are not two positions/],
    [
      'three offsets',
      fileOf({ a: { dtype: 'F32', shape: [2], data_offsets: [0, 8, 8] } }, 8),
      /two positions/,
    ],
    ['an entry that is a number', fileOf({ a: 5 }, 0), /is not an object/],
    [
      'a header of 17 MB',
      fileOf(`{}${' '.repeat(17_000_000)}`, 0),
      /claims 17000002 bytes, the limit is 16 MB/,
    ],
    ['a tensor twice', fileOf(`{"a":${text(good.a)},"a":${text(good.a)}}`, 8), /names something twice/],
    ['a tensor twice, once escaped', fileOf(`{"a":${text(good.a)},"\\u0061":${text(good.a)}}`, 8), /twice/],
    ['a field twice', fileOf(`{"a":{"dtype":"F64",${text(good.a).slice(1)}}`, 8), /names something twice/],
    [
      'a size of 0 beside a lie',
      fileOf({ a: entry('F32', [2 ** 52, 2 ** 52, 0], 0, 0) }, 0),
      /larger than any/,
    ],
    [
      '65 dimensions',
      fileOf({ a: entry('F32', [...Array<number>(64).fill(1), 2], 0, 8) }, 8),
      /larger than any/,
    ],
    ['a name that is no UTF-8', bytesOf(`{"\u001a":${text(good.a)}}`, 0x1a, 0xff), /is not UTF-8/],
    ['a name of half a character', fileOf(`{"\\ud800":${text(good.a)}}`, 8), /half a character/],
    ['a byte order mark', fileOf(`\ufeff{"a":${text(good.a)}}`, 8), /not a JSON object/],
    ['lists within lists', fileOf(`{"a":${'['.repeat(1e5)}${']'.repeat(1e5)}}`, 0), /nested more than 200/],
    ['metadata that are no texts', fileOf({ __metadata__: { a: 1 } }, 0), /metadata are not texts/],
  ]

  test.each(cases)('%s', async (_, bytes, message) => {
    const path = await written(bytes)
    const expected = {
      code: 'weights_invalid',
      message: expect.stringMatching(message) as string,
      details: { path },
    }
    await expect(readSafetensorsHeader(path)).rejects.toMatchObject(expected)
    await expect(readSafetensors(path)).rejects.toMatchObject(expected)
  })

  test('a file that is not there', async () => {
    await expect(readSafetensors('/does/not/exist.safetensors')).rejects.toMatchObject({
      code: 'file_missing',
    })
  })

  test('a folder is no file', async () => {
    await expect(readSafetensors(await temporaryFolder())).rejects.toMatchObject({ code: 'file_invalid' })
  })

  test.skipIf(process.platform === 'win32')('a pipe is refused instead of waited for', async () => {
    const pipe = join(await temporaryFolder(), 'pipe.safetensors')
    execFileSync('mkfifo', [pipe])
    await expect(readSafetensors(pipe)).rejects.toMatchObject({ code: 'file_invalid' })
  })

  test('sizes that a header only claims take no memory', async () => {
    const path = join(await temporaryFolder(), 'sparse.safetensors')
    const file = await open(path, 'w')
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(1n << 50n)
    await file.write(length)
    // Sparse: the file is four gigabytes long and takes one block.
    await file.truncate(2 ** 32)
    await file.close()
    const before = process.memoryUsage()
    await expect(readSafetensors(path)).rejects.toMatchObject({ code: 'weights_invalid' })
    const after = process.memoryUsage()
    expect(after.arrayBuffers + after.external - before.arrayBuffers - before.external).toBeLessThan(1e6)
  })
})
