import { damaged, pick } from './mutate.ts'
import type { Random } from './mutate.ts'

/** A value of a JSON text, or a text that stands in its place as it is. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject | Raw
export interface JsonObject {
  readonly [key: string]: JsonValue
}

/** Printed as it is: numbers that JavaScript cannot hold, lone surrogates, what is no JSON at all. */
export class Raw {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Prints a value; the keys of an object may be raw ones, and occur twice: see `editJson`. */
export function printJson(value: JsonValue): string {
  if (value instanceof Raw) return value.text
  if (Array.isArray(value)) return `[${value.map(printJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  return `{${Object.entries(value)
    .map(([key, one]) => `${JSON.stringify(key)}:${printJson(one)}`)
    .join(',')}}`
}

const numbers = [
  '0', '-0', '-1', '1', '2', '3', '0.5', '-0.5', '1.0', '1e0', '1e3', '255', '256', '65536', '1e6', '1e9', '2147483647',
  '2147483648', '4294967295', '4294967296', '1e12', '1e15', '9007199254740991', '9007199254740992', '1e18',
  '9223372036854775807', '9223372036854775808', '18446744073709551615', '18446744073709551616', '1e308', '-1e308',
  '1e999', '-1e999', '1e-320', '1e-999', 'NaN', 'Infinity', '-Infinity', '01', '+1', '1.', '.5', '0x10',
] // prettier-ignore
const texts = [
  '""', '" "', '"0"', '"12"', '"-1"', '"NaN"', '"null"', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udfff\\ud800"',
  '"__proto__"', '"constructor"', '"toString"', '"hasOwnProperty"', '"length"', '"../../../../etc/passwd"',
  '"/etc/passwd"', '"/dev/zero"', '".."', '"."', '"C:\\\\Windows\\\\win.ini"', '"\\\\\\\\server\\\\share"', '"file:///etc/passwd"',
  '"https://example.invalid/x"', '"(a+)+$"', '"(.*)*x"', '"((a{1,99}){1,99}){1,99}"', '"(?:"', '"["', '"\\\\"', '"\\u202e"',
  '"\ufeff"', '"ﷺ"', '"İ"', '"\u0130\u0307"', '"💥"', '"a/b"', '"a.b"', '"<script>"', '"${x}"', '"%s%n"', "'a'",
] // prettier-ignore
const others = [
  'null', 'true', 'false', '[]', '{}', '[null]', '[[]]', '[{}]', '{"":null}', '{"__proto__":null}',
  '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{"polluted":1}}}', '{"toString":1,"valueOf":2}',
  '{"length":1000000000}', '{"length":4,"0":1}', '{"then":1}', '{"toJSON":1}', '', 'undefined', 'None', ',', '}', '[',
] // prettier-ignore
const keys = [
  '', '__proto__', 'constructor', 'prototype', 'toString', 'valueOf', 'hasOwnProperty', 'length', 'then', 'toJSON', '0',
  '-1', '1e3', 'a\0b', '../x', 'a/b', 'type', 'name', 'id', 'r', 'data',
] // prettier-ignore

/** A value that nobody expects; now and then a large one. */
export function hostileValue(random: Random): Raw {
  switch (random(8)) {
    case 0:
    case 1:
    case 2:
      return new Raw(pick(numbers, random))
    case 3:
    case 4:
      return new Raw(pick(texts, random))
    case 5:
      return new Raw(pick(others, random))
    case 6:
      return new Raw(nested(random))
    default:
      return new Raw(large(random))
  }
}

function nested(random: Random): string {
  const [open, close] = pick([['[', ']'], ['{"a":', '}'], ['[[],', ']'], ['{"a":1,"b":', '}']] as const, random) // prettier-ignore
  const depth = 1 + random(10 ** (1 + random(random(20) === 0 ? 6 : 4)))
  return `${open.repeat(depth)}1${random(8) === 0 ? '' : close.repeat(depth)}`
}

function large(random: Random): string {
  const times = 1 + random(10 ** (1 + random(random(20) === 0 ? 6 : 4)))
  switch (random(6)) {
    case 0:
      return `"${'a'.repeat(times)}"`
    case 1:
      return `"${pick(['(a?)', 'a*', '\\\\', 'ü', '\u{1f4a5}', '.', '(', 'a|', '[', '\\u0000'], random).repeat(Math.ceil(times / 4))}"`
    case 2:
      return `[${'0,'.repeat(times)}0]`
    case 3:
      return `[${'{},'.repeat(times)}{}]`
    case 4:
      return `{${Array.from({ length: Math.ceil(times / 8) }, (_, i) => `"k${i}":${i}`).join(',')}}`
    default:
      return `[${'"a",'.repeat(times)}"a"]`
  }
}

type Path = readonly (string | number)[]

/** A place in a value, near its top more often than deep inside. */
export function placeIn(value: JsonValue, random: Random): Path {
  const path: (string | number)[] = []
  for (let here: JsonValue | undefined = value; ;) {
    const names: readonly (string | number)[] = childrenOf(here)
    if (names.length === 0 || (path.length > 0 && random(3) === 0)) return path
    const name = pick(names, random)
    path.push(name)
    here = at(here, name)
  }
}

function childrenOf(value: JsonValue | undefined): readonly (string | number)[] {
  if (value instanceof Raw || typeof value !== 'object' || value === null) return []
  return Array.isArray(value) ? [...value.keys()] : Object.keys(value)
}

function at(value: JsonValue | undefined, name: string | number): JsonValue | undefined {
  if (value === undefined || value instanceof Raw || typeof value !== 'object' || value === null)
    return undefined
  return (value as Readonly<Record<string | number, JsonValue>>)[name]
}

/** A value with another one at a place; the whole is replaced where the place is empty. */
export function replaced(
  value: JsonValue,
  path: Path,
  change: (old: JsonValue | undefined) => JsonValue | undefined,
): JsonValue {
  const [name, ...rest] = path
  if (name === undefined) return change(value) ?? null
  if (value instanceof Raw || typeof value !== 'object' || value === null) return value
  const next = (old: JsonValue | undefined) =>
    rest.length === 0 ? change(old) : old === undefined ? old : replaced(old, rest, change)
  if (Array.isArray(value))
    return value.flatMap((one: JsonValue, i) => {
      const changed = i === name ? next(one) : one
      return changed === undefined ? [] : [changed]
    })
  const entries = Object.entries(value).flatMap(([key, one]) => {
    const changed = key === name ? next(one) : one
    return changed === undefined ? [] : [[key, changed] as const]
  })
  if (!Object.hasOwn(value, name)) {
    const made = next(undefined)
    if (made !== undefined) entries.push([String(name), made])
  }
  return Object.fromEntries(entries)
}

type Edit = (value: JsonValue, random: Random) => JsonValue

const edits: Readonly<Record<string, Edit>> = {
  'a hostile value': (value, random) => replaced(value, placeIn(value, random), () => hostileValue(random)),
  'another hostile value': (value, random) =>
    replaced(value, placeIn(value, random), () => hostileValue(random)),
  'a field lost': (value, random) => replaced(value, placeIn(value, random), () => undefined),
  'a number turned': (value, random) =>
    replaced(value, placeIn(value, random), (old) =>
      typeof old === 'number'
        ? pick([old + 1, old - 1, old * 2, -old, old / 2, old * 1e9, 0, old + 0.5], random)
        : new Raw(pick(numbers, random)),
    ),
  'a value from elsewhere': (value, random) => {
    const from = placeIn(value, random).reduce<JsonValue | undefined>(at, value)
    return replaced(value, placeIn(value, random), () => from)
  },
  'a key twice': (value, random) => {
    const path = placeIn(value, random)
    return replaced(value, path, (old) => {
      const key = JSON.stringify(pick(keys, random))
      const [first, second] = [hostileValue(random).text, old === undefined ? 'null' : printJson(old)]
      return new Raw(`{${key}:${random(2) === 0 ? first : second},${key}:${second}}`)
    })
  },
  'a strange key': (value, random) => {
    const path = placeIn(value, random).slice(0, -1)
    const key = pick(keys, random)
    return replaced(value, [...path, key], () => hostileValue(random))
  },
  'in a list': (value, random) =>
    replaced(value, placeIn(value, random), (old) => (old === undefined ? [] : [old])),
  'an entry many times': (value, random) =>
    replaced(value, placeIn(value, random), (old) => {
      const text = printJson(old ?? null)
      const most = Math.floor(3_000_000 / (text.length + 1))
      const times = 1 + random(Math.max(1, Math.min(most, 10 ** (1 + random(random(10) === 0 ? 6 : 3)))))
      return new Raw(`[${Array.from({ length: times }, () => text).join(',')}]`)
    }),
}

/** A value's text, edited one to three times; now and then its bytes are damaged, too. */
export function editJson(
  value: JsonValue,
  random: Random,
): { readonly bytes: Buffer | string; readonly story: string } {
  const story: string[] = []
  let edited = value
  for (let times = pick([1, 1, 2, 3], random); times > 0; times--) {
    const [name, edit] = pick(Object.entries(edits), random)
    story.push(name)
    edited = edit(edited, random)
  }
  const text = printJson(edited)
  switch (random(24)) {
    case 0: {
      const { bytes, story: how } = damaged(Buffer.from(text), random)
      return { bytes, story: [...story, how].join(' · ') }
    }
    case 1:
      return { bytes: `\ufeff${text}`, story: [...story, 'a byte order mark'].join(' · ') }
    case 2:
      return { bytes: Buffer.from(`\ufeff${text}`, 'utf16le'), story: [...story, 'UTF-16'].join(' · ') }
    case 3:
      return { bytes: twice(text, random), story: [...story, 'the first key twice'].join(' · ') }
    default:
      return { bytes: text, story: story.join(' · ') }
  }
}

/** The text of an object with its first key a second time, with another value. */
function twice(text: string, random: Random): string {
  const key = /^\{("(?:[^"\\]|\\.){0,200}")/.exec(text)?.[1]
  return key === undefined ? text + text : `${text.slice(0, -1)},${key}:${hostileValue(random).text}}`
}
