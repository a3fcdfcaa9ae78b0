import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readDataset } from '../../trainer/data/read-dataset.ts'
import { readQuestions } from '../../trainer/data/read-questions.ts'

const dir = await mkdtemp(join(tmpdir(), 'loracle-dataset-'))
afterAll(() => rm(dir, { recursive: true, force: true }))
let files = 0

/** Writes a data file, text as it is and anything else as JSON. */
async function dataFile(content: unknown, extension = 'json'): Promise<string> {
  const path = join(dir, `${files++}.${extension}`)
  const isRaw = typeof content === 'string' || content instanceof Uint8Array
  await writeFile(path, isRaw ? content : JSON.stringify(content))
  return path
}

const read = async (content: unknown, extension?: string) => readDataset(await dataFile(content, extension))
const failure = async (content: unknown, extension?: string) =>
  read(content, extension).then(
    () => expect.unreachable('the file was read'),
    (error: unknown) => error as { code: string; message: string; details: Record<string, unknown> },
  )

const context = 'Ada Lovelace wrote the notes in 1843. Ada died in 1852.'
const good = {
  id: 'g',
  context,
  question: 'When were the notes written?',
  answers: { text: ['1843'], answer_start: [32] },
}
const nested = (qas: unknown[], paragraphContext: unknown = context) => ({
  version: 'v2.0',
  data: [{ title: 'Ada', paragraphs: [{ context: paragraphContext, qas }] }],
})

describe('forms', () => {
  const wanted = {
    id: 'g',
    context,
    question: good.question,
    answers: [{ text: '1843', start: 32 }],
    isImpossible: false,
  }

  it.each([
    ['the columns of Hugging Face datasets', good],
    ['a list of answers', { ...good, answers: [{ text: '1843', answer_start: 32 }] }],
    ['a list of texts', { ...good, answers: ['1843'] }],
    ['a plain answer', { ...good, answers: undefined, answer: '1843' }],
    ['a plain answer with its offset', { ...good, answers: undefined, answer: '1843', answer_start: 32 }],
  ])('reads flat records with %s', async (_, record) => {
    for (const content of [[record], { data: [record] }]) {
      const dataset = await read(content)
      expect(dataset).toMatchObject({ format: 'flat-json', records: 1, problems: [] })
      expect(dataset.examples).toMatchObject([wanted])
    }
    const lines = await read(`${JSON.stringify(record)}\n`, 'jsonl')
    expect(lines).toMatchObject({ format: 'flat-jsonl', problems: [], examples: [wanted] })
  })

  it('reads nested articles', async () => {
    const dataset = await read(
      nested([
        {
          id: 'a',
          question: 'Who?',
          answers: [
            { text: 'Ada Lovelace', answer_start: 0 },
            { text: 'Ada', answer_start: 0 },
          ],
          is_impossible: false,
        },
        {
          id: 'b',
          question: 'Where?',
          answers: [],
          is_impossible: true,
          plausible_answers: [{ text: '1843', answer_start: 32 }],
        },
      ]),
    )
    expect(dataset).toMatchObject({ format: 'squad', records: 2, problems: [] })
    expect(dataset.examples).toMatchObject([
      {
        id: 'a',
        answers: [
          { text: 'Ada Lovelace', start: 0 },
          { text: 'Ada', start: 0 },
        ],
        isImpossible: false,
        group: 'Ada',
      },
      { id: 'b', answers: [], isImpossible: true, group: 'Ada' },
    ])
    expect(dataset.examples[1]?.source).toContain('data[0].paragraphs[0].qas[1]')
  })

  it('knows lines of records by what they are, whatever the file is called', async () => {
    const lines = [good, { ...good, id: 'h', question: 'When?' }].map((record) => JSON.stringify(record))
    expect(await read(lines.join('\n'))).toMatchObject({ format: 'flat-jsonl', records: 2, problems: [] })
    const broken = await read(['not JSON', ...lines].join('\n'), 'jsonl')
    expect(broken).toMatchObject({ format: 'flat-jsonl', records: 3, problems: [{ where: 'line 1' }] })
  })

  it('keeps repeated answers as alternatives, in order', async () => {
    const answers = { text: ['1843', '1843', 'in 1843'], answer_start: [32, 32, 29] }
    const { examples, problems } = await read([{ ...good, answers }])
    expect(examples[0]?.answers.map(({ text }) => text)).toEqual(['1843', '1843', 'in 1843'])
    expect(problems).toEqual([])
  })

  it('tolerates byte order marks, CRLF, blank lines and UTF-16', async () => {
    const line = JSON.stringify({ ...good, question: 'Für wen?' })
    const other = JSON.stringify({ ...good, id: 'h' })
    for (const content of [
      `\ufeff${line}\r\n\r\n${other}\r\n`,
      Buffer.from(`\ufeff${line}\n${other}`, 'utf16le'),
    ]) {
      const dataset = await read(content, 'jsonl')
      expect(dataset.examples.map(({ id, question }) => [id, question])).toEqual([
        ['g', 'Für wen?'],
        ['h', good.question],
      ])
    }
    expect(await read(`\ufeff${JSON.stringify([good], null, 2).replaceAll('\n', '\r\n')}`)).toMatchObject({
      problems: [],
    })
  })

  it('groups by article, or by context where there is no title', async () => {
    const { examples } = await read([
      { ...good, id: 1, title: 'T' },
      { ...good, id: 2, question: 'q2' },
      { ...good, id: 3, question: 'q3' },
      { ...good, id: 4, context: `${context} More.` },
    ])
    expect(examples.map(({ id }) => id)).toEqual(['1', '2', '3', '4'])
    const groups = examples.map(({ group }) => group)
    expect(groups[0]).toBe('T')
    expect(groups[1]).toBe(groups[2])
    expect(groups[3]).not.toBe(groups[2])
  })
})

describe('offsets', () => {
  const emoji = '😀 Zoë 𐍈 met Zoë in 東京 😀 today'

  it('count code points', async () => {
    const start = Array.from(emoji).indexOf('東')
    const { examples, problems } = await read([
      { ...good, context: emoji, answers: { text: ['東京'], answer_start: [start] } },
    ])
    expect(problems).toEqual([])
    expect(examples[0]?.answers).toEqual([{ text: '東京', start: 19 }])
    expect(start).toBe(19)
  })

  it.each([
    ['one too many', 'today', 25, 24],
    ['a negative offset', '東京', -4, 19],
    ['an offset past the end', 'Zoë', 999, 12],
    ['the nearer of two', 'Zoë', 9, 12],
    ['the nearer of two, before', 'Zoë', 4, 2],
    ['a fraction', '東京', 17.5, 19],
  ])('that are off are moved to the nearest occurrence: %s', async (_, text, given, start) => {
    const { examples, problems } = await read([
      { ...good, context: emoji, answers: { text: [text], answer_start: [given] } },
    ])
    expect(examples[0]?.answers).toEqual([{ text, start }])
    expect(problems).toMatchObject([{ kind: 'answer_offset_off', where: '[0]', id: 'g', outcome: 'mended' }])
  })
})

describe('problems', () => {
  const bad: [string, unknown, string, boolean][] = [
    ['a number', 7, 'not_a_record', false],
    ['a list', [], 'not_a_record', false],
    ['no context', { ...good, context: undefined }, 'context_missing', false],
    ['a blank context', { ...good, context: ' \n' }, 'context_missing', false],
    ['a context that is no text', { ...good, context: 5 }, 'context_missing', false],
    ['no question', { ...good, question: null }, 'question_missing', false],
    ['no answer', { ...good, answers: undefined }, 'answer_missing', false],
    ['blank answers', { ...good, answers: { text: [' '], answer_start: [3] } }, 'answer_missing', false],
    [
      'no answer though answerable',
      { ...good, answers: { text: [], answer_start: [] }, is_impossible: false },
      'answer_missing',
      false,
    ],
    ['no answer and no flag', { ...good, answers: { text: [], answer_start: [] } }, 'answer_missing', true],
    ['an answer that is not there', { ...good, answers: ['1999'] }, 'answer_not_in_context', false],
    [
      'an alternative that is not there',
      { ...good, answers: ['1843', '1999'] },
      'answer_not_in_context',
      true,
    ],
    [
      'an offset that is off',
      { ...good, answers: { text: ['1843'], answer_start: [3] } },
      'answer_offset_off',
      true,
    ],
    ['an answer though impossible', { ...good, is_impossible: true }, 'answer_despite_impossible', true],
    ['no id', { ...good, id: undefined }, 'id_missing', true],
    ['an empty id', { ...good, id: '' }, 'id_missing', true],
    ['a taken id', { ...good, id: 'first' }, 'id_duplicate', true],
    ['the same content and id', { ...good, id: 'first', question: 'First?' }, 'record_duplicate', false],
    ['lone surrogates', { ...good, question: 'When\ud800?' }, 'text_malformed', true],
  ]
  const first = { ...good, id: 'first', question: 'First?' }

  it.each(bad)('%s in a list: %o', async (_, record, kind, mended) => {
    const { examples, problems, records } = await read([first, record])
    expect(problems).toMatchObject([{ kind, where: '[1]', outcome: mended ? 'mended' : 'dropped' }])
    expect(problems[0]?.message).not.toBe('')
    expect(records).toBe(2)
    expect(examples).toHaveLength(mended ? 2 : 1)
    expect(new Set(examples.map(({ id }) => id)).size).toBe(examples.length)
    expect(examples.every((example) => example.isImpossible === (example.answers.length === 0))).toBe(true)
  })

  it.each(bad)('%s in lines', async (_, record, kind, mended) => {
    const { problems } = await read(`${JSON.stringify(first)}\n\n${JSON.stringify(record)}`, 'jsonl')
    expect(problems).toMatchObject([{ kind, where: 'line 3', outcome: mended ? 'mended' : 'dropped' }])
  })

  it('names lines that are not JSON', async () => {
    const { examples, problems } = await read(`${JSON.stringify(good)}\n{"id": 3,\n`, 'jsonl')
    expect(examples).toHaveLength(1)
    expect(problems).toMatchObject([{ kind: 'not_a_record', where: 'line 2' }])
    expect(problems[0]?.message).toContain('column 10')
  })

  it('names places in nested files', async () => {
    const { examples, problems, records } = await read({
      data: [
        nested([good, 'x', { ...good, id: 'h', question: '', answers: [] }]).data[0],
        { title: 'No paragraphs' },
        3,
        { paragraphs: [{ context, qas: null }, null, { qas: [good] }] },
      ].map((article, i) => (i === 0 ? { ...(article as object), title: 'Ada' } : article)),
    })
    expect(examples).toHaveLength(1)
    expect(records).toBe(8)
    expect(problems.map(({ kind, where }) => [kind, where])).toEqual([
      ['not_a_record', 'data[0].paragraphs[0].qas[1]'],
      ['question_missing', 'data[0].paragraphs[0].qas[2]'],
      ['not_a_record', 'data[1]'],
      ['not_a_record', 'data[2]'],
      ['not_a_record', 'data[3].paragraphs[0]'],
      ['not_a_record', 'data[3].paragraphs[1]'],
      ['context_missing', 'data[3].paragraphs[2].qas[0]'],
    ])
  })

  it('replaces lone surrogates and keeps offsets', async () => {
    const { examples } = await read([
      { ...good, context: `\udc00${context}`, answers: { text: ['1843'], answer_start: [33] } },
    ])
    expect(examples[0]?.context.startsWith('\ufffdAda')).toBe(true)
    expect(examples[0]?.answers).toEqual([{ text: '1843', start: 33 }])
  })

  it('leaves questions for scoring as they are', async () => {
    const path = await dataFile([
      first,
      { ...first, id: 'again' },
      { ...good, answers: ['1999'] },
      7,
      { ...good, id: null },
    ])
    const questions = await readQuestions(path)
    expect(questions.map(({ id }) => id)).toEqual(['first', 'again', 'g', '[4]'])
    expect(questions[2]?.answers).toEqual([{ text: '1999' }])
  })
})

describe('files that cannot be read', () => {
  it('missing, or a folder', async () => {
    await expect(readDataset(join(dir, 'none.json'))).rejects.toMatchObject({ code: 'file_missing' })
    await expect(readDataset(dir)).rejects.toMatchObject({ code: 'file_invalid' })
  })

  it('not JSON: names line and column', async () => {
    const error = await failure('{\n  "data": [\n    {"title": "x",}\n  ]\n}')
    expect(error).toMatchObject({ code: 'data_invalid', details: { line: 3, column: 19 } })
    expect(error.message).toContain('line 3, column 19')
  })

  it('cut off', async () => {
    const text = JSON.stringify(nested([good]))
    expect(await failure(text.slice(0, -20))).toMatchObject({ code: 'data_invalid' })
  })

  it('another encoding', async () => {
    expect(await failure(Buffer.from('{"a":"\xe9"}', 'latin1'))).toMatchObject({ code: 'data_invalid' })
  })

  it.each([
    ['other keys', { rows: [1], total: 1 }, 'rows, total'],
    ['records with other keys', [{ prompt: 'x', completion: 'y' }], 'prompt, completion'],
    ['numbers', [1, 2], 'a number'],
    ['a text', '"hello"', 'a string'],
  ])('neither form: %s', async (_, content, found) => {
    const error = await failure(content)
    expect(error.code).toBe('data_invalid')
    expect(error.message).toContain(found)
    expect(error.message).toContain('SQuAD')
  })

  it.each([
    ['an empty file', ''],
    ['blank lines', '\n\r\n'],
    ['an empty list', []],
    ['no articles', { data: [] }],
    ['articles without questions', nested([])],
  ])('nothing in it: %s', async (_, content) => {
    expect(await failure(content)).toMatchObject({ code: 'data_empty' })
  })

  it('all records bad: says how many of which kind', async () => {
    const error = await failure([
      { ...good, answers: ['x1'] },
      { ...good, answers: ['x2'] },
      { ...good, question: '' },
    ])
    expect(error).toMatchObject({
      code: 'data_empty',
      details: { answer_not_in_context: 2, question_missing: 1 },
    })
    expect(error.message).toMatch(/^All 3 records .*2 answer_not_in_context, 1 question_missing/)
  })
})
