import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { codePointIndex, codePointLength } from '../../trainer/data/code-points.ts'
import type { Example } from '../../trainer/data/example.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { spanWindows } from '../../trainer/data/span-windows.ts'
import { loadTokenizer } from '../../trainer/data/tokenizer.ts'
import { collateWindows, extractiveKind } from '../../trainer/kinds/extractive.ts'
import { parseBertConfig } from '../../trainer/models/bert-config.ts'
import { parseSettings } from '../../trainer/protocol.ts'
import { wordPieceDir } from '../data/fixtures/load.ts'
import { tinyBert } from '../support/random-bert.ts'

const tokenizer = await loadTokenizer(wordPieceDir)
const kind = extractiveKind({ config: parseBertConfig(tinyBert, 'config.json') })
const items = (examples: readonly Example[], maxSourceLength = 96, stride = 16) =>
  kind.makeItems(examples, {
    tokenizer,
    maxSourceLength,
    settings: parseSettings({ stride, maxTargetLength: 32 }),
  })

const example = (change: Partial<Example>): Example => ({
  id: 'a',
  form: 'qa',
  context: 'Nobody knows where the old river begins.',
  question: 'What begins?',
  answers: [{ text: 'the old river', start: 19 }],
  isImpossible: false,
  group: 'a',
  source: '',
  ...change,
})

describe.each(['en', 'de', 'es'])('paragraphs of XQuAD, %s', async (language) => {
  const path = join(import.meta.dirname, `../samples/import/xquad-${language}/input.json`)
  const { examples } = await readDataset(path)

  test('every answer is found again at its places', () => {
    const made = items(examples, 224, 64)
    expect(made.answersCut).toBe(0)
    for (const [exampleIndex, { context, answers }] of examples.entries()) {
      const [answer] = answers
      const mine = made.items.filter((item) => item.exampleIndex === exampleIndex)
      expect(mine.length).toBeGreaterThan(0)
      for (const { targetIds, sourceIds, contextStart = 0 } of mine) {
        const [start = 0, end = 0] = targetIds
        expect(start).toBeGreaterThanOrEqual(contextStart)
        expect(end).toBeLessThan(sourceIds.length - 1)
        const placed = spanWindows(
          tokenizer,
          { question: examples[exampleIndex]?.question ?? '', context },
          { maxSourceLength: 224, stride: 64 },
        )
        const window = placed.windows.find(({ sourceIds: ids }) => String(ids) === String(sourceIds))
        const token = (place: number) =>
          placed.tokens[(window?.firstToken ?? NaN) + place - contextStart] ?? { start: NaN, end: NaN }
        const found = context.slice(token(start).start, token(end).end)
        // Tokens are the smallest that can be pointed at: an answer inside of one is widened to it.
        expect(found).toContain(answer?.text)
        expect(found.length - (answer?.text.length ?? 0)).toBeLessThan(6)
      }
    }
  })

  test('windows cover the context, overlap, and fit', () => {
    for (const { question, context } of examples.slice(0, 10)) {
      const { windows, tokens } = spanWindows(
        tokenizer,
        { question, context },
        { maxSourceLength: 96, stride: 16 },
      )
      let covered = 0
      for (const { firstToken, endToken, sourceIds, contextStart } of windows) {
        expect(sourceIds.length).toBeLessThanOrEqual(96)
        expect(firstToken).toBe(Math.max(0, covered - 16))
        expect(sourceIds.slice(contextStart, -1)).toEqual(
          tokens.slice(firstToken, endToken).map(({ id }) => id),
        )
        expect([sourceIds[0], sourceIds[contextStart - 1], sourceIds.at(-1)]).toEqual([2, 3, 3])
        covered = endToken
      }
      expect(covered).toBe(tokens.length)
      expect(windows.length).toBeGreaterThan(2)
    }
  })
})

test('places count code points, whatever stands before', () => {
  const before = '👩‍🚀 İn 東京, e\u0301: '
  const { context, answers } = example({})
  const moved = example({
    context: before + context,
    answers: answers.map(({ text }) => ({ text, start: 19 + codePointLength(before) })),
  })
  const { items: made } = items([moved])
  const [start = 0, end = 0] = made[0]?.targetIds ?? []
  const { tokens } = spanWindows(tokenizer, moved, { maxSourceLength: 96, stride: 16 })
  const place = (token: number) => tokens[token - (made[0]?.contextStart ?? 0)]
  expect(moved.context.slice(place(start)?.start, place(end)?.end)).toBe('the old river')
  expect(codePointIndex(moved.context).length).toBeLessThan(moved.context.length)
})

describe('windows without the answer', () => {
  const filler = 'The old garden was sold. '.repeat(12)
  const long = example({ context: `Nobody knows where the old river begins. ${filler}` })
  const impossible = example({ id: 'b', answers: [], isImpossible: true })

  test('point at [CLS] where the data know unanswerable questions', () => {
    const { items: made, windowsUnanswerable, windowsLeftOut } = items([long, impossible], 64)
    const [first, ...rest] = made
    expect(first?.targetIds).not.toEqual([0, 0])
    expect(rest.length).toBeGreaterThan(2)
    for (const { targetIds } of rest) expect(targetIds).toEqual([0, 0])
    // The unanswerable question's own window is none of an answerable one.
    expect([windowsUnanswerable, windowsLeftOut]).toEqual([rest.length - 1, 0])
  })

  test('are left out where they do not', () => {
    const { items: made, windowsUnanswerable, windowsLeftOut } = items([long], 64)
    expect(made).toHaveLength(1)
    expect(windowsUnanswerable).toBe(0)
    expect(windowsLeftOut).toBeGreaterThan(2)
  })

  test('an answer longer than a window is taken where most of it stands, and counted', () => {
    const text = filler.trim()
    const { items: made, answersCut } = items(
      [example({ context: `So. ${text}`, answers: [{ text, start: 4 }] }), impossible],
      48,
    )
    expect(answersCut).toBe(1)
    const [item] = made.filter(({ targetIds }) => targetIds[1] !== 0)
    expect((item?.targetIds[1] ?? 0) - (item?.targetIds[0] ?? 0)).toBeGreaterThan(20)
  })
})

test('a long question is cut at its end, and counted', () => {
  const { items: made, questionsCut } = items([example({ question: 'What begins here? '.repeat(20) })], 64)
  expect(questionsCut).toBe(1)
  for (const { sourceIds, contextStart = 0 } of made) {
    expect(sourceIds.length).toBeLessThanOrEqual(64)
    expect(sourceIds.length - contextStart).toBeGreaterThan(10)
  }
})

test('tasks and prompts without room are refused with what can be done', () => {
  expect(() => items([example({ form: 'task' })])).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining('questions about texts') }),
  )
  expect(() => items([example({})], 4)).toThrow(expect.objectContaining({ code: 'setting_invalid' }))
})

test('items lie one after another, the context of type 1, each in a row of its own', () => {
  const item = (sourceIds: readonly number[], contextStart: number, targetIds: readonly number[]) => ({
    sourceIds,
    contextStart,
    targetIds,
    exampleIndex: 0,
  })
  const items = [item([2, 7, 3, 8, 9, 3], 3, [3, 4]), item([2, 3, 5, 3], 2, [0, 0])]
  const { feeds, ...sizes } = kind.collate(items)
  expect(sizes).toEqual({ sizes: { batch: 2, length: 6, tokens: 11 }, labels: 2, tokens: 10 })
  const numbers = (values = feeds, name = '') => Array.from(values[name]?.data ?? [], Number)
  const fed = (name: string) => numbers(feeds, name)
  expect(fed('tokenIds')).toEqual([2, 7, 3, 8, 9, 3, 2, 3, 5, 3, 0])
  expect(fed('tokenPositions')).toEqual([0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 0])
  expect(fed('tokenTypes')).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0])
  expect(fed('tokenAt')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10])
  expect(fed('tokenPlaces')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  expect(fed('startPositions')).toEqual([3, 0])
  expect(fed('endPositions')).toEqual([4, 0])
  const padded = collateWindows(items, { padTokenId: 0 })
  expect(numbers(padded, 'inputIds')).toEqual([2, 7, 3, 8, 9, 3, 2, 3, 5, 3, 0, 0])
  expect(numbers(padded, 'attentionMask')).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0])
  expect(numbers(padded, 'tokenTypeIds')).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0])
})
