import { damaged, pick } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { hostileValue } from '../mutate-json.ts'

/** A tensor of a header, each part as its JSON text. */
interface RawTensor {
  readonly name: string
  readonly dtype: string
  readonly shape: string
  readonly offsets: string
}

/** A safetensors file in its parts; the header's length follows from its text where none is claimed. */
interface Parts {
  readonly tensors: readonly RawTensor[]
  readonly metadata: string | null
  readonly values: Buffer
  readonly claimed: bigint | null
  readonly around: readonly [before: string, after: string]
}

/** A header's tensor as safetensors files have it. */
interface HeaderEntry {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly data_offsets: readonly [number, number]
}

/** Takes a sound file apart. */
export function partsOf(file: Buffer): Parts {
  const end = 8 + Number(file.readBigUInt64LE())
  const { __metadata__: metadata, ...tensors } = JSON.parse(file.toString('utf8', 8, end)) as Record<
    string,
    HeaderEntry
  >
  return {
    tensors: Object.entries(tensors).map(([name, { dtype, shape, data_offsets }]) => ({
      name: JSON.stringify(name),
      dtype: JSON.stringify(dtype),
      shape: JSON.stringify(shape),
      offsets: JSON.stringify(data_offsets),
    })),
    metadata: metadata === undefined ? null : JSON.stringify(metadata),
    values: file.subarray(end),
    claimed: null,
    around: ['', ''],
  }
}

/** Puts a file together. */
export function fileOf({ tensors, metadata, values, claimed, around: [before, after] }: Parts): Buffer {
  const entries = tensors.map(
    ({ name, dtype, shape, offsets }) =>
      `${name}:{"dtype":${dtype},"shape":${shape},"data_offsets":${offsets}}`,
  )
  const all = [...(metadata === null ? [] : [`"__metadata__":${metadata}`]), ...entries]
  const text = Buffer.from(`${before}{${all.join(',')}}${after}`)
  // A name that was meant to be no UTF-8.
  for (let at = text.indexOf(0x1a); at !== -1; at = text.indexOf(0x1a, at + 1)) text[at] = 0xff
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(claimed ?? BigInt(text.length))
  return Buffer.concat([length, text, values])
}

const lengths = [
  0n, 1n, 7n, 8n, 100_000_000n, 100_000_001n, 2n ** 31n, 2n ** 32n, 2n ** 53n, 2n ** 63n, 2n ** 64n - 1n, 2n ** 64n - 8n,
] // prettier-ignore
const types = [
  'F64', 'F32', 'F16', 'BF16', 'I64', 'I32', 'I16', 'I8', 'U8', 'U16', 'U32', 'U64', 'BOOL', 'F8_E4M3', 'F8_E5M2', 'F4', 'f32',
  'float32', '', '__proto__', 'constructor', 'toString',
] // prettier-ignore
const shapes = [
  '[]', '[0]', '[1]', '[-1]', '[0.5]', '["8"]', '[null]', '[[8]]', '{}', 'null', '8', '[9007199254740991,2]',
  '[4294967296,4294967296]', '[9007199254740991,9007199254740991,0]', '[1e308,1e308,0]', '[0,9007199254740993]',
  '[18446744073709551615]', '[9223372036854775808,2]', '[1e999]', '[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,8]',
] // prettier-ignore
const names = [
  '"__proto__"', '"constructor"', '"toString"', '"__metadata__"', '""', '"/etc/passwd"', '"../../x"', '"a\\u0000b"',
  '"\\ud800"', '"\\udc00x"', '"\u001ax"', '"a\\/b"', '"\\u0073hared.weight"', '"\ufeff"', '"💥"', '"a.b.c.d.e.f"',
] // prettier-ignore

type Edit = (parts: Parts, random: Random) => Parts

function onTensor(parts: Parts, random: Random, change: (tensor: RawTensor) => RawTensor): Parts {
  const chosen = random(Math.max(1, parts.tensors.length))
  return { ...parts, tensors: parts.tensors.map((one, i) => (i === chosen ? change(one) : one)) }
}

const offsetEdits: readonly ((from: number, to: number, random: Random) => string)[] = [
  (from, to) => `[${to},${from}]`,
  (from, to) => `[${-from - 1},${to}]`,
  (from, to) => `[${from}.5,${to}]`,
  (from, to, random) => `[${from + 1 + random(64)},${to}]`,
  (from, to, random) => `[${from},${to + 1 + random(64)}]`,
  (from, to, random) => `[${Math.max(0, from - 1 - random(64))},${to}]`,
  (from, to) => `[${from + 1_000_000},${to + 1_000_000}]`,
  (from, to) => `[0,${to - from}]`,
  (from) => `[${from},${from}]`,
  (from) => `[${from},9007199254740991]`,
  (from) => `[${from},18446744073709551615]`,
  (_from, to) => `[9223372036854775807,${to}]`,
  (from, to) => `["${from}","${to}"]`,
  (from, to) => `[${from},${to},${to}]`,
  (from) => `[${from}]`,
  () => 'null',
  () => '{"0":0,"1":8,"length":2}',
  (from, to) => `[${from}.0,${to}.0]`,
  (from, to) => `[${from}e0,${to}e0]`,
]

const edits: Readonly<Record<string, Edit>> = {
  'header length': (parts, random) => ({
    ...parts,
    claimed: random(3) === 0 ? BigInt(random(2 ** 31)) : pick(lengths, random),
  }),
  offsets: (parts, random) =>
    onTensor(parts, random, (tensor) => {
      const [from = 0, to = 0] = JSON.parse(tensor.offsets) as number[]
      return { ...tensor, offsets: pick(offsetEdits, random)(from, to, random) }
    }),
  type: (parts, random) =>
    onTensor(parts, random, (tensor) => ({ ...tensor, dtype: JSON.stringify(pick(types, random)) })),
  shape: (parts, random) => onTensor(parts, random, (tensor) => ({ ...tensor, shape: pick(shapes, random) })),
  'all types': (parts, random) => {
    const dtype = JSON.stringify(pick(types, random))
    return { ...parts, tensors: parts.tensors.map((tensor) => ({ ...tensor, dtype })) }
  },
  'half the width': (parts, random) =>
    onTensor(parts, random, (tensor) => {
      const shape = JSON.parse(tensor.shape) as number[]
      return { ...tensor, dtype: '"F16"', shape: JSON.stringify([...shape, 2]) }
    }),
  name: (parts, random) => onTensor(parts, random, (tensor) => ({ ...tensor, name: pick(names, random) })),
  'long name': (parts, random) =>
    onTensor(parts, random, (tensor) => ({ ...tensor, name: `"${'x.'.repeat(10 ** (2 + random(4)))}"` })),
  'tensor twice': (parts, random) => {
    const tensor = pick(parts.tensors, random)
    const name = random(2) === 0 ? tensor.name : tensor.name.replace('.', '\\u002e')
    const copy = { ...tensor, name, ...(random(2) === 0 ? {} : { shape: pick(shapes, random) }) }
    return { ...parts, tensors: random(2) === 0 ? [copy, ...parts.tensors] : [...parts.tensors, copy] }
  },
  'field twice': (parts, random) =>
    onTensor(parts, random, (tensor) => ({
      ...tensor,
      shape: `${pick(shapes, random)},"${pick(['shape', 'dtype', 'sh\\u0061pe'], random)}":${random(2) === 0 ? tensor.shape : tensor.dtype}`,
    })),
  'tensor lost': (parts, random) => {
    const chosen = random(parts.tensors.length)
    return { ...parts, tensors: parts.tensors.filter((_, i) => i !== chosen) }
  },
  'tensor added': (parts, random) => {
    const at = parts.values.length
    const bytes = 8 * random(8)
    const tensor = { name: pick(names, random), dtype: '"U8"', shape: `[${bytes}]`, offsets: `[${at},${at + bytes}]` }
    return { ...parts, tensors: [...parts.tensors, tensor], values: Buffer.concat([parts.values, Buffer.alloc(bytes)]) }
  },
  'many tensors': (parts, random) => {
    const count = 10 ** (2 + random(random(30) === 0 ? 5 : 3))
    const at = parts.values.length
    const empty = { dtype: '"U8"', shape: '[0]', offsets: `[${at},${at}]` }
    const rest = `:{"dtype":"U8","shape":[0],"data_offsets":${empty.offsets}},`
    // All of them stand in the name of the last, since a million objects would be larger than what reads them may be.
    let text = ''
    for (let i = 0; i < count; i++) text += `"t${i}"${rest}`
    return { ...parts, tensors: [...parts.tensors, { ...empty, name: `${text}"t"` }] }
  },
  metadata: (parts, random) => ({ ...parts, metadata: hostileValue(random).text }),
  'metadata of texts': (parts, random) => ({
    ...parts,
    metadata: pick(['{"__proto__":"x"}', '{"format":"tf"}', '{"a":"1","a":"2"}', '{"format":1}', '{}'], random),
  }),
  values: (parts, random) => {
    const word = pick([0x7fc00000, 0x7f800000, 0xff800000, 0x7f7fffff, 0x00000001, 0xffffffff], random)
    const values = Buffer.from(parts.values)
    const step = pick([4, 4, 64, 4096], random)
    for (let at = 0; at + 4 <= values.length; at += step) values.writeUInt32LE(word, at)
    return { ...parts, values }
  },
  'values cut': (parts, random) => ({
    ...parts,
    values: parts.values.subarray(0, random(parts.values.length + 1)),
  }),
  'more values': (parts, random) => ({
    ...parts,
    values: Buffer.concat([parts.values, Buffer.alloc(1 + random(4096))]),
  }),
  around: (parts, random) => ({
    ...parts,
    around: pick(
      [['', '   '], [' ', ''], ['\ufeff', ''], ['', '\0'], ['[', ']'], ['', '}'], ['{"a":', ''], ['', ' '.repeat(100_000)], ['['.repeat(100_000), '']] as const,
      random,
    ),
  }),
  'hostile entry': (parts, random) =>
    onTensor(parts, random, (tensor) => ({ ...tensor, [pick(['dtype', 'shape', 'offsets'] as const, random)]: hostileValue(random).text })),
} // prettier-ignore

/** A file, damaged in its structure once or twice; now and then its bytes, too. */
export function hostileSafetensors(
  file: Buffer,
  random: Random,
): { readonly bytes: Buffer; readonly story: string } {
  const story: string[] = []
  let parts = partsOf(file)
  for (let times = 1 + random(2); times > 0; times--) {
    const [name, edit] = pick(Object.entries(edits), random)
    try {
      parts = edit(parts, random)
    } catch {
      // What an edit before it has left is no longer what this one edits.
      continue
    }
    story.push(name)
  }
  const bytes = fileOf(parts)
  if (random(12) !== 0) return { bytes, story: story.join(' · ') }
  const { bytes: more, story: how } = damaged(bytes, random)
  return { bytes: more, story: [...story, how].join(' · ') }
}
