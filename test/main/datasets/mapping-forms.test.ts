import { describe, expect, test } from 'vitest'
import type { Mapping } from '../../../main/contract/imports.ts'
import {
  applyMapping,
  compileMapping,
  compilePassages,
} from '../../../main/datasets/mapping/apply-mapping.ts'
import { fitsColumns, requireMapping } from '../../../main/datasets/mapping/mapping-fault.ts'

const row = (values: Record<string, unknown>) => ({ where: 'line 2', fault: null, values, end: 0 })

describe('tasks', () => {
  const apply = (values: Record<string, unknown>, roles: Mapping['roles']) =>
    applyMapping(row(values), { form: 'task', roles })[0]

  test('instruction, input and target; no input is no context', () => {
    const roles = { instruction: 'i', input: 'x', target: 't', title: 'g' }
    expect(apply({ i: 'Do it.', x: 'With this.', t: 'Done.', g: 'G' }, roles)).toEqual({
      where: 'line 2',
      fault: null,
      form: 'task',
      task: null,
      id: undefined,
      context: 'With this.',
      question: 'Do it.',
      answers: [{ text: 'Done.', start: null }],
      answersEmptyByForm: false,
      isImpossible: null,
      title: 'G',
      extra: null,
    })
    expect(apply({ i: 'Do it.', x: ' ', t: 'Done.' }, roles)?.context).toBeNull()
    expect(apply({ i: 'Do it.', x: { a: [1, 2] }, t: 'Done.' }, roles)?.context).toBe('{"a":[1,2]}')
  })

  test.each([
    ['JSON that is to be written', '{"tea": 2}', ['{"tea": 2}']],
    ['a list in a text', '["a"]', ['["a"]']],
    ['several', ['a', 'b'], ['a', 'b']],
    ['a number', 1, ['1']],
    ['answers of SQuAD', { text: ['a', 'b'], answer_start: [1, 2] }, ['a', 'b']],
    ['objects with a text', [{ text: 'a' }, { text: 'b' }, 'c', null], ['a', 'b', 'c']],
    ['none', null, []],
  ])('targets: %s', (_name, t, expected) => {
    const record = apply({ t }, { instruction: { constant: 'Do it.' }, target: 't' })
    expect(record?.answers.map(({ text }) => text)).toEqual(expected)
  })

  test('templates and constants; a template of empty columns is nothing', () => {
    const roles = {
      instruction: { template: 'question: {focus}: {meta.type} [{tags}]' },
      target: { constant: 'yes {focus}' },
    }
    const cells = { focus: 'Ada', meta: { type: 'life' }, tags: ['a', 'b'] }
    expect(apply(cells, roles)).toMatchObject({
      question: 'question: Ada: life [a, b]',
      answers: [{ text: 'yes {focus}' }],
    })
    expect(apply({ focus: 'Ada' }, roles)?.question).toBe('question: Ada:  []')
    expect(apply({ focus: ' ', tags: [] }, roles)?.question).toBeNull()
  })
})

describe('one row becomes several records', () => {
  const qas = [
    { question: 'A?', answers: [{ text: 'a', start: 1 }, { start: 9 }, { text: 'aa', start: 3 }] },
    { question: 'B?', answers: [] },
  ]
  const mapping: Mapping = {
    form: 'qa',
    roles: {
      context: 'text',
      question: 'qas[].question',
      answer: 'qas[].answers[].text',
      answerStart: 'qas[].answers[].start',
      title: { template: '{name} / {qas[].question}' },
    },
  }

  test('one for each entry of the list, with its place', () => {
    expect(applyMapping(row({ text: 'T', name: 'N', qas }), mapping)).toMatchObject([
      {
        where: 'line 2[0]',
        context: 'T',
        question: 'A?',
        title: 'N / A?',
        answers: [
          { text: 'a', start: 1 },
          { text: '', start: 9 },
          { text: 'aa', start: 3 },
        ],
        answersEmptyByForm: false,
      },
      { where: 'line 2[1]', question: 'B?', answers: [], answersEmptyByForm: true },
    ])
  })

  test('lists within lists are walked from the outer one inwards', () => {
    const roles = { context: 'parts[].text', question: 'parts[].qas[].q', answer: 'parts[].qas[].a' }
    const parts = [
      { text: 'T', qas: [{ q: '1', a: 'x' }] },
      { text: 'U', qas: '[{"q": "2", "a": "y"}]' },
    ]
    expect(applyMapping(row({ parts }), { form: 'qa', roles })).toMatchObject([
      { where: 'line 2[0][0]', context: 'T', question: '1', answers: [{ text: 'x' }] },
      { where: 'line 2[1][0]', context: 'U', question: '2', answers: [{ text: 'y' }] },
    ])
  })

  test('a list that only answers are taken from gives answers, not records', () => {
    const roles = { context: 'text', question: 'q', answer: 'as[].text' }
    const values = { text: 'T', q: 'Q?', as: [{ text: 'a' }, { text: 'b' }] }
    expect(applyMapping(row(values), { form: 'qa', roles })).toMatchObject([
      { where: 'line 2', answers: [{ text: 'a' }, { text: 'b' }] },
    ])
  })

  test('no list, an empty list, and a column that is called like the path', () => {
    expect(applyMapping(row({ qas: 'soon' }), mapping)).toMatchObject([
      { where: 'line 2', fault: 'There is no list qas here.' },
    ])
    expect(applyMapping(row({ qas: [] }), mapping)).toEqual([])
    const roles = { context: 't', question: 'q[]', answer: 'a' }
    const values = { t: 'T', 'q[]': 'Q?', a: 'A' }
    expect(applyMapping(row(values), { form: 'qa', roles })).toMatchObject([
      { where: 'line 2', question: 'Q?' },
    ])
  })

  test('two lists at once are refused', () => {
    const roles = { context: 'parts[].text', question: 'qas[].q', answer: 'a' }
    expect(() => compileMapping({ form: 'qa', roles })).toThrow(
      expect.objectContaining({
        code: 'mapping_incomplete',
        message: expect.stringContaining('parts[] and qas[]') as string,
      }) as Error,
    )
  })
})

describe('passages', () => {
  test('text, title and heading of a row', () => {
    const roles = { text: { template: '{q}\n\n{a}' }, title: 'focus', heading: 'path' }
    const values = { q: 'What?', a: 'This.', focus: 'F', path: ['One', '', 'Two'] }
    expect(compilePassages({ form: 'passages', roles })(row(values))[0]).toEqual({
      title: 'F',
      heading: ['One', 'Two'],
      page: null,
      place: 'line 2',
      text: 'What?\n\nThis.',
    })
    expect(compilePassages({ form: 'passages', roles })(row({ focus: 'F' }))[0]).toEqual({
      where: 'line 2',
      fault: 'The row has no text.',
    })
    expect(compilePassages({ form: 'passages', roles })({ ...row({}), fault: 'Broken.' })[0]).toEqual({
      where: 'line 2',
      fault: 'Broken.',
    })
  })

  test('a passage for each entry of a list', () => {
    const toPassages = compilePassages({ form: 'passages', roles: { text: 'parts[].text', title: 'name' } })
    expect(
      toPassages(row({ name: 'N', parts: [{ text: 'a' }, { text: ' ' }, { text: 'c' }] })),
    ).toMatchObject([
      { place: 'line 2[0]', title: 'N', text: 'a' },
      { where: 'line 2[1]', fault: 'The row has no text.' },
      { place: 'line 2[2]', text: 'c' },
    ])
  })
})

describe('a mapping is checked against the columns', () => {
  const columns = ['text', 'meta.title', 'qas', 'odd[name']
  const check =
    (roles: Mapping['roles'], form: Mapping['form'] = 'qa') =>
    () =>
      requireMapping({ form, roles }, columns, 'file.csv')
  const good = { context: 'text', question: 'qas[].q', answer: 'qas[].a' }

  test('columns, paths below them, templates and constants pass', () => {
    expect(check(good)).not.toThrow()
    expect(check({ ...good, title: 'meta.name', id: 'odd[name' })).not.toThrow()
    expect(
      check({ instruction: { template: '{text} {meta.x}' }, target: { constant: 'x' } }, 'task'),
    ).not.toThrow()
    // A role of another form is of no account.
    expect(check({ ...good, target: 'nowhere' })).not.toThrow()
  })

  test.each([
    ['a missing role', { context: 'text' }, 'question or answer'],
    ['a column that is not there', { ...good, title: 'name' }, 'no column named name'],
    ['a path from nowhere', { ...good, title: 'name.x' }, 'no column named name.x'],
    ['a path that cannot be read', { ...good, title: 'meta..x' }, 'at character 6: a name is missing'],
    ['a template that cannot be read', { ...good, title: { template: 'a {' } }, 'at character 3'],
    ['a template with a strange column', { ...good, title: { template: '{name}' } }, 'no column named name'],
    ['two lists', { ...good, title: 'meta[].x' }, 'two lists at once'],
  ])('%s does not', (_name, roles, message) => {
    expect(check(roles)).toThrow(
      expect.objectContaining({
        code: 'mapping_incomplete',
        message: expect.stringContaining(message) as string,
      }) as Error,
    )
  })

  test('which columns a mapping fits', () => {
    expect(fitsColumns({ form: 'qa', roles: good }, ['qas', 'text', 'more'])).toBe(true)
    expect(fitsColumns({ form: 'qa', roles: good }, ['qas[].q', 'text'])).toBe(true)
    expect(fitsColumns({ form: 'qa', roles: good }, ['text'])).toBe(false)
    expect(fitsColumns({ form: 'qa', roles: { ...good, title: { template: '{x}' } } }, ['qas', 'text'])).toBe(
      false,
    )
  })
})
