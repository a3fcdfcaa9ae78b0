import { describe, expect, test } from 'vitest'
import { JsonFaultError, parseJson } from '../trainer/parse-json.ts'

test.each([
  '{"a":[1,{"b":":"}],"c":"\\"{[:","d":{"":null,"__proto__":{"x":1}}}',
  '"\\\\"',
  '[[],{},":{[\\\\\\":"]',
  ' [ 1 ] ',
  '{"a:b":{"c\\\\":1,"d":"\\\\\\""}}',
])('%s is what JSON.parse makes of it', (text) => {
  expect(parseJson(text, { unique: true })).toEqual(JSON.parse(text))
})

test.each(['', '{', '{"a"}', '"', '"\\', '[1,]', '\ufeff[]', '{"a":1', ']'])('%j is no JSON', (text) => {
  expect(() => parseJson(text, { unique: true })).toThrow(SyntaxError)
})

describe('names that come twice', () => {
  test.each([
    '{"a":1,"a":1}',
    '{"a":1,"\\u0061":2}',
    '[{"b":{"a":1,"c":2,"a":3}}]',
    '{"__proto__":1,"__proto__":2}',
  ])('%s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text))
    expect(() => parseJson(text, { unique: true })).toThrow(JsonFaultError)
  })
})

test('200 levels are parsed, a million are refused at once', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  expect(parseJson(nested(200))).toHaveLength(1)
  expect(() => parseJson(nested(201))).toThrow('200 levels')
  const start = process.cpuUsage()
  expect(() => parseJson(nested(1e6))).toThrow(JsonFaultError)
  expect(process.cpuUsage(start).user).toBeLessThan(200_000)
})
