import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Example } from '../../trainer/data/example.ts'
import { qaPrompt } from '../../trainer/data/qa-prompt.ts'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { makeTrainingExamples } from '../../trainer/data/training-examples.ts'
import { promptWindows } from '../../trainer/data/windows.ts'
import { fixtureTokenizer } from './fixtures/load.ts'

const tokenizer = await fixtureTokenizer()
const { examples } = await readDataset(join(import.meta.dirname, '../metrics/fixtures/squad-slice.json'))
const answerable = examples.filter((example) => !example.isImpossible)
const wide = { maxSourceLength: 4096, maxTargetLength: 256, stride: 32 }
const narrow = { ...wide, maxSourceLength: 128 }
const textOf = (ids: readonly number[]) => tokenizer.decode(ids, { skipSpecialTokens: true })

function made(id: string, context: string, answer: string | null): Example {
  const start = answer === null ? -1 : Array.from(context.slice(0, context.indexOf(answer))).length
  const answers = answer === null ? [] : [{ text: answer, start }]
  return {
    id,
    form: 'qa',
    context,
    question: 'Who?',
    answers,
    isImpossible: answer === null,
    group: 'g',
    source: 'test',
  }
}

describe('makeTrainingExamples', () => {
  it('gives one item for each example that fits', () => {
    const { items, ...counts } = makeTrainingExamples(examples, tokenizer, wide)
    expect(counts).toEqual({
      windowsLeftOut: 0,
      windowsUnanswerable: 0,
      answersCut: 0,
      questionsCut: 0,
      inputsCut: 0,
    })
    expect(items.map(({ exampleIndex }) => exampleIndex)).toEqual(examples.map((_, i) => i))
    for (const { sourceIds, targetIds, exampleIndex } of items) {
      const example = examples[exampleIndex]
      expect(sourceIds).toEqual(tokenizer.encode(qaPrompt(example?.question ?? '', example?.context ?? '')))
      expect(targetIds).toEqual(tokenizer.encode(example?.answers[0]?.text ?? 'unanswerable'))
      expect(targetIds.at(-1)).toBe(tokenizer.eosTokenId)
    }
  })

  it('teaches the answer in the windows that hold it, and unanswerable in the others', () => {
    const result = makeTrainingExamples(examples, tokenizer, narrow)
    const windows = examples.map((example) =>
      promptWindows(tokenizer, example.question, example.context, narrow),
    )
    const total = windows.reduce((sum, list) => sum + list.length, 0)
    expect(total).toBeGreaterThan(examples.length)
    expect(result.items.length + result.windowsLeftOut).toBe(total)
    expect(result.windowsUnanswerable).toBeGreaterThan(0)
    for (const { sourceIds, targetIds, exampleIndex } of result.items) {
      const answer = examples[exampleIndex]?.answers[0]?.text
      if (answer !== undefined && textOf(targetIds) !== 'unanswerable')
        expect(textOf(sourceIds)).toContain(textOf(tokenizer.encode(answer)))
    }
    const taught = new Set(
      result.items
        .filter(({ targetIds }) => textOf(targetIds) !== 'unanswerable')
        .map((item) => item.exampleIndex),
    )
    expect([...taught]).toEqual(examples.flatMap((example, i) => (example.isImpossible ? [] : [i])))
  })

  it('leaves windows without the answer out where no question is unanswerable, and counts them', () => {
    const result = makeTrainingExamples(answerable, tokenizer, narrow)
    expect(result.windowsUnanswerable).toBe(0)
    expect(result.windowsLeftOut).toBeGreaterThan(0)
    const windows = answerable.map(
      (example) => promptWindows(tokenizer, example.question, example.context, narrow).length,
    )
    expect(result.items.length + result.windowsLeftOut).toBe(windows.reduce((sum, count) => sum + count, 0))
    expect(new Set(result.items.map((item) => item.exampleIndex)).size).toBe(answerable.length)
  })

  it('goes by the offset, in code points, not by the text', () => {
    const filler = 'the river rises in the mountains 😀 '.repeat(12)
    const context = `Ada ${filler}Ada ${filler}`
    const start = Array.from(`Ada ${filler}`).length
    const example = { ...made('a', context, 'Ada'), answers: [{ text: 'Ada', start }] }
    const { items } = makeTrainingExamples([example], tokenizer, { ...wide, maxSourceLength: 100, stride: 8 })
    const windows = promptWindows(tokenizer, 'Who?', context, { maxSourceLength: 100, stride: 8 })
    const holding = windows.filter(
      (window) => window.startCodePoint <= start && window.endCodePoint >= start + 3,
    )
    expect(items.map(({ sourceIds }) => sourceIds)).toEqual(holding.map(({ sourceIds }) => sourceIds))
    expect(holding).not.toContain(windows[0])
  })

  it('takes the window with most of an answer that none holds whole', () => {
    const answer = 'the river rises in the mountains and reaches the sea after many towns '.repeat(4).trim()
    const context = `First of all, ${answer} and that is all.`
    const { items, windowsLeftOut } = makeTrainingExamples(
      [made('a', context, answer), made('b', 'Nothing.', null)],
      tokenizer,
      { ...wide, maxSourceLength: 64, stride: 8 },
    )
    const own = items.filter((item) => item.exampleIndex === 0 && textOf(item.targetIds) !== 'unanswerable')
    expect(own).toHaveLength(1)
    expect(textOf(own[0]?.targetIds ?? [])).toBe(answer)
    // Windows with a part of the answer are neither answerable nor unanswerable.
    expect(windowsLeftOut).toBeGreaterThan(0)
  })

  it('does not call a window unanswerable that holds another accepted answer', () => {
    const filler = 'the river rises in the mountains '.repeat(10)
    const context = `Ada ${filler}Grace`
    const start = context.length - 5
    const example = {
      ...made('a', context, 'Ada'),
      answers: [
        { text: 'Ada', start: 0 },
        { text: 'Grace', start },
      ],
    }
    const { items, windowsLeftOut } = makeTrainingExamples(
      [example, made('b', 'Nothing.', null)],
      tokenizer,
      {
        ...wide,
        maxSourceLength: 64,
        stride: 8,
      },
    )
    const targets = items.filter((item) => item.exampleIndex === 0).map((item) => textOf(item.targetIds))
    expect(targets[0]).toBe('Ada')
    expect(targets.slice(1).every((target) => target === 'unanswerable')).toBe(true)
    expect(windowsLeftOut).toBe(1)
  })

  it('cuts long targets but keeps the end token, and counts them', () => {
    const { items, answersCut } = makeTrainingExamples(answerable, tokenizer, { ...wide, maxTargetLength: 4 })
    const long = answerable.filter((example) => tokenizer.encode(example.answers[0]?.text ?? '').length > 4)
    expect(answersCut).toBe(long.length)
    expect(answersCut).toBeGreaterThan(0)
    for (const { targetIds, exampleIndex } of items) {
      expect(targetIds.length).toBeLessThanOrEqual(4)
      expect(targetIds.at(-1)).toBe(tokenizer.eosTokenId)
      const whole = tokenizer.encode(answerable[exampleIndex]?.answers[0]?.text ?? '')
      expect(targetIds.slice(0, -1)).toEqual(whole.slice(0, targetIds.length - 1))
    }
  })

  it('counts cut questions', () => {
    const long = { ...made('a', 'Ada. '.repeat(60), 'Ada'), question: 'Who is it? '.repeat(60) }
    const result = makeTrainingExamples([long, made('b', 'Ada did.', 'Ada')], tokenizer, narrow)
    expect(result.questionsCut).toBe(1)
  })

  const task = (input: string, target: string, instruction = 'Say it shorter.'): Example => ({
    id: input,
    form: 'task',
    context: input,
    question: instruction,
    answers: [{ text: target, start: null }],
    isImpossible: false,
    group: 'g',
    source: 'test',
  })

  it('asks a task with its instruction, a blank line and its input, or with the instruction alone', () => {
    const { items } = makeTrainingExamples(
      [task('Ada wrote it.', 'Ada did'), task('', 'Ada did')],
      tokenizer,
      wide,
    )
    expect(items.map(({ sourceIds }) => sourceIds)).toEqual(
      ['Say it shorter.\n\nAda wrote it.', 'Say it shorter.'].map((text) => tokenizer.encode(text)),
    )
    for (const { targetIds } of items) expect(targetIds).toEqual(tokenizer.encode('Ada did'))
  })

  it('cuts the input of a task to one window and counts it; the words of the front are kept', () => {
    const input = 'Ada wrote it. '.repeat(200)
    const result = makeTrainingExamples([task(input, 'Ada'), task('Short.', 'Bob')], tokenizer, narrow)
    expect(result).toMatchObject({ windowsLeftOut: 0, windowsUnanswerable: 0, questionsCut: 0, inputsCut: 1 })
    expect(result.items).toHaveLength(2)
    const [cut] = result.items
    expect(cut?.sourceIds.length).toBeLessThanOrEqual(narrow.maxSourceLength)
    expect(cut?.sourceIds.length).toBeGreaterThan(narrow.maxSourceLength - 8)
    expect(cut?.sourceIds.at(-1)).toBe(tokenizer.eosTokenId)
    const whole = tokenizer.encode(`Say it shorter.\n\n${input}`)
    expect(cut?.sourceIds.slice(0, 100)).toEqual(whole.slice(0, 100))
  })

  it('leaves a quarter of the window to the input of a task with a long instruction', () => {
    const { items, questionsCut, inputsCut } = makeTrainingExamples(
      [task('Zebra. '.repeat(100), 'Ada', 'Say it shorter. '.repeat(100))],
      tokenizer,
      narrow,
    )
    expect([questionsCut, inputsCut]).toEqual([1, 1])
    expect(items[0]?.sourceIds.length).toBeLessThanOrEqual(narrow.maxSourceLength)
    const text = textOf(items[0]?.sourceIds ?? [])
    expect(text).toContain('ebra')
    expect(textOf(tokenizer.encode(text.slice(text.indexOf('ebra')))).length).toBeGreaterThan(20)
  })

  it('teaches tasks beside unanswerable questions without taking their targets for refusals', () => {
    const { items, windowsUnanswerable } = makeTrainingExamples(
      [
        ...examples.filter((example) => example.isImpossible).slice(0, 2),
        task('Ada. '.repeat(300), 'unanswerable'),
      ],
      tokenizer,
      wide,
    )
    expect(items).toHaveLength(3)
    expect(windowsUnanswerable).toBe(0)
  })
})
