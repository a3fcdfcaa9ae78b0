import { describe, expect, test } from 'vitest'
import { cellReader, parsePath } from '../../../main/datasets/mapping/paths.ts'
import { parseTemplate } from '../../../main/datasets/mapping/templates.ts'

describe('paths', () => {
  const row: Record<string, unknown> = {
    'meta.title': 'a column of that name',
    meta: { title: 'in the object', tags: ['x', 'y'], year: 1990 },
    qas: [{ question: 'A?', answers: [{ text: 'a' }, { text: 'b' }] }, { answers: [] }, 'none'],
    json: '{"answers": [{"text": "packed"}]}',
    python: "{'answers': [{'text': 'snake'}]}",
    grid: [
      [1, 2],
      [3, 4],
    ],
  }

  test.each([
    ['meta.title', 'a column of that name'],
    ['meta.year', 1990],
    ['meta.tags[1]', 'y'],
    ['meta.tags[2]', undefined],
    ['meta.tags.length', undefined],
    ['qas[0].question', 'A?'],
    ['qas[].question', ['A?', '', '']],
    ['qas[].answers[].text', ['a', 'b', '']],
    ['grid[1][0]', 3],
    [
      'grid[]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    ['json.answers[0].text', 'packed'],
    ['python.answers[0].text', 'snake'],
    ['meta[]', undefined],
    ['nowhere.at.all', undefined],
    ['meta.toString', undefined],
    ['__proto__.toString', undefined],
    ['meta.__proto__.constructor', undefined],
    ['constructor.name', undefined],
  ])('%s', (path, expected) => {
    expect(cellReader(path)(row)).toEqual(expected)
  })

  test('names of prototypes are names like others', () => {
    const cells = JSON.parse('{"__proto__": {"text": "own"}, "a": {"constructor": "mine"}}') as typeof row
    expect(cellReader('__proto__.text')(cells)).toBe('own')
    expect(cellReader('a.constructor')(cells)).toBe('mine')
  })

  test.each([
    ['a[', 2],
    ['a[x]', 3],
    ['a..b', 3],
    ['a.', undefined],
    ['[0]', 1],
    ['a[0]b', 5],
    ['', 1],
    [Array.from({ length: 65 }, () => 'a').join('.'), 128],
  ])('%s is no path', (path, position) => {
    const parsed = parsePath(path)
    if (position === undefined) expect(parsed).toMatchObject({ position: path.length + 1 })
    else expect(parsed).toMatchObject({ position })
  })
})

describe('templates', () => {
  test('columns and paths in braces, braces doubled', () => {
    expect(parseTemplate('question: {focus}: { meta.type } {{x}}')).toEqual([
      { text: 'question: ' },
      { source: 'focus' },
      { text: ': ' },
      { source: 'meta.type' },
      { text: ' {x}' },
    ])
    expect(parseTemplate('{a}}}')).toEqual([{ source: 'a' }, { text: '}' }])
    expect(parseTemplate('')).toEqual([])
  })

  test.each([
    ['a {b', 3, '{{'],
    ['a } b', 3, '}}'],
    ['{}', 1, 'column is missing'],
    ['{a {b}', 1, 'before the next'],
  ])('%s is none', (template, position, fault) => {
    expect(parseTemplate(template)).toEqual({ position, fault: expect.stringContaining(fault) as string })
  })
})
