import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openCsv } from '../../../main/datasets/readers/csv.ts'
import { detectDialect } from '../../../main/datasets/readers/csv-dialect.ts'
import { parseCsv } from '../../../main/datasets/readers/csv-rows.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { seededRandom } from '../../../trainer/data/random.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'

const form = { delimiter: ',', quoteChar: '"', escapeChar: '"', newline: '\n' } as const
const pieces = ['a', 'b c', '"', ',', '\n', '\r\n', '""', '"x"', 'é🙂', '', '"a,b"', '"a\nb"', ' ', ';', "'"]

/** Rows with a filled cell; of the last cell without the carriage return of the line's end. */
function shown(rows: readonly (readonly string[])[]): string[][] {
  return rows
    .map((row) => row.map((cell, i) => (i === row.length - 1 ? cell.replace(/\r$/, '') : cell)))
    .filter((row) => row.some((cell) => cell.trim() !== ''))
}

describe('rows of delimited text', () => {
  const next = seededRandom('csv rows')
  const below = (most: number) => Math.floor(next() * most)
  const texts = Array.from({ length: 20_000 }, () =>
    Array.from({ length: below(14) }, () => pieces[below(pieces.length)] ?? '').join(''),
  )

  test('are the same in two pieces, wherever the text is cut', () => {
    for (const text of texts.slice(0, 5000)) {
      const whole = parseCsv(text, form, false)
      if (whole.hasOpenQuote || whole.hasOddQuote) continue
      const first = parseCsv(text.slice(0, below(text.length + 1)), form, true)
      const second = parseCsv(text.slice(first.cursor), form, false)
      expect(shown([...first.rows, ...second.rows]), JSON.stringify(text)).toEqual(shown(whole.rows))
    }
  })

  test('backslashes before quotes, where a file has them', () => {
    const text = 'a,b\n"say \\"no\\", she said",2\n'
    const dialect = detectDialect(text, 'csv')
    expect(dialect.escapeChar).toBe('\\')
    expect(parseCsv(text, dialect, false).rows[1]).toEqual(['say "no", she said', '2'])
  })
})

describe('lines of many millions of characters', () => {
  const short = 'word '.repeat(20)
  const long = (quote: string) => `${quote}${'word '.repeat(2_500_000)}${quote}`

  test.each(['"', ''])('count as one row each, and nothing of them is taken: quote %j', async (quote) => {
    const path = join(await temporaryFolder(), 'long.csv')
    await writeFile(path, ['text', long(quote), short, long(quote), short].join('\n'))
    const table = await openCsv({ path, bytes: (await stat(path)).size }, {})
    const rows = []
    for await (const { where, fault, values } of table.rows()) rows.push([where, fault !== null, values])
    expect(rows).toEqual([
      ['row 2', true, {}],
      ['row 3', false, { text: short }],
      ['row 4', true, {}],
      ['row 5', false, { text: short }],
    ])
  })

  test('are shown for what they are before the import', async () => {
    const path = join(await temporaryFolder(), 'long.csv')
    await writeFile(path, `text\n${long('"')}\n${short}\n`)
    expect((await inspect(path)).problems.map(({ kind }) => kind)).toEqual(['row_faulty'])
  })
})

test.each(['', '\ufeff'])('a stray NUL makes no UTF-16 of UTF-8: mark %j', async (mark) => {
  const path = join(await temporaryFolder(), 'nul.csv')
  await writeFile(
    path,
    `${mark}frage,antwort\nWo liegt Köln?,am \0 Rhein\nWo liegt Rom?,${'amtiber'.repeat(99)}\n`,
  )
  expect((await inspect(path)).columns.map(({ name }) => name)).toEqual(['frage', 'antwort'])
})

describe('dialects', () => {
  test.each([
    ['a;b;c\n1,5;2;3\n2,5;3;4\n', ';', '"'],
    ['a|b\nx, y|z\nq, r, s|t\n', '|', '"'],
    ["'a','b'\n'x, y','it''s'\n", ',', "'"],
    ["don't,'quoted' word\nwon't,other\n", ',', '"'],
    ['sep=|\na,1|b\nc|d\n', '|', '"'],
  ])('%j', (text, delimiter, quoteChar) => {
    expect(detectDialect(text, 'csv')).toMatchObject({ delimiter, quoteChar })
  })
})
