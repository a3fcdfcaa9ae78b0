import { describe, expect, test } from 'vitest'
import type { Inspection, Mapping } from '../../main/contract/imports.ts'
import { chunkingOf } from '../../renderer/screens/data/chunking.ts'
import { excerptAround } from '../../renderer/screens/data/excerpt.ts'
import { likelyKindOf, splitNamedBy } from '../../renderer/screens/data/file-kinds.ts'
import {
  firstReview,
  hasEdits,
  hasSameColumns,
  proposedUse,
  queuedFile,
  reviewItems,
  withTable,
} from '../../renderer/screens/data/queued-file.ts'
import type { QueuedFile } from '../../renderer/screens/data/queued-file.ts'
import { folderOf, webAddressOf } from '../../renderer/screens/data/web-address.ts'

const proposed: Mapping = { form: 'qa', roles: { context: 'text' } }

function inspection(is: Partial<Inspection> = {}): Inspection {
  return {
    name: 'a.csv',
    kind: 'dataset',
    format: 'csv',
    bytes: 10,
    rows: 1,
    rowsEstimated: false,
    columns: [],
    preview: [],
    tables: [],
    table: null,
    mapping: proposed,
    guesses: [],
    missing: [],
    problems: [],
    passages: [],
    ...is,
  }
}

function reviewed(is: Partial<Inspection> = {}, name = 'a.csv'): QueuedFile {
  const file = queuedFile({
    name,
    bytes: 10,
    origin: { kind: 'host', ref: { path: `/data/${name}` }, table: null },
  })
  return { ...file, status: 'review', review: firstReview(inspection(is)) }
}

function edited(file: QueuedFile): QueuedFile {
  const review = file.review && { ...file.review, mapping: { ...proposed, roles: { context: 'body' } } }
  return { ...file, review }
}

describe('files on their way in', () => {
  test('datasets and archives are looked at one by one as they came, documents together', () => {
    const archive: QueuedFile = { ...reviewed(), status: 'choosing', review: null }
    const waiting = queuedFile({ name: 'w', bytes: 0, origin: archive.origin })
    const files = [
      reviewed({ kind: 'documents' }),
      reviewed(),
      waiting,
      reviewed({ kind: 'documents' }),
      archive,
    ]
    expect(reviewItems(files).map(({ kind, files: of }) => [kind, of.length])).toEqual([
      ['dataset', 1],
      ['archive', 1],
      ['documents', 2],
    ])
  })

  test('a mapping that was changed is told from one that is as it was proposed', () => {
    expect(hasEdits(reviewed())).toBe(false)
    expect(hasEdits(edited(reviewed()))).toBe(true)
  })

  test('a table that was left keeps what was decided about it', () => {
    const first = edited(reviewed({ tables: ['one', 'two'], table: 'one' }))
    const second = withTable(first, 'two', firstReview(inspection({ tables: ['one', 'two'], table: 'two' })))
    expect(second.review?.inspection.table).toBe('two')
    expect(hasEdits(second)).toBe(true)
    const back = withTable(second, 'one', null)
    expect(back.review).toEqual(first.review)
    expect(Object.keys(back.otherTables)).toEqual(['two'])
    expect(withTable(back, 'three', null)).toBe(back)
  })

  test('files with the same columns are known', () => {
    const columns = (...names: string[]): Pick<Inspection, 'columns'> => ({
      columns: names.map((name) => ({
        name,
        type: 'text',
        filled: 1,
        distinct: 1,
        meanLength: 1,
        samples: [],
        histogram: [],
      })),
    })
    const one = firstReview(inspection(columns('a', 'b')))
    expect(hasSameColumns(one, firstReview(inspection(columns('a', 'b'))))).toBe(true)
    expect(hasSameColumns(one, firstReview(inspection(columns('a'))))).toBe(false)
    expect(hasSameColumns(one, firstReview(inspection({ ...columns('a', 'b'), mapping: null })))).toBe(false)
  })

  test('a file that came with others serves the split that it is named for', () => {
    expect(proposedUse({ name: 'data/validation-00000-of-1.parquet', together: 3 })).toBe('validation')
    expect(proposedUse({ name: 'data/train.csv', together: 2 })).toBe('train')
    expect(proposedUse({ name: 'test.csv', together: 1 })).toBe('auto')
    expect(proposedUse({ name: 'test/latest.csv', together: 2 })).toBe('auto')
    expect(splitNamedBy('train-test.csv')).toBeNull()
  })

  test.each([
    ['a/b.CSV', 'datasets'],
    ['book.epub', 'documents'],
    ['README', 'others'],
    ['x.tar', 'others'],
  ])('%s is likely of the %s', (name, kind) => {
    expect(likelyKindOf(name)).toBe(kind)
  })
})

describe('web addresses', () => {
  test.each([
    ['docs.example.org/guide', 'https://docs.example.org/guide'],
    [' http://localhost:8080/a b', null],
    ['http://localhost:8080/a', 'http://localhost:8080/a'],
    ['ftp://example.org', null],
    ['javascript://example.org/%0aalert(1)', null],
    ['hello', null],
    ['', null],
  ])('%s', (text, address) => {
    expect(webAddressOf(text)).toBe(address)
  })

  test('the folder of a page is what its address begins with', () => {
    expect(folderOf('https://example.org/guide/part/intro.html?x=1')).toBe('example.org/guide/part/')
    expect(folderOf('https://example.org/')).toBe('example.org/')
  })
})

describe('sizes of passages', () => {
  test('two fields give a size, or say which is wrong', () => {
    expect(chunkingOf('256', 32)).toEqual({
      chunking: { tokens: 256, overlap: 32 },
      isTokensWrong: false,
      isOverlapWrong: false,
    })
    expect(chunkingOf('31', '0')).toMatchObject({ chunking: null, isTokensWrong: true })
    expect(chunkingOf('100', '51')).toMatchObject({ chunking: null, isOverlapWrong: true })
    expect(chunkingOf('100.5', '')).toMatchObject({ isTokensWrong: true, isOverlapWrong: true })
  })
})

describe('excerpts', () => {
  const text = `${'a'.repeat(50)}😀${'b'.repeat(50)}`

  test('the first mark is in sight and stands where it stood', () => {
    const { text: shown, marks } = excerptAround(text, [{ start: 50, end: 51, tone: 'answer' }], 20)
    expect([...shown]).toHaveLength(22)
    const [mark] = marks
    expect([...shown].slice(mark?.start, mark?.end)).toEqual(['😀'])
  })

  test('a short text stays, and a mark longer than the excerpt is cut', () => {
    expect(excerptAround('abc', [], 3).text).toBe('abc')
    const { text: shown, marks } = excerptAround(text, [{ start: 0, end: 101, tone: 'answer' }], 10)
    expect(shown).toBe(`${'a'.repeat(10)}…`)
    expect(marks).toEqual([{ start: 0, end: 10, tone: 'answer' }])
  })
})
