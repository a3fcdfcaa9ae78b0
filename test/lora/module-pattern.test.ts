import { describe, expect, test } from 'vitest'
import { isPattern, modulePattern, PatternError } from '../../trainer/lora/module-pattern.ts'

const paths = [
  'q',
  'v',
  'qv',
  'encoder.block.0.layer.0.SelfAttention.q',
  'decoder.block.11.mlp.wi_0',
  'a-b',
  '',
]

describe('patterns that JavaScript has too match as its own engine does', () => {
  test.each([
    'q',
    '.*',
    '.+',
    '.*\\.q',
    'q|v',
    '(q|v)+',
    '(?:q|v)*',
    '(?<name>q)v?',
    'encoder\\.block\\.\\d+\\..*',
    '.*block\\.(0|1[0-3])\\..*',
    '[qv]',
    '[^q]',
    '[^q.]*',
    '[a-z]+',
    '[a\\-b]+',
    '[]a]?q',
    'q{1}',
    'q{2}',
    'q{0,1}v',
    '(q|v){2,}',
    '.{1,2}',
    '^q$',
    '^(.*\\.)?q$',
    'q$v',
    '\\w+',
    '\\D*',
    '.*wi_\\d',
    '(a|)b?',
    '(q*)*',
    'q*?v',
    '{',
    'q{',
  ])('%s', (source) => {
    // A bracket that is closed at once stands for itself in Python, which JavaScript writes with a backslash.
    const own = new RegExp(`^(?:${source.replace('[]', '[\\]')})$`)
    for (const path of paths) expect(modulePattern(source).matches(path), path).toBe(own.test(path))
  })
})

test("Python's named groups are read", () => {
  expect(modulePattern('(?P<part>q)v').matches('qv')).toBe(true)
})

test.each([
  '(',
  ')',
  '(q',
  '[q',
  '*',
  'q**',
  'q\\',
  '(?!q)',
  '(?=q)',
  '(?i)q',
  '\\1',
  '\\bq',
  '[z-a]',
  'q{3,2}',
])('%s is refused', (source) => {
  expect(() => modulePattern(source)).toThrow(PatternError)
})

test.each(['((q{99}){99}){99}', 'q{999999}', `${'(q{9}'.repeat(9)}${'){9}'.repeat(9)}`])(
  'a pattern that would grow without bound is refused: %s',
  (source) => {
    expect(() => modulePattern(source)).toThrow(PatternError)
  },
)

test('a pattern that makes backtracking engines hang is matched in no time', () => {
  const started = performance.now()
  expect(modulePattern('(a+)+b').matches('a'.repeat(2000))).toBe(false)
  expect(modulePattern('(.*a){20}').matches('a'.repeat(200))).toBe(true)
  expect(performance.now() - started).toBeLessThan(3000)
})

test('names of modules are no patterns', () => {
  for (const name of ['q', 'encoder.block.0', 'wi_0', 'layer-norm']) expect(isPattern(name)).toBe(false)
  for (const name of ['q|v', '.*q', 'a[0]', 'decoder\\.q']) expect(isPattern(name)).toBe(true)
})
