import { describe, expect, test } from 'vitest'
import { applyMapping } from '../../../main/datasets/mapping/apply-mapping.ts'
import { guessMappings } from '../../../main/datasets/mapping/guess-mapping.ts'
import { spanAt } from '../../../main/datasets/mapping/span-at.ts'

const row = (values: Record<string, unknown>) => ({ where: 'row 2', fault: null, values, end: 0 })
const context = 'The lamp is green. The door is red.'

function guess(records: readonly Record<string, unknown>[]) {
  const [best] = guessMappings(Object.keys(records[0] ?? {}), records.map(row))
  if (!best) throw new Error('Nothing was guessed.')
  return best
}

describe('guessing', () => {
  test('a name and cells that agree are surer than either, and the reason says both', () => {
    const { guesses, missing } = guess([
      { passage: context, question: 'Which colour has the lamp?', reply: 'green' },
    ])
    const answer = guesses.find(({ role }) => role === 'answer')
    expect(answer?.confidence).toBeGreaterThan(0.9)
    expect(answer?.reason).toBe('Its name is “reply”, and its text occurs in “passage” in 100 % of the rows.')
    expect(missing).toEqual([])
  })

  test.each([
    ['instruction data', ['instruction', 'input', 'output'], ['question', 'context', 'answer']],
    ['Spanish', ['pregunta', 'contexto', 'respuesta'], ['question', 'context', 'answer']],
    ['French', ['Énoncé', 'Texte', 'Réponse'], ['question', 'context', 'answer']],
    ['camel case', ['userQuestion', 'sourceText', 'goldAnswer'], ['question', 'context', 'answer']],
  ])('knows the names of %s', (_name, columns, expected) => {
    const cells = ['Tell the colour', context, 'green']
    const record = Object.fromEntries(columns.map((column, i) => [column, cells[i]]))
    const { mapping } = guess([record])
    expect(mapping).toEqual({
      form: 'qa',
      roles: Object.fromEntries(expected.map((role, i) => [role, columns[i]])),
    })
  })

  test('a misleading name loses against its cells', () => {
    const records = [
      { text: 'Which colour has the lamp?', answer: context, label: 'green' },
      { text: 'Which colour has the door?', answer: context, label: 'red' },
    ]
    expect(guess(records).mapping.roles).toMatchObject({
      question: 'text',
      context: 'answer',
      answer: 'label',
    })
  })

  test('what nothing speaks for stays open', () => {
    const { mapping, missing } = guess([{ amount: 3, colour: 'green' }])
    expect([mapping.form, missing]).toEqual(['qa', ['context', 'question', 'answer']])
  })
})

describe('applying', () => {
  const apply = (values: Record<string, unknown>) =>
    applyMapping(row(values), {
      form: 'qa',
      roles: {
        context: 'c',
        question: 'q',
        answer: 'a',
        answerStart: 's',
        isImpossible: 'i',
        title: 't',
        id: 'n',
      },
    })[0]

  test.each([
    ['a text with an offset as text', 'red', '31.0', [{ text: 'red', start: 31 }]],
    [
      'a list',
      ['green', 'red'],
      [12, 31],
      [
        { text: 'green', start: 12 },
        { text: 'red', start: 31 },
      ],
    ],
    [
      'JSON text',
      '["green", "red"]',
      '',
      [
        { text: 'green', start: null },
        { text: 'red', start: null },
      ],
    ],
    ['SQuAD', [{ text: 'red', answer_start: 31 }], undefined, [{ text: 'red', start: 31 }]],
    ['columns of SQuAD', { text: ['red'], answer_start: [31] }, undefined, [{ text: 'red', start: 31 }]],
    ['the same as JSON text', '{"text":["red"],"answer_start":[31]}', '', [{ text: 'red', start: 31 }]],
    [
      'SQuAD as pandas writes it',
      `{'text': array(['it\\'s "red"', "a\\xe9"],\n dtype=object), 'answer_start': array([31, 4], dtype=int32)}`,
      '',
      [
        { text: `it's "red"`, start: 31 },
        { text: 'aé', start: 4 },
      ],
    ],
    ['a number', 42, null, [{ text: '42', start: null }]],
    ['a text in brackets', '[sic]', null, [{ text: '[sic]', start: null }]],
    ['nothing', '', '', [{ text: '', start: null }]],
  ])('answers as %s', (_name, a, s, expected) => {
    expect(apply({ c: context, q: '?', a, s })?.answers).toEqual(expected)
  })

  test('flags, titles, ids and lists of paragraphs', () => {
    expect(apply({ c: ['One.', 'Two.'], q: 7, a: 'x', i: 'Yes', t: ' ', n: 5 })).toMatchObject({
      context: 'One.\n\nTwo.',
      question: '7',
      isImpossible: true,
      title: null,
      id: 5,
    })
  })

  test('a faulty row stays faulty, and names of objects are no columns', () => {
    expect(applyMapping({ ...row({}), fault: 'Broken.' }, null)).toMatchObject([{ fault: 'Broken.' }])
    const mapping = { form: 'qa', roles: { context: 'constructor', question: '__proto__.name' } } as const
    expect(applyMapping(row({}), mapping)).toMatchObject([{ context: null, question: null }])
  })
})

test.each([
  [3, 7, { text: 'Ada', start: 2 }],
  [7, 3, { text: 'Ada', start: 2 }],
  [1, 2, { text: '🙂', start: 0 }],
  [2, 3, null],
  [7, 900, { text: 'wrote', start: 6 }],
])('the selection %i to %i is an answer', (start, end, expected) => {
  expect(spanAt('🙂 Ada wrote', start, end)).toEqual(expected)
})
