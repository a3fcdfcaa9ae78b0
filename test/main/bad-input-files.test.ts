import { execFileSync } from 'node:child_process'
import { chmod, mkdir, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { errorValueOf } from '../../main/app.ts'
import type { ErrorValue } from '../../main/contract/errors.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { openCalledApp } from './bad-input-app.ts'
import { csv, goodRows } from './datasets/open-project.ts'

const gigabytes = 2 ** 31
const row = { context: 'The sky is blue.', question: 'What is blue?', answer: 'The sky' }
const good = JSON.stringify(row)

/** Bytes that look random, none of them 0. */
const garbage = Buffer.from(
  Array.from({ length: 300_000 }, (_, i) => (((i * 2_654_435_761) >>> 13) % 255) + 1),
)

async function opened() {
  const folder = await temporaryFolder()
  const { call } = await openCalledApp()
  const { id: projectId } = await call('projects.create', { name: 'Files' })
  const attempt = (work: Promise<unknown>): Promise<ErrorValue | null> =>
    work.then(
      () => null,
      (thrown: unknown) => errorValueOf(thrown),
    )
  const inspect = (path: string) => attempt(call('data.inspect', { file: { path } }))
  const request = (path: string) =>
    ({ projectId, file: { path }, name: null, mapping: null, use: 'auto' }) as const
  const take = (path: string) => attempt(call('data.import', request(path)))
  const kept = () => call('data.sources', { projectId })
  return { folder, call, inspect, request, take, kept, attempt }
}

/** Makes a file of 2 GB that begins with `head` and takes no room on the disk. */
async function sparse(path: string, head: string | Buffer): Promise<void> {
  await writeFile(path, head)
  await truncate(path, gigabytes)
}

describe('what is no file', () => {
  test.skipIf(process.platform === 'win32')('a folder, a pipe and a device are refused at once', async () => {
    const { folder, inspect, take, kept } = await opened()
    const paths = ['folder.csv', 'pipe.csv'].map((name) => join(folder, name))
    await mkdir(paths[0] ?? '')
    execFileSync('mkfifo', [paths[1] ?? ''])
    for (const path of [...paths, '/dev/zero'])
      for (const work of [inspect, take])
        expect(await work(path)).toMatchObject({
          code: 'file_invalid',
          message: expect.stringMatching(/is a folder, not a file\. Choose|Choose a file\.$/) as string,
        })
    expect(await kept()).toEqual([])
  })

  test.skipIf(process.platform === 'win32' || process.getuid?.() === 0)(
    'a file that may not be read',
    async () => {
      const { folder, inspect, take } = await opened()
      const path = join(folder, 'secret.csv')
      await writeFile(path, csv(goodRows(5)))
      await chmod(path, 0)
      for (const work of [inspect, take])
        expect(await work(path)).toMatchObject({
          code: 'file_missing',
          message: expect.stringContaining('permission denied') as string,
        })
    },
  )
})

describe('files that are too much', () => {
  test.each([
    ['sparse.csv', '', 'file_unreadable'],
    ['sparse.json', '', 'file_unreadable'],
    ['sparse.txt', '', 'file_unreadable'],
    ['sparse.md', '', 'file_unreadable'],
    // Streamed: what follows the records is no JSON.
    ['head.json', `[${`${good},`.repeat(1000)}`, 'file_unreadable'],
    ['head.txt', 'Words and words. '.repeat(5000), 'file_too_large'],
    ['head.csv', csv(goodRows(5000)), 'file_unreadable'],
    ['utf-16.txt', Buffer.from('fffe41004200', 'hex'), 'file_too_large'],
  ])('two gigabytes as %s', async (name, head, code) => {
    const { folder, inspect, take, kept } = await opened()
    const path = join(folder, name)
    await sparse(path, head)
    const [started, rss] = [performance.now(), process.memoryUsage.rss()]
    const inspected = await inspect(path)
    if (name !== 'head.csv') expect(inspected?.code).toBe(code)
    expect(await take(path)).toMatchObject({ code })
    expect(performance.now() - started).toBeLessThan(10_000)
    expect(process.memoryUsage.rss() - rss).toBeLessThan(300e6)
    expect(await kept()).toEqual([])
  })

  test.each([
    ['columns.csv', `${'a,'.repeat(100_000)}\n`.repeat(3), 'file_unreadable'],
    [
      'columns.json',
      JSON.stringify([Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`c${i}`, i]))]),
      'file_unreadable',
    ],
    [
      'columns.jsonl',
      JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`c${i}`, i]))),
      'file_unreadable',
    ],
    ['line.csv', `context,question,answer\n${'words '.repeat(3_000_000)}`, 'data_empty'],
    ['deep.json', `${'['.repeat(200_000)}${']'.repeat(200_000)}`, 'mapping_incomplete'],
    [
      'deep-cell.json',
      `[${good},{"context":"a","question":${'['.repeat(200_000)}${']'.repeat(200_000)}}]`,
      null,
    ],
    [
      'deep-cell.jsonl',
      `${good}\n{"context":"a","question":${'['.repeat(200_000)}${']'.repeat(200_000)}}`,
      null,
    ],
    ['open.json', '['.repeat(500_000), 'file_unreadable'],
    ['spaces.json', `${' '.repeat(65_000)}x`, 'file_unreadable'],
    ['many.json', `[${'1,'.repeat(2_100_000)}1]`, 'mapping_incomplete'],
    ['stars.md', '*'.repeat(3_000_000), null],
    ['quotes.md', '> '.repeat(3_000_000), 'data_empty'],
    ['word.txt', 'x'.repeat(3_000_000), null],
    ['angles.html', `<html>${'<a '.repeat(300_000)}`, 'data_empty'],
  ])('%s', async (name, content, code) => {
    const { folder, inspect, take } = await opened()
    const path = join(folder, name)
    await writeFile(path, content)
    const started = performance.now()
    const inspected = await inspect(path)
    expect(inspected?.code).not.toBe('internal')
    const taken = await take(path)
    if (name === 'quotes.md') expect(taken?.code).not.toBe('internal')
    else expect(taken?.code ?? null).toBe(code)
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})

test.each(['csv', 'tsv', 'json', 'jsonl', 'md', 'txt', 'html'])('garbage named .%s', async (ending) => {
  const { folder, inspect, take } = await opened()
  for (const [name, content] of [
    ['zeros', Buffer.concat([garbage.subarray(0, 9), Buffer.alloc(3), garbage])],
    ['none', garbage],
  ] as const) {
    const path = join(folder, `${name}.${ending}`)
    await writeFile(path, content)
    for (const found of [await inspect(path), await take(path)]) {
      expect(found?.code).not.toBe('internal')
      if (name === 'zeros') expect(found).toMatchObject({ code: 'file_unreadable' })
    }
  }
})

test('a file that vanishes while it is imported is refused as a whole, through the RPC too', async () => {
  const { folder, call, request, kept, attempt } = await opened()
  const path = join(folder, 'moving.csv')
  await writeFile(path, csv(goodRows(20_000)))
  let removing: Promise<void> | null = null
  const found = await attempt(
    call('data.import', request(path), {
      onEvent: () => {
        removing ??= rm(path)
      },
    }),
  )
  await removing
  expect(found).toMatchObject({
    code: 'file_missing',
    message: expect.stringMatching(/Nothing of it was taken; put it back/) as string,
  })
  expect(await kept()).toEqual([])
})
