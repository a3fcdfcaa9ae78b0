import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ColumnMetaData, SchemaTree } from 'hyparquet'
import { openZip } from '../../../main/datasets/archives/zip.ts'
import { guessCharset } from '../../../main/datasets/readers/charset.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'
import { lookAtPages } from '../../../main/datasets/readers/parquet-pages.ts'
import { dateOfSerial, isDateFormat } from '../../../main/datasets/readers/xlsx-dates.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { zipOf } from '../../support/zip-writer.ts'

const samples = join(import.meta.dirname, '../../samples/import')

describe('Parquet', () => {
  /** A data page (version 1) of dictionary indexes, in Thrift's compact protocol by hand. */
  function pageOf(values: number, data: readonly number[]): { chunk: Uint8Array; data: Uint8Array } {
    const number = (value: number) => {
      const bytes: number[] = []
      for (let rest = value * 2; ; rest = Math.floor(rest / 128)) {
        bytes.push(rest > 127 ? (rest % 128) + 128 : rest)
        if (rest <= 127) return bytes
      }
    }
    const field = [0x15]
    const header = [
      ...[...field, ...number(0), ...field, ...number(data.length), ...field, ...number(data.length)],
      ...[
        0x2c,
        ...field,
        ...number(values),
        ...field,
        ...number(8),
        ...field,
        ...number(3),
        ...field,
        ...number(3),
        0,
        0,
      ],
    ]
    return { chunk: Uint8Array.from([...header, ...data]), data: Uint8Array.from(data) }
  }
  const meta = { codec: 'UNCOMPRESSED', path_in_schema: ['a'] } as unknown as ColumnMetaData
  const column = { element: { name: 'a', repetition_type: 'REQUIRED' }, children: [], count: 1, path: ['a'] }
  const path = [{ ...column, path: [] }, column] as unknown as SchemaTree[]

  test('a run that is as long as its page says is taken', () => {
    const { chunk, data } = pageOf(40, [1, 80, 1])
    const pages = lookAtPages(chunk, meta, path)
    expect(pages).toMatchObject({ values: 40, bytes: 3 })
    expect(pages.decompress(data, 3)).toEqual(data)
  })

  test('a run of a billion values in a page of forty is refused before it is unfolded', () => {
    const { chunk, data } = pageOf(40, [1, 0xfe, 0xff, 0xff, 0xff, 0x07, 1])
    expect(() => lookAtPages(chunk, meta, path).decompress(data, data.length)).toThrow(/a size of/)
  })

  test('a page that says to have billions of values is refused', () => {
    expect(() => lookAtPages(pageOf(2_000_000_000, [1, 80, 1]).chunk, meta, path)).toThrow(/a size of/)
  })

  test('nested values, large numbers and times become JSON values', async () => {
    const rows: Readonly<Record<string, unknown>>[] = []
    for await (const { values } of (await openTable(join(samples, 'parquet-types/input.parquet'))).rows())
      rows.push(values)
    expect(rows[0]).toMatchObject({
      number: 1,
      small: 1,
      share: 0.5,
      flag: true,
      day: '2024-03-01',
      at: '2024-03-01T08:30:00.250Z',
      exact: '2024-03-01T08:30:00.000Z',
      price: 12,
      turns: [
        { role: 'user', content: 'Hello' },
        { role: 'assistant', content: 'Hi' },
      ],
      meta: { lang: 'en', tags: { level: 1 } },
    })
    expect(rows[1]).toMatchObject({
      number: '1152921504606846976',
      small: null,
      share: null,
      turns: [],
      meta: null,
    })
  })
})

describe('workbooks', () => {
  test('serial numbers are dates of both calendars', () => {
    expect(dateOfSerial(45352, false)).toBe('2024-03-01')
    expect(dateOfSerial(45352.354166666664, false)).toBe('2024-03-01T08:30:00')
    expect(dateOfSerial(0.5, false)).toBe('12:00:00')
    expect(dateOfSerial(1, false)).toBe('1900-01-01')
    expect(dateOfSerial(61, false)).toBe('1900-03-01')
    expect(dateOfSerial(0, true)).toBe('1904-01-01')
    expect(dateOfSerial(-1, false)).toBeNull()
    expect(dateOfSerial(1e12, false)).toBeNull()
  })

  test('number formats that show dates', () => {
    for (const code of ['dd/mm/yyyy', 'h:mm AM/PM', '[$-409]d-mmm;@', '[h]:mm:ss'])
      expect(isDateFormat(code)).toBe(true)
    for (const code of ['General', '0.00', '#,##0 "days"', '[Red]0', '0.00E+00', '_-* #,##0_-'])
      expect(isDateFormat(code)).toBe(false)
  })

  test('cells of every kind', async () => {
    const rows: Readonly<Record<string, unknown>>[] = []
    const table = await openTable(join(samples, 'xlsx-sheets-dates-merges/input.xlsx'))
    for await (const { values } of table.rows()) rows.push(values)
    expect(rows.map(({ on }) => on)).toEqual(['2024-03-01', '2024-03-01T08:30:00', undefined])
    expect(rows.map(({ checked }) => checked)).toEqual([true, false, true])
    expect(rows[1]?.['context']).toBe(rows[0]?.['context'])
  })

  test('a cell whose type is the name of something else is a text', async () => {
    const zip = await openZip(join(samples, 'xlsx-sheets-dates-merges/input.xlsx'))
    const files = await Promise.all(
      zip.entries.map(async (entry) => ({ name: entry.name, data: await zip.read(entry, 1e6) })),
    )
    await zip.close()
    const path = join(await temporaryFolder(), 'odd.xlsx')
    const odd = files.map(({ name, data }) => ({
      name,
      data: data.toString('utf8').replace(/(<c r="A[2-9]"[^>]*?) t="\w+"/g, '$1 t="__proto__"'),
    }))
    expect(odd.map(({ data }) => data).join('')).toContain('__proto__')
    await writeFile(path, zipOf(odd))
    const rows: Readonly<Record<string, unknown>>[] = []
    for await (const { values } of (await openTable(path)).rows()) rows.push(values)
    expect(rows.length).toBeGreaterThan(0)
  })

  test('a sheet that is not there', async () => {
    const path = join(samples, 'xlsx-sheets-dates-merges/input.xlsx')
    await expect(openTable(path, { table: 'Missing' })).rejects.toMatchObject({ code: 'file_invalid' })
  })
})

describe('charsets', () => {
  const western = [
    'Das Café liegt in Köln.',
    'señor',
    'naïve',
    '10 £',
    'Où est l’été ?',
    'Smørrebrød på bordet',
  ]
  test.each(western)('short Western text is Windows-1252: %s', (text) => {
    const bytes = Buffer.from(text.replaceAll('’', '\x92'), 'latin1')
    expect(guessCharset(bytes)).toBe('windows-1252')
  })

  test('what a page says of itself comes first', () => {
    expect(guessCharset(Buffer.from('<meta charset="iso-8859-5"><p>\xd0\xd1', 'latin1'))).toBe('iso-8859-5')
    expect(guessCharset(Buffer.from('<meta charset="utf-8"><p>caf\xe9', 'latin1'))).toBe('windows-1252')
  })

  test('valid UTF-8 is UTF-8, whatever its bytes look like', async () => {
    const { problems } = await openTable(join(samples, 'foreign-columns/input.csv'))
    expect(problems).toEqual([])
    const text = await readFile(join(samples, 'charset-shift-jis/input.csv'))
    expect(guessCharset(text)).toBe('shift_jis')
  })
})
