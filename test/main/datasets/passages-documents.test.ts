import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { AppError } from '../../../main/contract/errors.ts'
import { fromPrint } from '../../../main/datasets/passages/characters.ts'
import { htmlBlocks } from '../../../main/datasets/passages/html-blocks.ts'
import { hyphenation } from '../../../main/datasets/passages/hyphenation.ts'
import { pdfLines } from '../../../main/datasets/passages/pdf-lines.ts'
import { readPassages } from '../../../main/datasets/passages/read-passages.ts'
import { textBlocks } from '../../../main/datasets/passages/text-blocks.ts'
import { seededRandom } from '../../../trainer/data/random.ts'
import { zipOf } from '../../support/zip-writer.ts'

const samples = join(import.meta.dirname, '../../samples/import')
const dir = await mkdtemp(join(tmpdir(), 'loracle-documents-'))
afterAll(() => rm(dir, { recursive: true, force: true }))

describe('PDF', () => {
  const upright = [1, 0, 0, -1, 0, 800]
  const item = (
    str: string,
    x: number,
    y: number,
    { size = 10, width = str.length * 5, fontName = 'f' } = {},
  ) => ({
    str,
    transform: [size, 0, 0, size, x, y],
    width,
    fontName,
  })

  test('pieces of a line are joined where they touch, raised ones too; stamps along the margin go', () => {
    const lines = pdfLines(
      [
        item('second', 50, 688),
        item('Wa', 50, 700),
        item('ter', 60, 700),
        item('H', 80, 700),
        item('2', 85, 697, { size: 6, width: 4 }),
        item('O', 89, 700),
        { ...item('stamp', 20, 400), transform: [0, 10, -10, 0, 20, 400] },
      ],
      3,
      upright,
    )
    expect(lines.map(({ text, page, y }) => [text, page, y])).toEqual([
      ['Water H2O', 3, 100],
      ['second', 3, 112],
    ])
  })

  test('columns are read one after the other, tables row by row', () => {
    const rows = Array.from({ length: 12 }, (_, i) => 700 - i * 12)
    const columns = rows.flatMap((y, i) => [
      item(`left ${i}`, 50, y, { width: 200 }),
      item(`right ${i}`, 270, y, { width: 200 }),
    ])
    const read = pdfLines([item('A title over both', 50, 730, { width: 420 }), ...columns], 1, upright)
    expect(read.map(({ text }) => text)).toEqual([
      'A title over both',
      ...rows.map((_, i) => `left ${i}`),
      ...rows.map((_, i) => `right ${i}`),
    ])
    const table = rows.flatMap((y, i) => [
      item(`name ${i}`, 50, y, { width: i === 0 ? 190 : 30 }),
      item(`${i}`, 270, y, { width: i === 0 ? 200 : 10 }),
    ])
    expect(pdfLines(table, 1, upright).map(({ text }) => text)).toEqual(rows.map((_, i) => `name ${i} ${i}`))
  })

  test('hyphens at line ends go, but for those of words that have them elsewhere', () => {
    const words = hyphenation({ isBroken: true })
    words.learn('A well-known rule of the remainder and a daisy-chain.')
    const joined = (text: string, line: string) => {
      const { text: before, next } = words.join(text, line)
      return before + next
    }
    expect(joined('the exam-', 'ple of it')).toBe('the example of it')
    expect(joined('a well-', 'known rule')).toBe('a well-known rule')
    expect(joined('the Jean-', 'Paul of 1914-')).toBe('the Jean-Paul of 1914-')
    expect(joined('soft\u00ad', 'ware')).toBe('software')
    expect(joined('from 9 -', 'then on')).toBe('from 9 - then on')
    expect(joined('no hyphen', 'here')).toBe('no hyphen here')
    const kept = hyphenation({ isBroken: false })
    kept.learn('a remainder')
    expect(kept.join('the looking-', 'glass').text).toBe('the looking-')
    expect(kept.join('the re-', 'mainder').text).toBe('the re')
  })

  test('ligatures and signs of symbol fonts become letters and signs', () => {
    expect(fromPrint('\uf0fc of\ufb01ce\u0007 \ufb02ow\u00ading \uf0b7 a\ue123b')).toBe(
      '✓ office flowing • ab',
    )
  })
})

describe('HTML', () => {
  test('a page that is all navigation is read as a whole; a row of one cell lays out a page', () => {
    const texts = (html: string) => htmlBlocks(html).blocks.map(({ text }) => text)
    expect(texts('<nav><p>Only this.</p>')).toEqual(['Only this.'])
    expect(texts('<table><tr><td><p>One.</p><p>Two.</p></td></tr></table>')).toEqual(['One.', 'Two.'])
    expect(texts('<h1>A<p>text</h1> after')).toEqual(['text', 'after'])
    expect(texts('<script/>a')).toEqual([])
  })

  test('XHTML closes what it says it closes', () => {
    const { title, blocks } = htmlBlocks(
      '<head><title/></head><p>One<script src="x"/> two<![CDATA[ & three]]></p>',
      {
        isPage: false,
        selfClosing: true,
      },
    )
    expect([title, blocks.map(({ text }) => text)]).toEqual([null, ['One two & three']])
  })

  test.each(['<div>', '<ul><li>x', '<table><tr><td>x', '<h1>x', '<b>x<p>', '<nav>x', '<pre>x'])(
    '100,000 open elements cost little: %s',
    (tag) => {
      const started = performance.now()
      htmlBlocks(`${tag.repeat(100_000)}end${'</p></div>'.repeat(50_000)}`)
      expect(performance.now() - started).toBeLessThan(5000)
    },
  )
})

test('plain text: a list with empty lines is no row of headings', () => {
  const shown = (text: string) =>
    textBlocks(text).blocks.map((block) => [block.heading.join('/'), block.text])
  expect(shown('1. Eggs\n\n2. Flour\n\n3. Milk\n\nMix all of it.')).toEqual([
    ['', '1. Eggs'],
    ['', '2. Flour'],
    ['', '3. Milk'],
    ['', 'Mix all of it.'],
  ])
  expect(shown('1. Scope\n\nThis is about eggs.\n\n2.1 Hens\n\nThey lay.')).toEqual([
    ['1. Scope', 'This is about eggs.'],
    ['1. Scope/2.1 Hens', 'They lay.'],
  ])
})

const write = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  const path = join(dir, name)
  await writeFile(path, zipOf(Object.entries(files).map(([file, data]) => ({ name: file, data }))))
  return path
}

describe('DOCX', () => {
  const word = 'http://schemas.openxmlformats.org/wordprocessingml/2006/main'
  const office = 'http://schemas.openxmlformats.org'
  const files = (body: string) => ({
    '[Content_Types].xml': `<Types xmlns="${office}/package/2006/content-types"/>`,
    '_rels/.rels': `<Relationships xmlns="${office}/package/2006/relationships"><Relationship Id="r1" Type="${office}/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`,
    'word/styles.xml': `<w:styles xmlns:w="${word}"><w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/></w:style></w:styles>`,
    'word/document.xml': `<w:document xmlns:w="${word}"><w:body>${body}</w:body></w:document>`,
  })
  const paragraph = (text: string, style = '') =>
    `<w:p>${style === '' ? '' : `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t>${text}</w:t></w:r></w:p>`

  test('a long document is read in stretches, under its headings and with its paragraphs counted on', async () => {
    const many = Array.from({ length: 9_000 }, (_, i) =>
      paragraph(`Paragraph ${i + 1} of it &amp; more.`),
    ).join('')
    const passages = await readPassages(await write('long.docx', files(paragraph('Head', 'H1') + many)))
    expect(passages[0]?.title).toBe('Head')
    expect(new Set(passages.map(({ heading }) => heading.join('/')))).toEqual(new Set(['Head']))
    for (const { text, place } of passages) {
      const [first] = place.match(/\d+/) ?? []
      expect(text).toMatch(new RegExp(`^Paragraph ${first} of it & more\\.`))
    }
    expect(passages.at(-1)?.text).toContain('Paragraph 9000 of it')
  })

  test('what nests without end is refused, what is no document too', async () => {
    const deep = await write('deep.docx', files('<w:tbl><w:tr><w:tc>'.repeat(1000)))
    await expect(readPassages(deep)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: /400 elements deep/,
    })
    const none = await write('none.docx', { '[Content_Types].xml': '<Types/>' })
    await expect(readPassages(none)).rejects.toMatchObject({ code: 'file_unreadable' })
  })
})

describe('EPUB', () => {
  test('copy protection and a missing list of chapters are told', async () => {
    const locked = await write('locked.epub', {
      'META-INF/encryption.xml': '<encryption><CipherReference URI="OEBPS/one.xhtml"/></encryption>',
    })
    await expect(readPassages(locked)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: /copy-protected/,
    })
    const empty = await write('empty.epub', { mimetype: 'application/epub+zip' })
    await expect(readPassages(empty)).rejects.toMatchObject({
      code: 'file_unreadable',
      message: expect.stringMatching(/container/),
    })
  })

  const oldBook = (contents: string) =>
    write('old.epub', {
      'META-INF/container.xml':
        '<container><rootfiles><rootfile full-path="book.opf"/></rootfiles></container>',
      'book.opf':
        '<package><metadata><dc:title>Old</dc:title></metadata><manifest><item id="c" href="./text/../text/c.html" media-type="application/xhtml+xml"/><item id="n" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest><spine toc="n"><itemref idref="c"/></spine></package>',
      'toc.ncx': `<ncx><docTitle><text>Old</text></docTitle>${contents}</ncx>`,
      'text/c.html': '<html><body><p>Text &mdash; here.</p></body></html>',
    })

  test('page numbers of NCX are no titles', async () => {
    const path = await oldBook(
      '<navMap></navMap><pageList><pageTarget><navLabel><text>[83]</text></navLabel><content src="text/c.html#p"/></pageTarget></pageList>',
    )
    expect(await readPassages(path)).toMatchObject([{ heading: [], text: 'Text — here.' }])
  })

  test('titles of NCX, paths with dots, and a package file at the root', async () => {
    const path = await oldBook(
      '<navMap><navPoint><navLabel><text>First</text></navLabel><content src="text/c.html#a"/></navPoint></navMap>',
    )
    expect(await readPassages(path)).toEqual([
      { title: 'Old', heading: ['First'], page: null, place: 'part 1, paragraph 1', text: 'Text — here.' },
    ])
  })
})

test.each([
  'pdf-book/input.pdf',
  'docx/input.docx',
  'epub/input.epub',
  'html-with-navigation/input.html',
  'markdown/input.md',
])('damage to %s gives passages or a coded error', async (name) => {
  const original = await readFile(join(samples, name))
  const random = seededRandom(7)
  const path = join(dir, name.replace('/', '-'))
  for (let round = 0; round < 25; round++) {
    const bytes = Buffer.from(original)
    for (let i = 0; i < 1 + round; i++)
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256)
    await writeFile(path, round % 5 === 4 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes)
    const outcome = await readPassages(path).catch((thrown: unknown) => thrown)
    expect(Array.isArray(outcome) || outcome instanceof AppError, String(outcome)).toBe(true)
  }
})
