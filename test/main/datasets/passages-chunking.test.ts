import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Block } from '../../../main/datasets/passages/blocks.ts'
import { estimateTokens, openTokenCounter } from '../../../main/datasets/passages/count-tokens.ts'
import { packPassages, passagePacker } from '../../../main/datasets/passages/pack-passages.ts'
import { readPassages, streamPassages } from '../../../main/datasets/passages/read-passages.ts'
import { sentencesOf } from '../../../main/datasets/passages/sentences.ts'
import { textBlocks } from '../../../main/datasets/passages/text-blocks.ts'

const fixtures = join(import.meta.dirname, '../../data/fixtures/tokenizer')
const dir = await mkdtemp(join(tmpdir(), 'loracle-chunking-'))
afterAll(() => rm(dir, { recursive: true, force: true }))

const words = (text: string) => text.split(/\s+/).filter((word) => word !== '').length
const block = (text: string, heading: readonly string[], line: number): Block => ({
  heading,
  text,
  first: line,
  last: line,
  isTight: false,
})
const here = ['Here']
const long = Array.from({ length: 40 }, (_, i) => `Sentence number ${i} ends.`).join(' ')

test('sentences end where they end, and together are the text', () => {
  const text =
    'Dr. Smith met Mr. T. S. Jones, e.g. on 3.5. at No. 4. “Really?” he asked. 私は行く。彼も。\nA line\nof verse. See Fig. 2 etc. And so on…'
  const sentences = sentencesOf(text)
  expect(sentences.join('')).toBe(text)
  expect(sentences.map((one) => one.trim())).toEqual([
    'Dr. Smith met Mr. T. S. Jones, e.g. on 3.5. at No. 4.',
    '“Really?” he asked.',
    '私は行く。',
    '彼も。',
    'A line',
    'of verse.',
    'See Fig. 2 etc.',
    'And so on…',
  ])
})

describe('packing', () => {
  test('joins short paragraphs under one heading', () => {
    const passages = packPassages('T', [
      block('a b', here, 1),
      block('c d', here, 3),
      block('e', ['There'], 5),
    ])
    expect(passages.map(({ text, place, heading }) => [text, place, heading[0]])).toEqual([
      ['a b\n\nc d', 'lines 1–3', 'Here'],
      ['e', 'line 5', 'There'],
    ])
  })

  test('small sections of the third level share a passage, each under its heading', () => {
    const path = ['Guide', 'Doors']
    const blocks = [
      block('The front door.', [...path, 'Front'], 3),
      block('It is green.', [...path, 'Front'], 4),
      block('The back door.', [...path, 'Back', 'Garden'], 7),
      block('A window.', ['Guide', 'Windows'], 9),
    ]
    expect(packPassages('T', blocks).map(({ heading, text }) => [heading.join('/'), text])).toEqual([
      ['Guide/Doors', 'Front\n\nThe front door.\n\nIt is green.\n\nBack\nGarden\n\nThe back door.'],
      ['Guide/Windows', 'A window.'],
    ])
    const apart = packPassages('T', blocks, { tokens: 10, countTokens: words })
    expect(apart.map(({ heading }) => heading.join('/'))).toEqual([
      'Guide/Doors/Front',
      'Guide/Doors/Back/Garden',
      'Guide/Windows',
    ])
  })

  test('splits long ones where sentences end, abbreviations aside', () => {
    const sentence = 'Dr. Smith has seen e.g. five cats today. '
    const passages = packPassages('T', [block(sentence.repeat(10).trim(), here, 1)], {
      tokens: 20,
      countTokens: words,
    })
    expect(passages).toHaveLength(5)
    for (const { text } of passages) expect(text).toMatch(/^Dr\. .*today\.$/)
    expect(passages.map(({ text }) => text).join(' ')).toBe(sentence.repeat(10).trim())
  })

  test.each([
    [20, 0],
    [20, 9],
    [20, 100],
    [7, 3],
    [1, 1],
  ])('passages of %i tokens with %i repeated keep to the size and lose nothing', (tokens, overlap) => {
    const blocks = [block('A short one first.', here, 1), block(long, here, 2), block(long, ['There'], 3)]
    const passages = packPassages('T', blocks, { tokens, overlap, countTokens: words })
    for (const { text } of passages) expect(words(text)).toBeLessThanOrEqual(tokens)
    for (const number of [0, 7, 39])
      expect(
        passages.filter(({ text }) => tokens < 4 || text.includes(`number ${number} ends`)).length,
      ).toBeGreaterThan(1)
    if (overlap > 0 && tokens === 20)
      for (const [i, { text, heading }] of passages.entries()) {
        const before = passages[i - 1]
        if (!before || before.heading[0] !== heading[0]) continue
        const [first = ''] = sentencesOf(text)
        expect(
          before.text.endsWith(text.slice(0, before.text.length - before.text.indexOf(first.trim()))),
        ).toBe(true)
      }
  })

  test('repeated sentences come from the passage before, and its place is counted from them', () => {
    const lines = Array.from({ length: 6 }, (_, i) => `Paragraph number ${i} ends here now.`)
    const blocks = lines.map((line, i) => block(line, here, i + 1))
    const passages = packPassages('T', blocks, { tokens: 20, overlap: 8, countTokens: words })
    expect(passages.map(({ place }) => place)).toEqual(['lines 1–3', 'lines 3–5', 'lines 5–6'])
    expect(passages[1]?.text).toBe([lines[2], lines[3], lines[4]].join('\n\n'))
  })

  test('cuts a text without sentences and one without spaces', () => {
    for (const text of [Array(500).fill('word').join(' '), '字'.repeat(500), 'x'.repeat(30_000)]) {
      const passages = packPassages('T', [block(text, here, 1)], { tokens: 100 })
      expect(passages.length).toBeGreaterThanOrEqual(4)
      expect(
        passages
          .map((one) => one.text)
          .join('')
          .replaceAll(/\s/g, ''),
      ).toBe(text.replaceAll(/\s/g, ''))
    }
  })

  test('a stretch of a long paragraph names its own lines', () => {
    const lines = Array.from(
      { length: 30 },
      (_, i) => `Line ${i + 1} of a paragraph that was broken at its margin.`,
    )
    const passages = packPassages('T', textBlocks(lines.join('\n')).blocks, {
      tokens: 60,
      countTokens: words,
    })
    for (const { place, text } of passages) {
      const [first, last] = place.match(/\d+/g) ?? []
      expect(text).toMatch(new RegExp(`^Line ${first} `))
      expect(text.match(/Line \d+/g)?.at(-1)).toBe(`Line ${last}`)
    }
  })

  test('a packer gives passages as they become full', () => {
    const packer = passagePacker(
      { title: 'T', unit: null, place: 'https://example.org/' },
      { tokens: 8, countTokens: words },
    )
    expect(packer.add(block('one two three four five six', here, 1))).toEqual([])
    expect(packer.add(block('seven eight nine', here, 2)).map(({ place, text }) => [place, text])).toEqual([
      ['https://example.org/', 'one two three four five six'],
    ])
    expect(packer.end().map(({ text }) => text)).toEqual(['seven eight nine'])
    expect(packer.end()).toEqual([])
  })
})

test('counts with the tokenizer of a model folder, and keeps to it', async () => {
  const countTokens = await openTokenCounter(fixtures)
  const started = performance.now()
  expect(countTokens('x'.repeat(1_000_000))).toBeGreaterThan(100_000)
  expect(performance.now() - started).toBeLessThan(2000)
  const path = join(import.meta.dirname, '../../samples/import/markdown/input.md')
  const passages = await readPassages(path, { chunking: { tokens: 40, overlap: 12 }, countTokens })
  expect(passages.length).toBeGreaterThan(3)
  for (const { text } of passages) expect(countTokens(text)).toBeLessThanOrEqual(40)
})

test('an estimate is near the count for prose', () => {
  expect(estimateTokens('The museum is open from ten to six, also on Sundays.')).toBe(16)
  expect(estimateTokens('字字字')).toBe(3)
})

test('plain text is read as a stream: passages come before the end is reached, and it can be cancelled', async () => {
  const path = join(dir, 'large.txt')
  await writeFile(path, `${long}\n\n`.repeat(20_000))
  const abort = new AbortController()
  const taken: string[] = []
  await expect(async () => {
    for await (const { place } of streamPassages(path, { signal: abort.signal })) {
      taken.push(place)
      if (taken.length === 100) abort.abort()
    }
  }).rejects.toMatchObject({ code: 'cancelled' })
  expect(taken.length).toBeLessThan(200)
  expect((await readFile(path)).length).toBeGreaterThan(10_000_000)
})
