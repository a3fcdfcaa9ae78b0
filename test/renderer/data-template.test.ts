import { describe, expect, test } from 'vitest'
import { isFault, parseTemplate as parseAsHost } from '../../main/datasets/mapping/templates.ts'
import {
  canBeNamed,
  columnsOf,
  fillTemplate,
  parseTemplate,
  unknownColumns,
} from '../../renderer/screens/data/template.ts'

const row = new Map([
  ['focus', 'Flu'],
  ['qtype', 'symptoms'],
  ['meta.title', 'A–Z'],
])

describe('text from several columns', () => {
  test('names in braces are replaced, doubled braces are braces', () => {
    expect(fillTemplate('question: {focus}: { qtype }', row)).toBe('question: Flu: symptoms')
    expect(fillTemplate('{{{focus}}} {meta.title}', row)).toBe('{Flu} A–Z')
    expect(fillTemplate('{gone}', row)).toBe('{gone}')
  })

  test('its columns are found, each once', () => {
    expect(columnsOf('{focus} {qtype} {focus} {{not}}')).toEqual(['focus', 'qtype'])
  })

  test('a path into a column is known, another name is not', () => {
    const columns = ['focus', 'meta.title', 'answers']
    expect(unknownColumns('{focus} {answers[0].text} {meta.id} {foucs}', columns)).toEqual(['foucs'])
  })

  test.each(['a {b', 'a }', '{}', '{ }', '{a{b}', 'fine {a} {{', '{a}}', '}}{a}', '', '{{{a}}}', '{a {b}'])(
    'it has a fault where the host finds one: %s',
    (template) => {
      expect(parseTemplate(template).fault !== null).toBe(isFault(parseAsHost(template)))
    },
  )

  test('a column with braces or spaces at its ends cannot be named', () => {
    expect(canBeNamed('plain name')).toBe(true)
    expect(['{a}', ' a', ''].map(canBeNamed)).toEqual([false, false, false])
  })
})
