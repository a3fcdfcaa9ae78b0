import { open, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { inspect } from '../../../main/datasets/readers/inspect.ts'
import { createJsonWalk } from '../../../main/datasets/readers/json-walk.ts'
import { openTable } from '../../../main/datasets/readers/open-table.ts'

const dir = await mkdtemp(join(tmpdir(), 'loracle-readers-json-'))
afterAll(() => rm(dir, { recursive: true, force: true }))

/** Cuts the entries of the list under `data` out of a text that comes in pieces of a length. */
function cutData(text: string, length: number) {
  const cuts: string[] = []
  const walk = createJsonWalk({
    decide: (path) => (path.length > 1 ? 'cut' : path.length === 0 || path[0] === 'data' ? 'enter' : 'skip'),
    cut: (path, cut) => cuts.push(`${path.join('.')} ${cut}`),
  })
  for (let at = 0; at < text.length; at += length) walk.push(text.slice(at, at + length))
  return { cuts, ...walk.end() }
}

describe('a walk through JSON', () => {
  const entries = ['{"a":"\\"]}\\\\"}', '[1,[2,"["]]', '"te\\"xt"', '-1.5e3', 'true', 'null', '{}', '[]']
  const text = `\ufeff{"x":{"data":[9]},"y\\"":"[","data" : [ ${entries.join(' ,\n')} ],"z":[[]]}`.slice(1)

  test('cuts the same entries out of pieces of any length', () => {
    const expected = entries.map((entry, i) => `data.${i} ${entry}`)
    for (let length = 1; length < text.length; length++)
      expect(cutData(text, length)).toEqual({ cuts: expected, isCutOff: false })
  })

  test('says that a text ends too early', () => {
    for (const end of [5, 30, text.length - 1]) expect(cutData(text.slice(0, end), 7).isCutOff).toBe(true)
  })

  test('takes brackets that do not fit without losing itself', () => {
    for (const odd of [']]]]{', '{"data":}]', '"', '{"data":[1,,2]}', '{data:[1]}', '[{]}'])
      expect(() => cutData(odd, 3)).not.toThrow()
  })
})

/** A file of more than 24 MB, above which JSON is read entry by entry. */
async function largeFile(name: string, parts: { start: string; entry: (i: number) => string; end: string }) {
  const path = join(dir, name)
  const file = await open(path, 'w')
  await file.write(parts.start)
  for (let i = 0; i < count; i += 100)
    await file.write(
      Array.from({ length: 100 }, (_, k) => `${i + k > 0 ? ',' : ''}${parts.entry(i + k)}`).join('\n'),
    )
  await file.write(parts.end)
  await file.close()
  return path
}

const count = 13_000
const context =
  'The engine was designed by Charles Babbage, “never built”, and [described] by {Ada}. '.repeat(24)

describe('JSON of many megabytes', () => {
  const record = (i: number) => JSON.stringify({ id: i, context, question: `Who? ${i}`, meta: { page: i } })

  test.each([
    ['list', '[', ']', record, '[12999]'],
    ['deep', '{"version":"1","data":{"train":[', '],"other":[{"a":1}]}}', record, 'data.train[12999]'],
    ['keyed', '{', '}', (i: number) => `"key ${i}":${record(i)}`, '"key 12999"'],
    [
      'squad',
      '{"version":"2","data":[',
      ']}',
      (i: number) =>
        JSON.stringify({
          title: `Title ${i}`,
          paragraphs: [
            { context, qas: [{ id: `${i}`, question: `Who? ${i}`, answers: [], is_impossible: true }] },
          ],
        }),
      'data[12999].paragraphs[0].qas[0]',
    ],
  ] as const)('%s is read entry by entry', async (name, start, end, entry, place) => {
    const path = await largeFile(`${name}.json`, { start, entry, end })
    const table = await openTable(path)
    let last = null
    let rows = 0
    for await (const row of table.rows()) {
      rows++
      if (row.fault !== null || row.values['question'] !== `Who? ${rows - 1}`) throw new Error(row.where)
      last = row
    }
    expect(rows).toBe(count)
    expect(last).toMatchObject({ where: place, values: { context } })
    expect(table.columns).toContain(name === 'squad' ? 'answers' : 'meta.page')
    const { rows: estimated } = await inspect(path)
    expect(Math.abs((estimated ?? 0) - count)).toBeLessThan(count * 0.1)
  })

  test('a cancel ends the reading with its code', async () => {
    const path = await largeFile('cancelled.json', { start: '[', entry: record, end: ']' })
    const abort = new AbortController()
    const read = async () => {
      for await (const row of (await openTable(path)).rows({ signal: abort.signal }))
        if (row.where === '[5]') abort.abort()
    }
    await expect(read()).rejects.toMatchObject({ code: 'cancelled' })
  })
})
