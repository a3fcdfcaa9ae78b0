import { existsSync } from 'node:fs'
import { mkdir, readFile, readdir, symlink, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import type { FileRef } from '../../../main/contract/imports.ts'
import { expandHandlers } from '../../../main/datasets/archives/expand.ts'
import { fileNameOf, keepFile, sweepKeptFiles } from '../../../main/datasets/archives/kept-files.ts'
import { unpack, unpackBudget } from '../../../main/datasets/archives/unpack.ts'
import { resolveUpload } from '../../../main/store/uploads.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { zipOf } from '../../support/zip-writer.ts'
import type { ZipFile } from '../../support/zip-writer.ts'

const csv = 'context,question,answer\nRome lies on the Tiber.,Where does Rome lie?,on the Tiber\n'
const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')

async function openHome() {
  const folder = await temporaryFolder()
  const uploads = join(folder, 'uploads')
  const handlers = expandHandlers({ uploads, resolveUpload: (id) => resolveUpload(folder, id) })
  const write = async (name: string, content: string | Buffer) => {
    const path = join(folder, 'files', name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    return path
  }
  const expand = (
    file: FileRef,
    signal = new AbortController().signal,
    emit: (event: unknown) => void = () => undefined,
  ) => handlers['data.expand']({ file }, { emit, signal })
  const kept = () => readdir(uploads).catch(() => [])
  const textOf = async (file: FileRef) =>
    readFile('path' in file ? file.path : (await resolveUpload(folder, file.upload)).path, 'utf8')
  const expandZip = async (files: readonly ZipFile[]) =>
    expand({ path: await write('pack.zip', zipOf(files)) })
  return { folder, uploads, write, expand, kept, textOf, expandZip }
}

const namesOf = (list: readonly { readonly name: string }[]) => list.map(({ name }) => name)
const skippedOf = (list: readonly { readonly kind: string; readonly where: string }[]) =>
  list.map(({ kind, where }) => `${kind} · ${where}`).sort()

test('a file that is neither folder nor archive is its own only one', async () => {
  const { write, expand } = await openHome()
  const path = await write('faq.csv', csv)
  expect(await expand({ path })).toEqual({
    name: 'faq.csv',
    files: [{ file: { path }, name: 'faq.csv', bytes: csv.length }],
    skipped: [],
  })
  await expect(expand({ path: `${path}.gone` })).rejects.toMatchObject({ code: 'file_missing' })
  await expect(expand({ upload: 'gone' })).rejects.toMatchObject({ code: 'upload_missing' })
})

test('a folder gives its files in natural order, without what is hidden, linked or not read', async () => {
  const { folder, write, expand, kept, textOf } = await openHome()
  for (const name of ['guide/page 10.md', 'guide/page 2.md', 'guide/a/deep.md', 'guide/faq.csv'])
    await write(name, name.endsWith('.csv') ? csv : `# ${name}\n\nSome text that can be read.`)
  for (const name of ['.git/config', '.hidden.md', 'node_modules/x/readme.md', '__MACOSX/._a', 'a/.DS_Store'])
    await write(`guide/${name}`, 'not wanted')
  await write('guide/picture.png', png)
  await write('guide/empty.txt', '')
  await write('outside/secret.txt', 'A secret that nobody chose.')
  await write('guide/more.zip', zipOf([{ name: 'in/b.txt', data: 'Text in an archive.' }]))
  await symlink(join(folder, 'files/outside'), join(folder, 'files/guide/link'))
  await symlink(join(folder, 'files/outside/secret.txt'), join(folder, 'files/guide/secret.txt'))
  await symlink('..', join(folder, 'files/guide/a/round'))
  const events: unknown[] = []
  const signal = new AbortController().signal

  const found = await expand({ path: `${join(folder, 'files/guide')}/` }, signal, (event) =>
    events.push(event),
  )

  expect(found.name).toBe('guide')
  expect(namesOf(found.files)).toEqual([
    'a/deep.md',
    'faq.csv',
    'more.zip/in/b.txt',
    'page 2.md',
    'page 10.md',
  ])
  const texts = await Promise.all(found.files.map(({ file }) => textOf(file)))
  expect(texts[2]).toBe('Text in an archive.')
  expect(skippedOf(found.skipped)).toEqual([
    'file_hidden · .git',
    'file_hidden · .hidden.md',
    'file_hidden · __MACOSX',
    'file_hidden · a/.DS_Store',
    'file_hidden · node_modules',
    'file_link · a/round',
    'file_link · link',
    'file_link · secret.txt',
    'file_unreadable · empty.txt',
    'file_unreadable · picture.png',
  ])
  expect(events.at(-1)).toEqual({ done: 7, total: 7 })
  expect(await kept()).toHaveLength(1)
})

test('a folder of too many files is refused, one that is too deep is passed over', async () => {
  const { folder, write, expand } = await openHome()
  await write(`deep/${'x/'.repeat(40)}a.txt`, 'Far below.')
  await write('deep/b.txt', 'Near.')
  const deep = await expand({ path: join(folder, 'files/deep') })
  expect(namesOf(deep.files)).toEqual(['b.txt'])
  expect(deep.skipped).toMatchObject([{ kind: 'file_refused', where: 'x/'.repeat(32).slice(0, -1) }])
  for (let i = 0; i < 10_001; i += 500)
    await Promise.all(
      Array.from({ length: Math.min(500, 10_001 - i) }, (_, k) => write(`many/${i + k}`, 'x')),
    )
  await expect(expand({ path: join(folder, 'files/many') })).rejects.toMatchObject({ code: 'file_too_large' })
})

test('an archive gives its files, by their names in it', async () => {
  const { expandZip, textOf, kept } = await openHome()
  const found = await expandZip([
    { name: 'b/page 10.md', data: '# Ten' },
    { name: 'b/page 9.md', data: '# Nine' },
    { name: 'faq.csv', data: csv },
    { name: 'b/', data: '' },
    { name: 'picture.png', data: png },
    { name: '__MACOSX/._faq.csv', data: 'x' },
    { name: '__MACOSX/._page.md', data: 'x' },
    { name: '../../out.csv', data: csv },
    { name: 'locked.csv', data: csv, flags: 1 },
    { name: 'broken.csv', data: csv, crc: 7 },
    { name: 'NUL.csv', data: csv },
  ])
  expect(found.name).toBe('pack.zip')
  expect(namesOf(found.files)).toEqual(['b/page 9.md', 'b/page 10.md', 'faq.csv', 'NUL.csv'])
  expect(found.files.map(({ bytes }) => bytes)).toEqual([6, 5, csv.length, csv.length])
  expect(await Promise.all(found.files.map(({ file }) => textOf(file)))).toEqual([
    '# Nine',
    '# Ten',
    csv,
    csv,
  ])
  expect(skippedOf(found.skipped)).toEqual([
    'file_hidden · __MACOSX',
    'file_refused · ../../out.csv',
    'file_unreadable · broken.csv',
    'file_unreadable · locked.csv',
    'file_unreadable · picture.png',
  ])
  expect(await kept()).toHaveLength(4)
})

test('an archive in an archive is unpacked, one within that is not', async () => {
  const { expandZip, textOf, kept } = await openHome()
  const innermost = zipOf([{ name: 'c.txt', data: 'Three deep.' }])
  const inner = zipOf([
    { name: 'b.txt', data: 'Two deep.' },
    { name: 'c.zip', data: innermost },
  ])
  const found = await expandZip([
    { name: 'a.txt', data: 'One deep.' },
    { name: 'x/b.zip', data: inner },
  ])
  expect(namesOf(found.files)).toEqual(['a.txt', 'x/b.zip/b.txt'])
  expect(await Promise.all(found.files.map(({ file }) => textOf(file)))).toEqual(['One deep.', 'Two deep.'])
  expect(skippedOf(found.skipped)).toEqual(['archive_nested · x/b.zip/c.zip'])
  expect(await kept()).toHaveLength(2)
})

test('an archive that unpacks to too much is refused before anything is written', async () => {
  const { expandZip, kept } = await openHome()
  const bomb = Array.from({ length: 3 }, (_, i) => ({
    name: `${i}.txt`,
    data: Buffer.alloc(45_000_000, 'a'),
  }))
  await expect(expandZip(bomb)).rejects.toMatchObject({ code: 'file_too_large' })
  const inner = zipOf(bomb)
  const nested = await expandZip([
    { name: 'a.txt', data: 'Text.' },
    { name: 'bomb.zip', data: inner, method: 'stored' },
  ])
  expect(namesOf(nested.files)).toEqual(['a.txt'])
  expect(skippedOf(nested.skipped)).toEqual(['file_too_large · bomb.zip'])
  expect(await kept()).toHaveLength(1)
})

test('files that differ in case alone, or are named as what every object has, are all taken', async () => {
  const { expandZip, textOf, write, expand, folder } = await openHome()
  const names = ['A.md', 'a.md', 'constructor', '__proto__', 'toString', 'valueOf/hasOwnProperty.md']
  const data = (name: string) => `# ${name}\n\nSome text that can be read.`
  const packed = await expandZip(names.map((name) => ({ name, data: data(name) })))
  expect(packed.skipped).toEqual([])
  expect(namesOf(packed.files).sort()).toEqual(names.toSorted())
  for (const { file, name } of packed.files) expect(await textOf(file)).toBe(data(name))
  for (const name of names.slice(2)) await write(`odd/${name}`, data(name))
  const odd = await expand({ path: join(folder, 'files/odd') })
  expect(namesOf(odd.files).sort()).toEqual(names.slice(2).toSorted())
})

test('of archives in an archive no more files are taken than of one', async () => {
  const { uploads, write, kept } = await openHome()
  expect(unpackBudget(1_000_000_000).files).toBe(20_000)
  const inner = zipOf(Array.from({ length: 4 }, (_, i) => ({ name: `${i}.txt`, data: `Text ${i}.` })))
  const path = await write(
    'many.zip',
    zipOf(['a', 'b', 'c'].map((name) => ({ name: `${name}.zip`, data: inner }))),
  )
  const unpacking = {
    uploads,
    signal: new AbortController().signal,
    progress: () => undefined,
    freeBytes: () => Promise.resolve(1e12),
  }
  const found = await unpack(path, { ...unpacking, budget: { left: 1e6, files: 11 } })
  expect(found.files).toHaveLength(8)
  expect(skippedOf(found.skipped)).toEqual(['file_too_large · c.zip'])
  expect(await kept()).toHaveLength(8)
  const few = unpack(path, { ...unpacking, budget: { left: 1e6, files: 2 } })
  await expect(few).rejects.toMatchObject({ code: 'file_too_large' })
  expect(await kept()).toHaveLength(8)
})

test('an archive that lies about its sizes leaves nothing behind', async () => {
  const { expandZip, kept } = await openHome()
  const found = await expandZip([{ name: 'a.txt', data: Buffer.alloc(50_000_000, 'a'), size: 100 }])
  expect(skippedOf(found.skipped)).toEqual(['file_unreadable · a.txt'])
  expect(await kept()).toEqual([])
})

test('a cancelled expansion keeps nothing', async () => {
  const { expand, write, kept, folder } = await openHome()
  const files = Array.from({ length: 200 }, (_, i) => ({ name: `${i}.csv`, data: csv.repeat(500) }))
  await write('many/a.zip', zipOf(files))
  await write('many/b.zip', zipOf(files))
  for (const path of [join(folder, 'files/many/a.zip'), join(folder, 'files/many')]) {
    const controller = new AbortController()
    const running = expand({ path }, controller.signal)
    while ((await kept()).length < 20) await new Promise((resolve) => setTimeout(resolve, 1))
    controller.abort()
    await expect(running).rejects.toMatchObject({ code: 'cancelled' })
    expect(await kept()).toEqual([])
  }
})

test('a full disk is said before unpacking', async () => {
  const { write, uploads, kept } = await openHome()
  const path = await write('pack.zip', zipOf([{ name: 'a.txt', data: 'Text.' }]))
  const free = { freeBytes: () => Promise.resolve(200 * 1024 ** 2 + 4) }
  const handlers = expandHandlers({ uploads, resolveUpload: (id) => resolveUpload('', id), ...free })
  const context = { emit: () => undefined, signal: new AbortController().signal }
  for (const one of [path, dirname(path)])
    await expect(handlers['data.expand']({ file: { path: one } }, context)).rejects.toMatchObject({
      code: 'disk_full',
    })
  expect(await kept()).toEqual([])
})

test('an entry that is too large by itself is passed over', async () => {
  const { expandZip } = await openHome()
  const found = await expandZip([{ name: 'a.txt', isZip64: true, size: 2 ** 50, data: 'x' }])
  expect(found).toMatchObject({ files: [], skipped: [{ kind: 'file_too_large', where: 'a.txt' }] })
})

test('what was unpacked and never imported is swept, what was uploaded is not', async () => {
  const { uploads, expandZip, kept } = await openHome()
  await expandZip([{ name: 'a.txt', data: 'Text.' }])
  await mkdir(join(uploads, 'AAAA'))
  const [old] = (await kept()).filter((name) => name !== 'AAAA')
  await utimes(join(uploads, old ?? ''), 0, 0)
  await expandZip([{ name: 'b.txt', data: 'Text.' }])
  expect(existsSync(join(uploads, old ?? ''))).toBe(false)
  expect(await kept()).toHaveLength(2)
  await sweepKeptFiles(uploads)
  expect(await kept()).toEqual(['AAAA'])
})

test('a kept file has a name that every system takes, and is found by its id', async () => {
  const { folder, uploads } = await openHome()
  const file = await keepFile(uploads, 'a/b:c?.csv')
  await writeFile(file.path, csv)
  expect(await resolveUpload(folder, file.upload)).toEqual({ path: file.path, name: 'b_c_.csv' })
  await file.remove()
  expect(await readdir(uploads)).toEqual([])
  expect(
    ['CON.txt', '..', 'a\0b.md', '.hidden', `${'ä'.repeat(300)}.json`, '', 'nul'].map(fileNameOf),
  ).toEqual(['_CON.txt', 'file', 'a_b.md', 'hidden', `${'ä'.repeat(60)}.json`, 'file', '_nul'])
  expect(['com¹.csv', 'LPT3 .md', '\u202egnp.exe\u2066', '\ud800'].map(fileNameOf)).toEqual([
    ...['_com¹.csv', '_LPT3 .md', '_gnp.exe_', 'file'],
  ])
})

// An import case that is an archive says in `expanded.json` what becomes of it; see import-cases.test.ts.
const samples = join(import.meta.dirname, '../../samples/import')
const archives = (await readdir(samples)).filter((name) => existsSync(join(samples, name, 'expanded.json')))

test.each(archives)('import case %s expands as it should', async (name) => {
  const { expand, textOf } = await openHome()
  const outcome = await expand({ path: join(samples, name, 'input.zip') }).then(
    async (found) => ({
      files: await Promise.all(
        found.files.map(async ({ file, name: inner }) => ({ name: inner, text: await textOf(file) })),
      ),
      skipped: found.skipped.map(({ kind, where, message }) => `${kind} · ${where} · ${message}`),
    }),
    ({ code, message }: { code: string; message: string }) => ({ code, message }),
  )
  const path = join(samples, name, 'expanded.json')
  if (process.env['UPDATE_SAMPLES'] === '1') await writeFile(path, `${JSON.stringify(outcome, null, 2)}\n`)
  expect(outcome).toEqual(JSON.parse(await readFile(path, 'utf8')))
})
