import type { Random } from '../mutate.ts'

export function pick<One>(list: readonly One[], random: Random): One {
  const found = list[random(list.length)]
  if (found === undefined) throw new Error('There is nothing to choose from.')
  return found
}

/** Names that every object has in JavaScript, so that a table asked by them without care has an entry. */
export const prototypeNames = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'isPrototypeOf',
  '__defineGetter__',
  'prototype',
]

/** What stands in a frame's text for a number or a nesting that no value of JavaScript is written as. */
export const rawMark = '@@raw '

const rawNumbers = ['1e999', '-1e999', '-0', '1e-400', '0.1e1', '9'.repeat(400), '9007199254740993']

const texts: readonly string[] = [
  '',
  ' ',
  'a',
  'NaN',
  'Infinity',
  'null',
  '\0',
  'a\0b',
  '\ud800',
  'x\udfffy',
  '\u202e\u2066',
  '\ufeff',
  '𝔘𝔫𝔦'.repeat(20),
  'e\u0301'.repeat(300),
  '%00%2e%2e%2f',
  "' OR 1=1 --",
  '"; DROP TABLE run; --',
  'NEAR(a b) AND "',
  '*',
  '^a* OR -b',
  '<script>alert(1)</script>',
  '${process.exit()}',
  '{a}{{b}}{',
  'a[0][]..b[',
  '(a+)+$'.repeat(20),
  '../../../sentinel/kept.txt',
  '..',
  '.',
  'CON',
  'nul.txt',
  'a/../b',
  'made-',
  ...prototypeNames,
]

/** A text that somebody may have put where a name, a question or an id belongs. */
export function hostileText(random: Random): string {
  switch (random(12)) {
    case 0:
      return 'x'.repeat(10 ** random(6))
    case 1:
      return `${pick(texts, random)}${pick(texts, random)}`
    case 2:
      return pick(texts, random).repeat(1 + random(200))
    default:
      return pick(texts, random)
  }
}

/** Paths to where nothing may be done, nothing is, or what is there is no plain file. */
export function hostilePath(random: Random, folder: string): string {
  const plain = [
    folder,
    `${folder}/`,
    `${folder}/new`,
    `${folder}/kept.txt`,
    `${folder}/kept.txt/below`,
    `${folder}/link-out`,
    `${folder}/link-loop`,
    `${folder}/link-loop/x`,
    `${folder}/pipe`,
    `${folder}/%2e%2e/x`,
    `${folder}/a\\..\\b`,
    `${folder}/kept.txt:stream`,
    `${folder}/kept.txt::$DATA`,
    `${folder}/${'x'.repeat(256)}`,
    `${folder}/${'d/'.repeat(1 + random(1500))}`,
    `${folder}/\ud800`,
    `${folder}/\n\r\t`,
    `${folder}/${pick(prototypeNames, random)}`,
    '/dev/null/x',
    '/dev/zero',
    '/dev/stdin',
    '/proc/self/mem',
    '/proc/self/environ',
    '/proc/self/fd/0',
    '/proc/self/root/nowhere',
    '\\\\server\\share\\x',
    '//server/share/x',
    'C:\\Windows\\x',
    '\\\\.\\PhysicalDrive0',
    'CON',
    `${folder}/a\0b`,
    'x'.repeat(100_000),
    '~',
    'file:///etc/passwd',
  ]
  return pick(plain, random)
}

/** An address that leads to no site of the internet, whatever is made of it. */
export function hostileAddress(random: Random): string {
  return pick(
    [
      'http://127.0.0.1:1/',
      'http://0x7f000001/',
      'http://0177.1/',
      'http://[::ffff:127.0.0.1]/',
      'http://[64:ff9b::7f00:1]/',
      'http://10.0.0.1/',
      'http://printer.local/',
      'http://localhost.:1/',
      'http://a:b@127.0.0.1/',
      'http://127.0.0.1:0/',
      'http://127.0.0.1:99999/',
      'file:///etc/passwd',
      'data:text/html,x',
      'javascript:alert(1)',
      'https://',
      'http://[',
      `http://${'a.'.repeat(2000)}invalid/`,
      'http://\ud800.invalid/',
      'http://xn--a.invalid/',
    ],
    random,
  )
}

export function hostileNumber(random: Random): number | string {
  const numbers = [
    0,
    1,
    2,
    -1,
    0.5,
    -0.5,
    500,
    501,
    2 ** 31,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 53),
    1e300,
  ]
  return random(4) === 0 ? `${rawMark}${pick(rawNumbers, random)}` : pick(numbers, random)
}

/** Anything that JSON can say, or nearly. */
export function hostileValue(random: Random, depth = 0): unknown {
  switch (random(depth > 3 ? 6 : 10)) {
    case 0:
      return null
    case 1:
      return random(2) === 0
    case 2:
      return hostileNumber(random)
    case 3:
    case 4:
      return hostileText(random)
    case 5:
      return `${rawMark}${'['.repeat(10 ** random(6))}`
    case 6:
      return Array.from({ length: random(4) }, () => hostileValue(random, depth + 1))
    case 7:
      return Array.from({ length: 10 ** random(5) }, () => 0)
    default:
      return hostileObject(random, depth)
  }
}

function hostileObject(random: Random, depth: number): object {
  const entries = Array.from({ length: random(4) }, () => [
    random(2) === 0 ? pick(prototypeNames, random) : hostileText(random).slice(0, 200),
    hostileValue(random, depth + 1),
  ])
  // `__proto__` becomes a key of its own here, as it does in JSON.parse.
  return Object.fromEntries(entries) as object
}

/** A value as JSON text, with the raw parts put in. */
export function frameText(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"@@raw ([^"]*)"/g, (_, raw: string) =>
    raw.startsWith('[') ? raw + ']'.repeat(raw.length) : raw,
  )
}
