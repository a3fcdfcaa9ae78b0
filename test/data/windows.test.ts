import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { isUnanswerable, qaPrompt, targetOf } from '../../trainer/data/qa-prompt.ts'
import { seededRandom } from '../../trainer/data/random.ts'
import { promptWindows } from '../../trainer/data/windows.ts'
import { countTokens } from '../../trainer/data/words.ts'
import { fixtureTokenizer } from './fixtures/load.ts'

const tokenizer = await fixtureTokenizer()
const slice = JSON.parse(
  await readFile(join(import.meta.dirname, '../metrics/fixtures/squad-slice.json'), 'utf8'),
) as { data: { paragraphs: { context: string; qas: { question: string }[] }[] }[] }
const paragraphs = slice.data.flatMap((article) => article.paragraphs)

/** Checks what holds for the windows of any text, and gives them. */
function checkedWindows(question: string, context: string, maxSourceLength: number, stride: number) {
  const windows = promptWindows(tokenizer, question, context, { maxSourceLength, stride })
  const characters = Array.from(context)
  let previousStart = -1
  let previousEnd = 0
  for (const window of windows) {
    expect(window.sourceIds.length).toBeLessThanOrEqual(maxSourceLength)
    expect(window.sourceIds.at(-1)).toBe(tokenizer.eosTokenId)
    expect(window.start).toBeGreaterThan(previousStart)
    expect(window.start).toBeLessThanOrEqual(previousEnd)
    if (windows.length > 1) expect(window.end).toBeGreaterThan(previousEnd)
    expect(characters.slice(window.startCodePoint, window.endCodePoint).join('')).toBe(
      context.slice(window.start, window.end),
    )
    previousStart = window.start
    previousEnd = window.end
  }
  expect(windows[0]?.start).toBe(0)
  expect(previousEnd).toBe(context.length)
  return windows
}

describe('promptWindows', () => {
  it('gives one window with the whole prompt where it fits', () => {
    for (const { context, qas } of paragraphs) {
      const question = qas[0]?.question ?? ''
      const windows = checkedWindows(question, context, 4096, 64)
      expect(windows).toHaveLength(1)
      expect(windows[0]?.sourceIds).toEqual(tokenizer.encode(qaPrompt(question, context)))
      expect(windows[0]).toMatchObject({ start: 0, end: context.length, questionCut: false })
    }
  })

  it('fits exactly or not at all', () => {
    const { context, qas } = paragraphs[0] ?? { context: '', qas: [] }
    const question = qas[0]?.question ?? ''
    const { length } = tokenizer.encode(qaPrompt(question, context))
    expect(checkedWindows(question, context, length, 16)).toHaveLength(1)
    expect(checkedWindows(question, context, length - 1, 16).length).toBeGreaterThan(1)
  })

  it.each([
    [128, 32],
    [200, 64],
    [256, 16],
  ])('cuts real paragraphs at words, %i tokens with a stride of %i', (maxSourceLength, stride) => {
    for (const { context, qas } of paragraphs) {
      for (const { question } of qas) {
        const windows = checkedWindows(question, context, maxSourceLength, stride)
        const asked = tokenizer.encode(qaPrompt(question, '').trimEnd()).length
        const wanted = Math.min(
          stride,
          Math.floor(Math.max(maxSourceLength - asked, maxSourceLength / 4) / 2),
        )
        for (const [i, window] of windows.entries()) {
          const part = context.slice(window.start, window.end)
          if (windows.length > 1 && !window.questionCut)
            expect(window.sourceIds).toEqual(tokenizer.encode(qaPrompt(question, part.trim())))
          const next = windows[i + 1]
          if (!next) continue
          const shared = countTokens(tokenizer, context.slice(next.start, window.end))
          expect(shared).toBeLessThanOrEqual(stride + 1)
          // Short of what is wanted by less than a piece of 16 tokens, and by the marks that pieces of a word have.
          expect(shared).toBeGreaterThanOrEqual(wanted - 18)
          expect(window.sourceIds.length).toBeGreaterThan(maxSourceLength - 24)
        }
      }
    }
  })

  const odd: [string, string][] = [
    ['Chinese without spaces', '東京は日本の首都です。'.repeat(40)],
    ['one endless word', 'x'.repeat(700)],
    ['emoji', '😀👩‍👩‍👧'.repeat(90)],
    ['emoji among words', 'so 😀 it is 𐍈 then '.repeat(30)],
    ['characters of many tokens', 'ﷺ ﷺﷺ '.repeat(12)],
    ['white space in heaps', `a${' \n\t'.repeat(200)}b${'\u3000'.repeat(100)}c  `],
    ['nothing but white space', ' \n '.repeat(300)],
    ['lone surrogates', '\ud83d x \udc00'.repeat(60)],
    ['marks of the model', '</s> <pad> '.repeat(60)],
    ['nothing', ''],
  ]

  it.each(odd)('makes its way through %s', (_, context) => {
    for (const maxSourceLength of [26, 30, 40, 64, 200]) {
      for (const stride of [1, 8, 64, 10_000]) checkedWindows('Who?', context, maxSourceLength, stride)
    }
  })

  it('makes its way through random mixtures', () => {
    const parts = [
      'a',
      ' ',
      '  ',
      'the',
      ' capital',
      '東京',
      '😀',
      '\n',
      '.',
      'ß',
      'ﷺ',
      '\ud800',
      'xxxxxxxxxxxxxxxxxxxx',
    ]
    for (let round = 0; round < 150; round++) {
      const random = seededRandom('mixture', round)
      const text = (length: number) =>
        Array.from({ length }, () => parts[Math.floor(random() * parts.length)]).join('')
      checkedWindows(
        text(5),
        text(Math.floor(random() * 200)),
        25 + Math.floor(random() * 100),
        1 + Math.floor(random() * 60),
      )
    }
  })

  it('cuts a long question so that the context keeps a quarter of the window', () => {
    const question = 'What is the capital of France and why? '.repeat(30)
    const { context } = paragraphs[0] ?? { context: '' }
    for (const maxSourceLength of [40, 64, 128]) {
      const windows = checkedWindows(question, context, maxSourceLength, 8)
      expect(windows.every((window) => window.questionCut)).toBe(true)
      const longest = Math.max(
        ...windows.map(({ start, end }) => countTokens(tokenizer, context.slice(start, end).trim())),
      )
      expect(longest).toBeGreaterThan(maxSourceLength / 4 - 8)
    }
    expect(checkedWindows('Who?', context, 64, 8).some((window) => window.questionCut)).toBe(false)
  })

  it('refuses a window without room for the prompt itself', () => {
    expect(() => promptWindows(tokenizer, 'Who?', 'x', { maxSourceLength: 4, stride: 1 })).toThrow(
      expect.objectContaining({
        code: 'setting_invalid',
        message: expect.stringContaining('smaller maxTargetLength') as string,
      }),
    )
  })

  it('takes a megabyte in seconds', () => {
    const context = paragraphs
      .map((paragraph) => paragraph.context)
      .join(' ')
      .repeat(80)
      .slice(0, 1_000_000)
    const start = performance.now()
    const windows = promptWindows(tokenizer, 'Who?', context, { maxSourceLength: 512, stride: 64 })
    expect(windows.at(-1)?.end).toBe(context.length)
    expect(performance.now() - start).toBeLessThan(20_000)
  })
})

describe('qa prompt', () => {
  it('is written as T5 was taught it', () => {
    expect(qaPrompt('Who?', 'Ada did.')).toBe('question: Who? context: Ada did.')
    expect(
      targetOf({
        answers: [
          { text: 'Ada', start: 0 },
          { text: 'Ada L.', start: 0 },
        ],
      }),
    ).toBe('Ada')
    expect(targetOf({ answers: [] })).toBe('unanswerable')
  })

  it('knows its own word for no answer', () => {
    expect(['unanswerable', 'Unanswerable.', ' the unanswerable'].map(isUnanswerable)).toEqual([
      true,
      true,
      true,
    ])
    expect(['', 'answerable', 'unanswerable question'].map(isUnanswerable)).toEqual([false, false, false])
  })
})
