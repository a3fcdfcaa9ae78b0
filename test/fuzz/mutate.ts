import { zipOf } from '../support/zip-writer.ts'
import type { Sample } from './samples.ts'

/** Whole numbers from 0 to below `end`. */
export type Random = (end: number) => number

/** A seeded stream of numbers (mulberry32), of its own for each case. */
export function randomOf(seed: number, index: number): Random {
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0
  return (end) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * end)
  }
}

/** No mutation makes a file larger; the readers' bounds on size have tests of their own. */
const largest = 3_000_000

export interface Mutant {
  readonly bytes: Buffer
  readonly extension: string
  /** What was done to what, for the report. */
  readonly story: string
}

type Mutation = (bytes: Buffer, random: Random, others: readonly Sample[]) => Buffer

/** A sample, damaged one to four times; some under another's name, some made of nothing but chance. */
export function mutant(samples: readonly Sample[], seed: number, index: number): Mutant {
  const random = randomOf(seed, index)
  const sample = pick(samples, random)
  const story = [sample.name]
  const isPacked = sample.entries.length > 0 && random(10) < 7
  let bytes = sample.bytes
  for (let times = pick([1, 1, 1, 2, 2, 3, 4], random); times > 0; times--) {
    const [name, mutate] = pick(Object.entries(mutations), random)
    story.push(name)
    bytes = isPacked ? inEntry(sample, mutate, random, samples) : mutate(bytes, random, samples)
    if (isPacked) break
  }
  const isRenamed = random(12) === 0
  const extension = isRenamed ? pick(samples, random).extension : sample.extension
  if (isRenamed) story.push(`named ${extension}`)
  return { bytes: bytes.subarray(0, largest), extension, story: story.join(' · ') }
}

/** Damages one file of an archive and packs it again, so that the damage is met behind the checksums. */
function inEntry({ entries }: Sample, mutate: Mutation, random: Random, others: readonly Sample[]): Buffer {
  const chosen = random(entries.length)
  return zipOf(
    entries.map(({ name, data }, i) => ({ name, data: i === chosen ? mutate(data, random, others) : data })),
  )
}

/** Bytes damaged once, with the name of what was done. */
export function damaged(bytes: Buffer, random: Random): { readonly bytes: Buffer; readonly story: string } {
  const [story, mutate] = pick(Object.entries(mutations), random)
  const others = [{ name: 'itself', extension: '', bytes, entries: [] }]
  return { bytes: mutate(bytes, random, others), story }
}

const extremes = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]
const fragments = [
  '"', "'", '\0', '\r', '\n', '\r\n', '\ufeff', ',', ';', '\t', '{', '}', '[', ']', '<', '>', '&', '\\', '\\u',
  '\\ud800', '\ud7ff\udbff', 'null', 'NaN', '-0', '1e999', '9'.repeat(400), '<!--', '<![CDATA[', ']]>', '&#x110000;',
  '<!ENTITY a "&a;">', '<!DOCTYPE x [', '__proto__', 'constructor', '{"__proto__":', '%PDF-', 'PK\x03\x04', 'PAR1',
  'endobj', 'stream\n', '/Length 99999999', 'xref', '```', '> ', '# ', '- ', '| a | b |\n|---|\n',
] // prettier-ignore
const nests: readonly (readonly [string, string])[] = [
  ['[', ']'],
  ['{"a":', '}'],
  ['<div>', '</div>'],
  ['<b>', ''],
  ['<ul><li>', ''],
  ['> ', ''],
  ['- ', ''],
  ['*', ''],
  ['[a](', ')'],
  ['<<', '>>'],
  ['(', ')'],
  ['&a;', ''],
  ['{{', '}}'],
]

const mutations: Readonly<Record<string, Mutation>> = {
  'bits turned': (bytes, random) => {
    const copy = Buffer.from(bytes)
    for (let times = 1 + random(48); times > 0 && copy.length > 0; times--) {
      const at = random(copy.length)
      copy[at] = (copy[at] ?? 0) ^ (1 << random(8))
    }
    return copy
  },
  'bytes changed': (bytes, random) => {
    const copy = Buffer.from(bytes)
    for (let times = 1 + random(16); times > 0 && copy.length > 0; times--)
      copy[random(copy.length)] = random(256)
    return copy
  },
  'cut off': (bytes, random) => bytes.subarray(0, random(bytes.length + 1)),
  'without its beginning': (bytes, random) => bytes.subarray(random(bytes.length + 1)),
  'a stretch lost': (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)])
  },
  'a stretch repeated': (bytes, random) => {
    const [from, to] = stretch(bytes, random)
    const most = Math.floor(largest / Math.max(1, to - from))
    const times = 1 + random(Math.min(most, 10 ** (1 + random(5))))
    return Buffer.concat([
      bytes.subarray(0, to),
      repeated(bytes.subarray(from, to), times),
      bytes.subarray(to),
    ])
  },
  'stretches swapped': (bytes, random) => {
    const cuts = [random(bytes.length + 1), random(bytes.length + 1), random(bytes.length + 1)].sort(
      (a, b) => a - b,
    )
    const [a = 0, b = 0, c = 0] = cuts
    return Buffer.concat([
      bytes.subarray(0, a),
      bytes.subarray(b, c),
      bytes.subarray(a, b),
      bytes.subarray(c),
    ])
  },
  'a number changed': (bytes, random) => {
    const copy = Buffer.from(bytes)
    const width = 2 ** random(4)
    for (let times = 1 + random(4); times > 0 && copy.length >= width; times--) {
      const value = BigInt(random(3) === 0 ? random(2 ** 31) : pick(extremes, random))
      const at =
        random(3) === 0
          ? Math.max(0, copy.length - 1 - random(Math.min(120, copy.length)))
          : random(copy.length)
      for (let i = 0; i < width && at + i < copy.length; i++)
        copy[at + i] = Number((value >> BigInt(8 * i)) & 255n)
    }
    return copy
  },
  'digits changed': (bytes, random) => {
    const text = bytes.toString('latin1')
    const places = [...text.matchAll(/\d{1,20}/g)]
    const place = places[random(Math.max(1, places.length))]
    if (!place) return bytes
    const number = pick(['0', '-1', '1e999', '9'.repeat(1 + random(300)), '4294967296', '0.1', ''], random)
    return Buffer.from(
      text.slice(0, place.index) + number + text.slice(place.index + place[0].length),
      'latin1',
    )
  },
  'a part of another': (bytes, random, others) => {
    const other = pick(others, random).bytes
    const [from, to] = stretch(other, random)
    const at = random(bytes.length + 1)
    const end = random(2) === 0 ? at : Math.min(bytes.length, at + to - from)
    return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(end)])
  },
  'halves of two': (bytes, random, others) => {
    const other = pick(others, random).bytes
    return Buffer.concat([
      bytes.subarray(0, random(bytes.length + 1)),
      other.subarray(random(other.length + 1)),
    ])
  },
  'deep nesting': (bytes, random) => {
    const [open, close] = pick(nests, random)
    const depth = 1 + random(10 ** (1 + random(5)))
    const at = random(bytes.length + 1)
    const isClosed = random(2) === 0
    return Buffer.concat([
      bytes.subarray(0, at),
      Buffer.from(open.repeat(depth)),
      Buffer.from(isClosed ? `1${close.repeat(depth)}` : ''),
      bytes.subarray(at),
    ])
  },
  'fragments strewn in': (bytes, random) => {
    const parts: Buffer[] = []
    let last = 0
    const places = Array.from({ length: 1 + random(12) }, () => random(bytes.length + 1)).sort(
      (a, b) => a - b,
    )
    for (const at of places) {
      parts.push(bytes.subarray(last, at), Buffer.from(pick(fragments, random)))
      last = at
    }
    return Buffer.concat([...parts, bytes.subarray(last)])
  },
  'a fragment many times': (bytes, random) => {
    const at = random(bytes.length + 1)
    const many = Buffer.from(pick(fragments, random).repeat(1 + random(10 ** (1 + random(5)))))
    return Buffer.concat([bytes.subarray(0, at), many.subarray(0, largest), bytes.subarray(at)])
  },
  'all by chance': (_bytes, random) => Buffer.from(Array.from({ length: random(5_000) }, () => random(256))),
  'chance behind the beginning': (bytes, random) =>
    Buffer.concat([
      bytes.subarray(0, random(Math.min(200, bytes.length + 1))),
      Buffer.from(Array.from({ length: random(5_000) }, () => random(256))),
    ]),
}

function stretch(bytes: Buffer, random: Random): readonly [number, number] {
  const from = random(bytes.length + 1)
  return [from, Math.min(bytes.length, from + random(10 ** (1 + random(4))))]
}

function repeated(bytes: Buffer, times: number): Buffer {
  return bytes.length === 0 ? bytes : Buffer.alloc(Math.min(largest, bytes.length * times), bytes)
}

/** One of a list. */
export function pick<One>(list: readonly One[], random: Random): One {
  const found = list[random(list.length)]
  if (found === undefined) throw new Error('There is nothing to choose from.')
  return found
}
