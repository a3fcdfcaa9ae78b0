import { describe, expect, test } from 'vitest'
import { createDigestSet } from '../../trainer/data/digest-set.ts'
import { readFlatRecord } from '../../trainer/data/flat-form.ts'
import { hasMojibake, repairMojibake } from '../../trainer/data/mojibake.ts'
import { createRecordChecker } from '../../trainer/data/record-checker.ts'

const context = 'Zoë’s café in Köln is old 😀. The café opened in 1843; it is the oldest café.'
const codePoints = (text: string) => [...context.slice(0, context.indexOf(text))].length
const utf16 = (text: string) => context.indexOf(text)
const bytes = (text: string) => Buffer.byteLength(context.slice(0, context.indexOf(text)))

/** Checks flat records of one file. */
function check(records: readonly Record<string, unknown>[]) {
  const checker = createRecordChecker('file')
  return records.map((record, i) => {
    const { example, problems } = checker.add(readFlatRecord({ id: `r${i}`, ...record }, `[${i}]`))
    return { example, problems: problems.map(({ kind, outcome, message }) => ({ kind, outcome, message })) }
  })
}
const asked = (answer: string, start: number | null, question = `About ${answer} at ${start}?`) => ({
  context,
  question,
  answers: [{ text: answer, ...(start === null ? {} : { answer_start: start }) }],
})

describe('offsets', () => {
  test.each([
    ['code points', codePoints, []],
    ['UTF-16 units', utf16, ['answer_offset_unit']],
    ['bytes', bytes, ['answer_offset_unit']],
  ] as const)('in %s lead to the answer', (unit, offsetOf, kinds) => {
    for (const answer of ['1843', 'opened', 'oldest']) {
      const [checked] = check([asked(answer, offsetOf(answer))])
      expect(checked?.example?.answers).toEqual([{ text: answer, start: codePoints(answer) }])
      expect(checked?.problems.map(({ kind }) => kind)).toEqual(kinds)
      for (const { message } of checked?.problems ?? []) expect(message).toContain(unit)
    }
  })

  test('are read as the file counts, also where another reading fits by luck', () => {
    // In bytes 9 is the second b; in code points it is the third.
    const lucky = { context: 'éé b b b b b', question: 'Which b?', answers: [{ text: 'b', answer_start: 7 }] }
    const inBytes = ['1843', 'opened', 'oldest'].map((answer) => asked(answer, bytes(answer)))
    expect(check([lucky]).at(-1)).toMatchObject({ example: { answers: [{ start: 7 }] }, problems: [] })
    expect(check([...inBytes, lucky]).at(-1)).toMatchObject({
      example: { answers: [{ start: 5 }] },
      problems: [{ kind: 'answer_offset_unit', outcome: 'mended' }],
    })
    const inCodePoints = ['1843', 'opened', 'oldest'].map((answer) => asked(answer, codePoints(answer)))
    const off = { context: 'éé b c b', question: 'Which b?', answers: [{ text: 'b', answer_start: 9 }] }
    expect(check([...inCodePoints, off]).at(-1)?.problems).toMatchObject([{ kind: 'answer_offset_off' }])
  })

  test('that are off are moved, and the message says by how much', () => {
    const [checked] = check([asked('1843', codePoints('1843') - 3)])
    expect(checked?.problems).toMatchObject([{ kind: 'answer_offset_off', outcome: 'mended' }])
    expect(checked?.problems[0]?.message).toContain('by 3 characters')
  })

  test('that are missing: the first place that cuts no word, and how many there are', () => {
    const [several, one] = check([
      asked('café', null),
      { context: 'A party is no art, she said.', question: 'What?', answer: 'art' },
    ])
    expect(several?.example?.answers[0]?.start).toBe(6)
    expect(several?.problems).toMatchObject([{ kind: 'answer_ambiguous', outcome: 'mended' }])
    expect(several?.problems[0]?.message).toContain('occurs 3 times')
    expect(one).toMatchObject({ example: { answers: [{ start: 14 }] }, problems: [] })
  })

  test('in a long context full of the answer cost no more than a look', () => {
    const long = { context: 'a '.repeat(500_000), question: 'Which?' }
    const start = process.cpuUsage()
    const [none, far] = check([
      { ...long, answer: 'a' },
      { ...long, question: 'Where?', answers: [{ text: 'a', answer_start: 999_997 }] },
    ])
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(1000)
    expect(none?.problems[0]?.message).toContain('100 times or more')
    expect(far?.example?.answers[0]?.start).toBe(999_996)
  })
})

describe('texts', () => {
  test.each([
    ['a long question', { question: 'word '.repeat(1001), answer: '1843' }],
    ['a long answer', { context: 'word '.repeat(501), answer: 'word '.repeat(501).trim() }],
    [
      'an answer that is its context',
      { context: 'Some words. '.repeat(100), answer: 'Some words. '.repeat(90).trim() },
    ],
    ['a book as context', { context: `${'word '.repeat(200_001)}1843`, answer: '1843' }],
  ])('of unlikely length are flagged: %s', (_, record) => {
    const [checked] = check([{ context, question: 'What?', ...record }])
    expect(checked?.example).not.toBeNull()
    expect(checked?.problems.map(({ kind, outcome }) => [kind, outcome])).toContainEqual([
      'text_too_long',
      'flagged',
    ])
  })

  test.each([
    ['schÃ¶n', 'schön'],
    ['Donâ€™t say â€œneverâ€\u009d â€” itâ€¦', 'Don’t say “never” — it…'],
    ['cafÃƒÂ©', 'café'],
    ['10Â°C and 5Â£', '10°C and 5£'],
    ['ÐŸÑ€Ð¸Ð²ÐµÑ‚', 'Привет'],
    ['æ—¥æœ¬èªž', '日本語'],
    ['ðŸ˜€ fun', '😀 fun'],
    ['Ã\u0084rger', 'Ärger'],
    ['â\u0080\u0099s', '’s'],
    ['good ö and bad Ã¶', 'good ö and bad ö'],
  ])('that were decoded wrongly are found and can be written right: %s', (damaged, right) => {
    expect(hasMojibake(damaged)).toBe(true)
    expect(repairMojibake(damaged)).toBe(right)
    expect(hasMojibake(right)).toBe(false)
  })

  test.each([
    'Im Café „KÖ“ gab es NÃO, MAÇÃ”, “É” – und “Ü”…',
    'Straße, naïve, Ångström, señor, ¿qué?, £5, 10 °C, «là»',
    '日本語 Привет 한국어 😀 ’s',
    'l’été”… À—',
  ])('that are as they should be are left alone: %s', (text) => {
    expect(hasMojibake(text)).toBe(false)
    expect(repairMojibake(text)).toBeNull()
  })

  test('with mojibake are flagged and used as they are', () => {
    const [checked] = check([{ context: 'Ein schÃ¶ner Tag.', question: 'Was?', answer: 'Tag' }])
    expect(checked).toMatchObject({
      example: { context: 'Ein schÃ¶ner Tag.' },
      problems: [{ kind: 'text_mojibake', outcome: 'flagged' }],
    })
  })
})

describe('tasks', () => {
  test('have targets that need not stand anywhere, and may go without an input', () => {
    const checked = check([
      { instruction: 'Translate.', input: 'Guten Tag', target: 'Good day' },
      { instruction: 'What is H2O?', target: 'Water' },
      { instruction: 'Say it.', input: '', targets: ['One', 'Another'] },
      { instruction: 'Count.', output: 3 },
      { instruction: 'Nothing?', target: ' ' },
      { instruction: ' ', target: 'x' },
      { id: 'r1', instruction: 'What is H2O?', target: 'Water' },
    ])
    expect(checked.map(({ example }) => example && [example.form, example.context, example.answers])).toEqual(
      [
        ['task', 'Guten Tag', [{ text: 'Good day', start: null }]],
        ['task', '', [{ text: 'Water', start: null }]],
        [
          'task',
          '',
          [
            { text: 'One', start: null },
            { text: 'Another', start: null },
          ],
        ],
        ['task', '', [{ text: '3', start: null }]],
        null,
        null,
        null,
      ],
    )
    expect(checked.flatMap(({ problems }) => problems.map(({ kind }) => kind))).toEqual([
      'target_missing',
      'question_missing',
      'record_duplicate',
    ])
    const groups = checked.flatMap(({ example }) => (example ? [example.group] : []))
    expect(new Set(groups).size).toBe(4)
  })
})

describe('repeated records', () => {
  test('are left out, but kept and told of where they have ids of their own', () => {
    const row = {
      context,
      question: 'When?',
      answers: { text: ['1843'], answer_start: [codePoints('1843')] },
    }
    const checked = check([row, row, { ...row, id: 'r0' }, { ...row, id: null }])
    expect(checked.map(({ example }) => example?.id ?? null)).toEqual(['r0', 'r1', null, null])
    expect(checked.map(({ problems }) => problems.map(({ kind, outcome }) => `${kind} ${outcome}`))).toEqual([
      [],
      ['record_duplicate flagged'],
      ['record_duplicate dropped'],
      ['record_duplicate dropped'],
    ])
  })
})

describe('digests', () => {
  test('of many texts are kept apart in little memory', () => {
    const set = createDigestSet()
    for (let i = 0; i < 100_000; i++) expect(set.add(`text ${i}`)).toBe(true)
    for (let i = 0; i < 100_000; i += 7) expect(set.add(`text ${i}`)).toBe(false)
    expect(set.size).toBe(100_000)
    expect(set.has('text 99999')).toBe(true)
    expect(set.has('text 100000')).toBe(false)
  })

  test('ids that all are the same get suffixes in little time', () => {
    const checker = createRecordChecker('file')
    const start = process.cpuUsage()
    let last = ''
    for (let i = 0; i < 50_000; i++) {
      const record = readFlatRecord({ id: 'same', instruction: `Do ${i}`, target: 'x' }, `[${i}]`)
      last = checker.add(record).example?.id ?? ''
    }
    expect(last).toBe('same-50000')
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(5000)
  })
})
