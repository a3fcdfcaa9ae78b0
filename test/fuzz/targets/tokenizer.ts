import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostileFile } from '../hostile-case.ts'
import { damaged, pick, randomOf } from '../mutate.ts'
import type { Random } from '../mutate.ts'
import { Raw, editJson, printJson, replaced } from '../mutate-json.ts'
import type { JsonObject, JsonValue } from '../mutate-json.ts'
import type { MakeCase } from '../targets.ts'

const tests = join(import.meta.dirname, '../..')

/** A folder's tokenizer: the files that it is read from. */
type Sample = Readonly<Record<string, string>>

async function sampleOf(folder: string, names: readonly string[]): Promise<Sample> {
  const texts = names.map(async (name) => [name, await readFile(join(tests, folder, name), 'utf8')] as const)
  return Object.fromEntries(await Promise.all(texts))
}

/** Tokenizers of all kinds that are read, by tokenizer.json and by the older files, each with something that is off. */
export async function tokenizerCases(): Promise<MakeCase> {
  const samples = await Promise.all([
    sampleOf('data/fixtures/tokenizer', ['tokenizer.json', 'tokenizer_config.json']),
    sampleOf('goldens/word-piece', ['tokenizer.json']),
    sampleOf('goldens/word-piece', ['vocab.txt']),
    sampleOf('goldens/byte-pairs', [
      'vocab.json',
      'merges.txt',
      'special_tokens_map.json',
      'tokenizer_config.json',
    ]),
  ])
  const pairs = asTokenizerJson(samples[3] ?? {})
  return (seed, index) => {
    const random = randomOf(seed, index)
    const sample = pick([...samples, pairs], random)
    const chosen = pick(Object.keys(sample), random)
    const { file, story } = hostile(chosen, sample[chosen] ?? '', random)
    const rest = Object.entries(sample).filter(([name]) => name !== chosen)
    return {
      files: [...rest.map(([name, bytes]) => ({ path: `model/${name}`, bytes })), file],
      story: `${chosen}: ${story}`,
    }
  }
}

/** A byte-level BPE as tokenizer.json describes it. */
function asTokenizerJson(sample: Sample): Sample {
  const merges = (sample['merges.txt'] ?? '')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  const step = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
  const description = {
    version: '1.0',
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, normalized: false }],
    normalizer: null,
    pre_tokenizer: step,
    post_processor: step,
    decoder: step,
    model: { type: 'BPE', vocab: JSON.parse(sample['vocab.json'] ?? '{}') as JsonObject, merges },
  }
  return { 'tokenizer.json': JSON.stringify(description), 'tokenizer_config.json': '{}' }
}

interface Hostile {
  readonly file: HostileFile
  readonly story: string
}

function hostile(name: string, text: string, random: Random): Hostile {
  const path = `model/${name}`
  if (random(80) === 0)
    return {
      file: pick<HostileFile>(
        [
          { path, link: '/dev/zero' },
          { path, link: name },
          { path, zeros: pick([0, 60_000_000, 3e9], random) },
          { path: `${path}/inside`, bytes: '' },
          ...(random(10) === 0 ? [{ path, pipe: true } as const] : []),
        ],
        random,
      ),
      story: 'no file',
    }
  if (name.endsWith('.txt')) {
    const { bytes, story } = lines(text, random)
    return { file: { path, bytes }, story }
  }
  const value = JSON.parse(text) as JsonObject
  if (name === 'tokenizer.json' && random(4) > 0) {
    const [story, change] = pick(Object.entries(changes), random)
    const changed = change(value, random)
    if (random(4) > 0) return { file: { path, bytes: printJson(changed) }, story }
    const { bytes, story: more } = editJson(changed, random)
    return { file: { path, bytes }, story: `${story} · ${more}` }
  }
  const { bytes, story } = editJson(value, random)
  return { file: { path, bytes }, story }
}

/** Patterns that take a backtracking matcher more steps than there are atoms, and plain ones. */
const patterns = [
  '(a+)+$', '(a*)*b', '(a|a)*$', '(a|aa)+$', '(.*)*x', '([a-z]+)*1', '(\\\\s+)+$', '( +)+x', '^(([a-z])+.)+[A-Z]([a-z])+$', '\\\\s+$',
  'a*a*a*a*a*a*b', '.*.*.*=.*', '(?=(a+))a*b\\\\1', '(x+x+)+y', '(\\\\p{L}+)+[0-9]', '', '|', '(?:)', '.', '\\\\b', '^', '$', '(?!)',
  'a{1000}{1000}', '((a{1,100}){1,100}){1,100}', '(?i)a+', '[[:alpha:]&&[^a]]+', '\\\\p{Nope}', '(?<=a+)b', ' {2,}', '(?<name>a)\\\\k<name>',
  '(', ')', '[', '*', '\\\\', '(?P<x>a)', '\\\\u{110000}', '(?s:.)', "'s|'t| ?\\\\p{L}+| ?\\\\p{N}+| ?[^\\\\s\\\\p{L}\\\\p{N}]+|\\\\s+(?!\\\\S)|\\\\s+",
] // prettier-ignore

function pattern(random: Random): Raw {
  const text = pick(patterns, random)
  return pick(
    [
      new Raw(`{"Regex":"${text}"}`),
      new Raw(`{"Regex":"${text}"}`),
      new Raw(`{"String":"${text}"}`),
      new Raw('{"String":""}'),
      new Raw(`{"Regex":"${text.repeat(1 + random(2000))}"}`),
      new Raw(`{"Regex":"${'('.repeat(1 + random(20_000))}a"}`),
      new Raw('{"Regex":5}'),
      new Raw('{}'),
    ],
    random,
  )
}

const growing = [
  '""',
  '"a"',
  '"aa"',
  '"aaaaaaaaaaaaaaaa"',
  `"${'a'.repeat(10_000)}"`,
  '" "',
  '"\u2581"',
  'null',
  '7',
]

function normalizer(random: Random): JsonValue {
  const replace = (): JsonObject => ({
    type: 'Replace',
    pattern: pattern(random),
    content: new Raw(pick(growing, random)),
  })
  return pick<() => JsonValue>(
    [
      replace,
      replace,
      () => ({ type: 'Sequence', normalizers: Array.from({ length: 1 + random(40) }, replace) }),
      () => ({
        type: 'Sequence',
        normalizers: Array.from({ length: 40 }, () => ({
          type: 'Replace',
          pattern: { String: 'a' },
          content: 'aa',
        })),
      }),
      () => ({ type: 'Prepend', prepend: new Raw(pick(growing, random)) }),
      () => nestedSteps('normalizers', '{"type":"Lowercase"}', random),
      () => ({ type: pick(['NFC', 'NFKD', 'Strip', 'StripAccents', 'Lowercase', 'Precompiled', 'BertNormalizer', 'Nmt', 'constructor'], random) }),
      () => ({ type: 'Precompiled', precompiled_charsmap: 'A'.repeat(10 ** random(6)) }),
    ],
    random,
  )()
} // prettier-ignore

function preTokenizer(random: Random): JsonValue {
  const split = (): JsonObject => ({
    type: 'Split',
    pattern: pattern(random),
    behavior: pick(['Isolated', 'Removed', 'MergedWithPrevious', 'Contiguous', 'x'], random),
    invert: random(2) === 0,
  })
  return pick<() => JsonValue>(
    [
      split,
      split,
      () => ({ type: 'FixedLength', length: new Raw(pick(['0', '-1', '1', '5', '1e9', '0.001', '"1"', 'null', '1e-9'], random)) }),
      () => ({ type: 'Metaspace', replacement: pick(['', '▁', '▁▁', 'a'.repeat(5000), ' '], random), prepend_scheme: pick(['always', 'never', 'first'], random) }),
      () => ({ type: 'Metaspace', str_rep: 'a'.repeat(10 ** random(5)) }),
      () => ({ type: 'Sequence', pretokenizers: Array.from({ length: 1 + random(12) }, split) }),
      () => ({ type: 'Sequence', pretokenizers: Array.from({ length: 1 + random(40) }, () => ({ type: 'ByteLevel', use_regex: random(2) === 0 })) }),
      () => nestedSteps('pretokenizers', '{"type":"Whitespace"}', random),
      () => ({ type: 'Sequence', pretokenizers: [{ type: 'WhitespaceSplit' }, { type: 'Metaspace' }] }),
      () => ({ type: pick(['Whitespace', 'WhitespaceSplit', 'BertPreTokenizer', 'Punctuation', 'Digits', 'UnicodeScripts', '__proto__'], random) }),
      () => ({ type: 'Replace', pattern: pattern(random), content: new Raw(pick(growing, random)) }),
    ],
    random,
  )()
} // prettier-ignore

function nestedSteps(field: string, inner: string, random: Random): Raw {
  const depth = 1 + random(10 ** (1 + random(4)))
  return new Raw(`${`{"type":"Sequence","${field}":[`.repeat(depth)}${inner}${']}'.repeat(depth)}`)
}

function template(random: Random): JsonValue {
  const sequence = { Sequence: { id: 'A', type_id: 0 } }
  const special = { SpecialToken: { id: pick(['</s>', '<pad>', '[SEP]', 'nowhere', '__proto__'], random), type_id: 0 } }
  const single = Array.from({ length: 1 + random(10 ** random(5)) }, () => (random(2) === 0 ? sequence : special))
  const step = { type: 'TemplateProcessing', single, pair: [], special_tokens: {} }
  return random(3) === 0 ? { type: 'Sequence', processors: Array.from({ length: 1 + random(30) }, () => ({ ...step, single: [sequence, sequence] })) } : step
} // prettier-ignore

type Change = (value: JsonObject, random: Random) => JsonValue

const setting =
  (path: readonly string[], value: (random: Random) => JsonValue): Change =>
  (whole, random) =>
    replaced(whole, path, () => value(random))

const ids = ['-1', '0', '1', '199', '200', '1e6', '1e9', '4294967295', '4294967296', '1e15', '9007199254740993', '0.5', 'null', '"1"'] // prettier-ignore
const scores = ['0', '-0', '1e308', '-1e308', '1e999', 'NaN', 'null', '"0"', '-1e-320', '5']

function vocabulary(whole: JsonObject, random: Random): JsonValue {
  return replaced(whole, ['model', 'vocab'], (old) => {
    const long = () => pick(['a', 'ab', '▁', ' ', '💥', '\0'], random).repeat(10 ** random(random(6) === 0 ? 6 : 4))
    const id = () => new Raw(pick(ids, random))
    const many = 10 ** random(random(12) === 0 ? 6 : 4)
    if (Array.isArray(old)) {
      const list = old as readonly JsonValue[]
      return pick<() => JsonValue>(
        [
          () => [...list, [long(), -3]],
          () => [...list, ...Array.from({ length: 300 }, (_, i) => ['a'.repeat(i + 1), -1] as const)],
          () => list.map((one) => (Array.isArray(one) ? [one[0] as JsonValue, new Raw(pick(scores, random))] : one)),
          () => [...list, ...list],
          () => [...list, ['', 0], ['', -1]],
          () => [...list, ...Array.from({ length: many }, (_, i) => [`t${i}`, -i] as const)],
          () => list.slice(0, random(list.length)),
        ],
        random,
      )()
    }
    const map = old as JsonObject
    return pick<() => JsonValue>(
      [
        () => ({ ...map, [long()]: id() }),
        () => ({ ...map, '': id(), a: id(), ' ': id() }),
        () => Object.fromEntries(Object.entries(map).map(([token]) => [token, 5])),
        () => ({ ...map, ...Object.fromEntries(Array.from({ length: many }, (_, i) => [`t${i}`, i])) }),
        () => Object.fromEntries(Object.entries(map).slice(random(Object.keys(map).length))),
        () => new Raw(`{"a":1,"a":2,"__proto__":3,"constructor":4,"toString":5,${printJson(map).slice(1)}`),
        () => ({}),
      ],
      random,
    )()
  })
} // prettier-ignore

function addedTokens(whole: JsonObject, random: Random): JsonValue {
  return replaced(whole, ['added_tokens'], (old) => {
    const list = Array.isArray(old) ? (old as readonly JsonValue[]) : []
    const token = (content: string, id: number): JsonObject => ({
      ...{ id, content, special: random(2) === 0, normalized: random(2) === 0 },
      ...{ lstrip: random(3) === 0, rstrip: random(3) === 0, single_word: random(3) === 0 },
    })
    return pick<() => JsonValue>(
      [
        () => [...list, token('', 3)],
        () => [...list, token(' ', 3), token('a', 4), token('aa', 5)],
        () => [...list, token('a'.repeat(10 ** random(7)), 3)],
        () => [...list, { id: new Raw(pick(ids, random)), content: pick(['a', '__proto__', '[', '(a+)+$', '\\', '\ud800'.slice(1)], random) }],
        () => [...list, ...Array.from({ length: 10 ** random(6) }, (_, i) => token(`<x${i}>`, i))],
        () => [...list, ...Array.from({ length: 2000 }, (_, i) => token('a'.repeat(i + 1), i))],
        () => [...list, ...list],
        () => [],
      ],
      random,
    )()
  })
} // prettier-ignore

function merges(whole: JsonObject, random: Random): JsonValue {
  return replaced(whole, ['model', 'merges'], (old) => {
    const list = Array.isArray(old) ? (old as readonly JsonValue[]) : []
    return pick<() => JsonValue>(
      [
        () => [...list, 'a'],
        () => ['', ' ', 'a b c', ...list],
        () => [['a'], ...list],
        () => [['a', 'b', 'c'], ['a', 5], null, ...list],
        () => [...list, ...Array.from({ length: 10 ** random(6) }, (_, i) => `a${i} b`)],
        () => ({ length: 5, 0: ['a', 'b'] }),
        () => new Raw('null'),
      ],
      random,
    )()
  })
} // prettier-ignore

const changes: Readonly<Record<string, Change>> = {
  normalizer: setting(['normalizer'], normalizer),
  'pre-tokenizer': setting(['pre_tokenizer'], preTokenizer),
  'pre-tokenizer again': setting(['pre_tokenizer'], preTokenizer),
  template: setting(['post_processor'], template),
  decoder: setting(['decoder'], (random) =>
    random(3) === 0
      ? nestedSteps('decoders', '{"type":"Fuse"}', random)
      : { type: pick(['Replace', 'Strip', 'BPEDecoder', 'CTC', 'WordPiece', 'ByteFallback', 'Fuse', 'Metaspace'], random), pattern: pattern(random), content: new Raw(pick(growing, random)), start: 1e9, stop: 1e9, suffix: '', prefix: '', pad_token: '', cleanup: true, replacement: '' },
  ),
  vocabulary,
  'vocabulary again': vocabulary,
  'added tokens': addedTokens,
  merges,
  'longest word': setting(['model', 'max_input_chars_per_word'], (random) => new Raw(pick(['1e9', '0', '-1', '"x"', '1', '1e15'], random))),
  unknown: setting(['model', 'unk_token'], (random) => new Raw(pick(['"nowhere"', 'null', '5', '""', '"a"', '{}'], random))),
  'unknown id': setting(['model', 'unk_id'], (random) => new Raw(pick(ids, random))),
  'model type': setting(['model', 'type'], (random) => pick(['BPE', 'Unigram', 'WordPiece', 'WordLevel', '', 'x', '__proto__'], random)),
  prefix: setting(['model', 'continuing_subword_prefix'], (random) => new Raw(pick(['""', 'null', '5', '"a"', `"${'#'.repeat(100_000)}"`], random))),
  suffix: setting(['model', 'end_of_word_suffix'], (random) => new Raw(pick(['""', '"</w>"', '5', `"${'#'.repeat(100_000)}"`], random))),
  fallback: setting(['model', 'byte_fallback'], () => true),
} // prettier-ignore

/** A vocabulary or merges as lines. */
function lines(text: string, random: Random): { readonly bytes: Buffer | string; readonly story: string } {
  const all = text.split('\n')
  const at = random(all.length)
  const strange = ['', ' ', 'a', 'a b c', '\ud800', '__proto__ b', '#version', ' a', 'a ', '\0 \0', 'x'.repeat(10 ** random(7)), '[UNK]'] // prettier-ignore
  return pick<() => { bytes: Buffer | string; story: string }>(
    [
      () => ({ bytes: all.with(at, pick(strange, random)).join('\n'), story: 'a strange line' }),
      () => ({ bytes: [...all, ...Array.from({ length: 10 ** random(7) }, (_, i) => `a${i} b`)].join('\n'), story: 'many lines' }),
      () => ({ bytes: all.map(() => all[at] ?? '').join('\n'), story: 'one line alone' }),
      () => ({ bytes: all.join(pick(['\r\n', '\r', '\n\n', '\0', ' '], random)), story: 'other line ends' }),
      () => ({ bytes: Buffer.from(`\ufeff${text}`, 'utf16le'), story: 'UTF-16' }),
      () => damaged(Buffer.from(text), random),
      () => ({ bytes: '', story: 'empty' }),
    ],
    random,
  )()
} // prettier-ignore
