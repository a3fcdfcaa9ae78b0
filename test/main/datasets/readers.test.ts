import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { detect } from '../../../main/datasets/readers/detect.ts'
import { histogramOf } from '../../../main/datasets/readers/histogram.ts'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'
import type { TableRow } from '../../../main/datasets/readers/table.ts'

const dir = await mkdtemp(join(tmpdir(), 'loracle-readers-'))
afterAll(() => rm(dir, { recursive: true, force: true }))
async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(dir, name)
  await writeFile(path, content)
  return path
}

async function listed(rows: AsyncIterable<TableRow>): Promise<TableRow[]> {
  const list: TableRow[] = []
  for await (const row of rows) list.push(row)
  return list
}

async function rowsOf(path: string): Promise<TableRow[]> {
  return listed((await openTable(path)).rows())
}

describe('detection', () => {
  test.each([
    ['notes.txt', 'Some words.\nMore of them.', 'text'],
    ['page.htm', '<p>Words', 'html'],
    ['unnamed', '<!DOCTYPE html><title>x</title>', 'html'],
    ['readme.MD', '# Title', 'markdown'],
    ['export.txt', 'a\tb\n1\t2\n3\t4\n', 'tsv'],
    ['list.dat', '[{"a": 1}]', 'json'],
    ['[draft] notes.txt', '[draft] These are only notes.', 'text'],
    ['lines.json', '{"a": 1}\n{"a": 2}\n', 'jsonl'],
    ['pretty.jsonl', '[\n  {"a": 1}\n]', 'json'],
  ])('%s', async (name, content, format) => {
    expect(await detect(await file(name, content))).toMatchObject({ format })
  })

  test.each([
    ['book.epub', 'PK\u0003\u0004', /damaged/],
    ['old.xls', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), /Excel 97.*XLSX or CSV/],
    ['old.doc', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), /Word 97.*DOCX/],
    ['letter.txt', '{\\rtf1\\ansi Words}', /Rich Text.*DOCX/],
    ['frame.feather', 'ARROW1\0\0', /Arrow.*Parquet/],
    ['photo.csv', Buffer.from('89504e470d0a1a0a0000', 'hex'), /image/],
    ['blank.txt', ' \n ', /white space/],
    ['table.parquet', 'Access denied', /plain text/],
    ['wide.txt', Buffer.from('fffe00004100000042000000', 'hex'), /UTF-32/],
  ])('%s is refused with a way out', async (name, content, message) => {
    expect(await detect(await file(name, content))).toMatchObject({
      kind: 'unsupported',
      message: expect.stringMatching(message) as string,
    })
  })

  test.each([
    ['table.dat', Buffer.from('PAR1\0\0\0\0PAR1'), 'parquet'],
    ['scan.bin', '%PDF-1.7\n%\u0001\u0002', 'pdf'],
    ['pages.txt', '{"loracle":"web","version":1}\n{"url":"x"}\n', 'web'],
    ['error.json', '<!DOCTYPE html><title>404</title>', 'html'],
    ['lines.csv', '{"a": 1}\n{"a": 2}\n', 'jsonl'],
    ['wide.csv', Buffer.from('question,answer\nWhat,That\n', 'utf16le'), 'csv'],
    ['footnotes.txt', '[1] Smith, 1990.\n[2] Jones, 1991.\n', 'text'],
    ['spread.json', '{\n "a": 1\n}\n{\n "a": 2\n}', 'jsonl'],
  ])('%s is what it holds', async (name, content, format) => {
    expect(await detect(await file(name, content))).toMatchObject({ format })
  })

  test('a missing file and a folder have their codes', async () => {
    await expect(detect(join(dir, 'missing.csv'))).rejects.toMatchObject({ code: 'file_missing' })
    await expect(detect(dir)).rejects.toMatchObject({ code: 'file_invalid' })
  })
})

describe('streaming', () => {
  const count = 30_000
  const cell = 'A cell with “marks”, "quotes"\nand lines. 🙂'
  const csv = Array.from({ length: count }, (_, i) => `${i},"${cell.replaceAll('"', '""')}",end ${i}\r\n`)

  test('cells that lie across the borders of chunks are whole, and progress ends at the end', async () => {
    const path = await file('long.csv', `id,text,last\r\n${csv.join('')}`)
    const rows = await rowsOf(path)
    expect(rows).toHaveLength(count)
    expect(rows.every(({ values }, i) => values['id'] === String(i) && values['text'] === cell)).toBe(true)
    expect(rows.at(-1)).toMatchObject({ where: `row ${count + 1}`, values: { last: `end ${count - 1}` } })
    expect(rows.every(({ end }, i) => i === 0 || end >= (rows[i - 1]?.end ?? 0))).toBe(true)
    expect(rows.at(-1)?.end).toBe((await openTable(path)).bytes)
  })

  test('lines too, in UTF-16 as well', async () => {
    const lines = Array.from({ length: count }, (_, id) => JSON.stringify({ id, cell })).join('\n')
    for (const content of [lines, Buffer.from(`\ufeff${lines}`, 'utf16le')]) {
      const rows = await rowsOf(await file('long.jsonl', content))
      expect(rows).toHaveLength(count)
      expect(rows.every(({ values }, i) => values['id'] === i && values['cell'] === cell)).toBe(true)
    }
  })

  test('an inspection reads the head and estimates the rest', async () => {
    const path = await file('estimated.csv', `id,text,last\r\n${csv.join('')}`)
    const found = await inspect(path)
    expect(found.rowsEstimated).toBe(true)
    expect(Math.abs((found.rows ?? 0) - count)).toBeLessThan(count * 0.1)
    expect(found.preview).toHaveLength(100)
    for (const [place, { histogram }] of found.columns.entries())
      for (const { measures } of found.preview) {
        const value = measures[place] ?? NaN
        expect(histogram.filter(({ from, to }) => value >= from && value < to)).toHaveLength(1)
      }
  })

  test('a cancel ends the reading with its code', async () => {
    const path = await file('cancelled.csv', `id,text,last\r\n${csv.join('')}`)
    const abort = new AbortController()
    const read = async () => {
      for await (const row of (await openTable(path)).rows({ signal: abort.signal }))
        if (row.where === 'row 5') abort.abort()
    }
    await expect(read()).rejects.toMatchObject({ code: 'cancelled' })
  })

  test('special characters that come late are told as they come', async () => {
    const plain = Array.from({ length: 20_000 }, (_, i) => `${i},plain text here\n`).join('')
    const late = await file('late.csv', Buffer.from(`id,text\n${plain}x,caf\xe9\n`, 'latin1'))
    const kinds: string[] = []
    const table = await openTable(late)
    const rows = await listed(table.rows({ onProblem: ({ kind }) => kinds.push(kind) }))
    expect(rows.at(-1)?.values['text']).toBe('café')
    expect(kinds).toEqual(['encoding_guessed'])
  })

  test('quotes that never close cost their rows, not the file', async () => {
    const broken = Array.from({ length: 50 }, (_, i) => `"open ${i},x\n`).join('')
    const rows = await rowsOf(await file('open.csv', `text,last\nfine,1\n${broken}fine,2\n`))
    expect(rows[0]).toMatchObject({ fault: null, values: { text: 'fine', last: '1' } })
    expect(rows.at(-1)).toMatchObject({ fault: null, values: { text: 'fine', last: '2' } })
  })
})

describe('histograms', () => {
  test('round edges, at most twelve bins, nothing lost', () => {
    for (const values of [
      [0, 1, 2],
      [3, 1000, 57],
      [0.1, 0.25, 0.3],
      [-5, 5],
      [7],
      [1e9, 2e9],
      [-1e-9, 1e-9],
    ]) {
      const bins = histogramOf(values)
      expect(bins.length).toBeLessThanOrEqual(12)
      expect(bins.reduce((sum, bin) => sum + bin.count, 0)).toBe(values.length)
      for (const value of values) expect(bins.some(({ from, to }) => from <= value && value < to)).toBe(true)
    }
    expect(histogramOf([12, 47, 48, 99]).map(({ label }) => label)).toEqual([
      '10–19',
      '20–29',
      '30–39',
      '40–49',
      '50–59',
      '60–69',
      '70–79',
      '80–89',
      '90–99',
    ])
    expect(histogramOf([Number.NaN])).toEqual([])
  })
})
