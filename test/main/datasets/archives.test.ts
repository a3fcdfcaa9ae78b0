import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { deflateRawSync } from 'node:zlib'
import { expect, onTestFinished, test } from 'vitest'
import { openZip } from '../../../main/datasets/archives/zip.ts'
import { temporaryFolder } from '../../support/temporary-folder.ts'
import { zipOf } from '../../support/zip-writer.ts'
import type { ZipFile } from '../../support/zip-writer.ts'

const most = 10_000_000

async function openBytes(bytes: Buffer) {
  const path = join(await temporaryFolder(), 'pack.zip')
  await writeFile(path, bytes)
  const zip = await openZip(path)
  onTestFinished(() => zip.close())
  return zip
}

const openFiles = (...files: readonly ZipFile[]) => openBytes(zipOf(files))

async function readAll(zip: Awaited<ReturnType<typeof openZip>>) {
  const read = zip.entries.map(
    async (entry) => [entry.name, (await zip.read(entry, most)).toString()] as const,
  )
  return Object.fromEntries(await Promise.all(read))
}

/** The bytes of the first entry, or the code and sentence of why there are none. */
async function readFirst(zip: Awaited<ReturnType<typeof openZip>>): Promise<string> {
  const [entry] = zip.entries
  if (!entry) throw new Error('The archive is empty.')
  return zip.read(entry, most).then(
    (bytes) => bytes.toString(),
    (thrown: { code?: string; message: string }) => `${thrown.code}: ${thrown.message}`,
  )
}

const text = 'question,answer\n'.repeat(500)

test('takes of two names that are one in normal form the first, and refuses one of 64 kB', async () => {
  const zip = await openFiles(
    { name: '\u00c9.txt', data: 'one' },
    { name: 'E\u0301.txt', data: 'two' },
    { name: 'e\u0301.txt', data: 'three' },
    { name: 'x'.repeat(65_535), data: 'x' },
    { name: `${'../'.repeat(21_844)}etc`, data: 'x' },
    { name: '\u202ecod.exe', data: 'x' },
  )
  expect(await readAll(zip)).toEqual({ '\u00c9.txt': 'one', '\u00e9.txt': 'three', '\u202ecod.exe': 'x' })
  expect(zip.refused.map(({ name }) => name.length)).toEqual([5, 81, 81])
})

test('an entry whose bytes lie behind the list is read as the list says, or not at all', async () => {
  const hidden = zipOf([{ name: 'a', data: text }])
  const local = hidden.subarray(0, hidden.length - 22 - 47)
  const plain = zipOf([{ name: 'a', data: text }])
  // The comment of the archive holds an entry of its own, and the list leads there.
  const whole = zipOf([{ name: 'a', data: text, offset: plain.length }], {
    comment: local.toString('latin1'),
  })
  const end = whole.subarray(0, plain.length)
  end.writeUInt16LE(local.length, plain.length - 2)
  expect(await readAll(await openBytes(Buffer.concat([end, local])))).toEqual({ a: text })
  expect(await readFirst(await openBytes(Buffer.concat([end, Buffer.alloc(local.length)])))).toMatch(
    /^file_unreadable: /,
  )
})

test.each<[string, Partial<ZipFile>]>([
  ['deflated', {}],
  ['stored', { method: 'stored' }],
  ['with a data descriptor', { hasDataDescriptor: true }],
  ['in 64 bits', { isZip64: true }],
  [
    'stored, in 64 bits, with a data descriptor',
    { method: 'stored', isZip64: true, hasDataDescriptor: true },
  ],
])('reads an entry that is %s', async (_, more) => {
  const zip = await openFiles({ name: 'a/b.csv', data: text, ...more }, { name: 'empty.txt', ...more })
  expect(await readAll(zip)).toEqual({ 'a/b.csv': text, 'empty.txt': '' })
  expect(await readAll(zip)).toEqual({ 'a/b.csv': text, 'empty.txt': '' })
})

test('reads entries at the same time, and an archive with a comment', async () => {
  const files = Array.from({ length: 30 }, (_, i) => ({ name: `${i}.txt`, data: `${i} ${text}` }))
  const zip = await openBytes(zipOf(files, { comment: 'made by hand' }))
  expect(await readAll(zip)).toEqual(Object.fromEntries(files.map(({ name, data }) => [name, data])))
})

test('reads names in UTF-8, said or not, in code page 437, and with backslashes', async () => {
  const zip = await openFiles(
    { name: 'Größe.txt' },
    { name: Buffer.from('Übung.txt') },
    { name: Buffer.from([0x81, 0x62, 0x65, 0x72]) },
    { name: 'folder\\inner\\file.txt' },
    { name: './a//b.txt' },
    { name: 'CON.txt' },
  )
  expect(zip.entries.map(({ name }) => name)).toEqual([
    'Größe.txt',
    'Übung.txt',
    'über',
    'folder/inner/file.txt',
    'a/b.txt',
    'CON.txt',
  ])
})

test('refuses names that lead out of the archive, links, devices and doubles, and keeps the rest', async () => {
  const zip = await openFiles(
    { name: '../../etc/passwd', data: 'x' },
    { name: 'a/../../b', data: 'x' },
    { name: '..\\b', data: 'x' },
    { name: '/etc/passwd', data: 'x' },
    { name: '\\\\server\\share', data: 'x' },
    { name: 'C:\\autoexec.bat', data: 'x' },
    { name: 'c:relative', data: 'x' },
    { name: 'nul\0.txt', data: 'x' },
    { name: 'bell\x07.txt', data: 'x' },
    { name: 'x'.repeat(5000), data: 'x' },
    { name: 'link', data: '/etc/passwd', mode: 0o120777 },
    { name: 'device', data: '', mode: 0o020666 },
    { name: 'folder/', data: '' },
    { name: 'good.txt', data: 'one' },
    { name: 'good.txt', data: 'two' },
  )
  expect(await readAll(zip)).toEqual({ 'good.txt': 'one' })
  expect(zip.refused).toHaveLength(13)
  expect(new Set(zip.refused.map(({ reason }) => reason))).toEqual(
    new Set([
      'Its path leads out of the archive.',
      'Its path leads out of the archive: it begins at the root of a disk.',
      'Its name holds control characters.',
      'Its name is longer than any system takes.',
      'It is a link to another file, which is not followed.',
      'It is no file but a folder, a device or a pipe.',
      'The archive holds another file of the same name; that one was taken.',
    ]),
  )
  expect(zip.refused.some(({ name }) => /[\0-\x1f]/.test(name) || name.length > 200)).toBe(false)
})

test.each<[string, ZipFile, RegExp]>([
  ['a wrong checksum', { name: 'a', data: text, crc: 1 }, /^file_unreadable: .*checksum/],
  [
    'a wrong checksum, stored',
    { name: 'a', data: 'x', method: 'stored', crc: 1 },
    /^file_unreadable: .*checksum/,
  ],
  ['a size that is too small', { name: 'a', data: text, size: 3 }, /^file_unreadable: .*more than/],
  ['a size that is too large', { name: 'a', data: text, size: 9000 }, /^file_unreadable: .*less than/],
  ['a size beyond all', { name: 'a', data: text, size: 0x7fff_ffff }, /^file_too_large: /],
  ['a size of exabytes', { name: 'a', data: text, isZip64: true, size: 2 ** 62 }, /^file_too_large: /],
  ['too large a ratio', { name: 'a', data: text, size: 9_000_000 }, /^file_too_large: /],
  ['a password', { name: 'a', data: text, flags: 1 }, /^file_unreadable: .*password/],
  ['another method', { name: 'a', data: text, methodNumber: 14 }, /^file_unreadable: .*LZMA/],
  ['an unknown method', { name: 'a', data: text, methodNumber: 77 }, /^file_unreadable: .*number 77/],
  ['a place that is none', { name: 'a', data: text, offset: 1 }, /^file_unreadable: /],
  ['a place behind the end', { name: 'a', data: text, offset: 0x7fff_0000 }, /^file_unreadable: /],
  ['a place beyond all', { name: 'a', data: text, isZip64: true, offset: 2 ** 63 }, /^file_unreadable: /],
  ['more bytes than there are', { name: 'a', data: text, compressedSize: 100_000 }, /^file_unreadable: /],
  [
    'bytes that are not deflated',
    { name: 'a', data: text, method: 'stored', methodNumber: 8 },
    /^file_unreadable: /,
  ],
])('says what is wrong with an entry that has %s', async (_, file, expected) => {
  expect(await readFirst(await openFiles(file))).toMatch(expected)
})

test('reads no more than is asked for', async () => {
  const zip = await openFiles({ name: 'a', data: text })
  const [entry] = zip.entries
  if (!entry) throw new Error('The archive is empty.')
  await expect(zip.read(entry, 100)).rejects.toMatchObject({ code: 'file_too_large' })
})

test('closes while an entry is being read', async () => {
  const zip = await openFiles({ name: 'a', data: Buffer.alloc(1_000_000), method: 'stored' })
  const [entry] = zip.entries
  if (!entry) throw new Error('The archive is empty.')
  const stream = await zip.stream(entry, most)
  const ended = expect(finished(stream)).rejects.toThrow()
  await zip.close()
  await ended
})

test('refuses entries that share their bytes', async () => {
  const kernel = Buffer.alloc(1_000_000)
  const same = await codeOf(
    zipOf([
      { name: 'a', data: kernel },
      { name: 'b', data: kernel, offset: 0 },
    ]),
  )
  expect(same).toBe('file_unreadable')
  expect(await codeOf(quotedOverlap(50))).toBe('file_unreadable')
})

test.each<[string, Buffer]>([
  ['is empty', Buffer.alloc(0)],
  ['is text', Buffer.from('PK\x03\x04 is how an archive begins')],
  ['is cut off', zipOf([{ name: 'a', data: text }]).subarray(0, -30)],
  ['has no beginning', zipOf([{ name: 'a', data: text }]).subarray(40)],
  ['counts more entries than it has', zipOf([{ name: 'a' }], { entryCount: 5 })],
  ['has a list beyond all', zip64ListAt(2n ** 63n)],
  ['has a stored entry of two sizes', zipOf([{ name: 'a', data: 'x', method: 'stored', size: 7 }])],
])('refuses an archive that %s', async (_, bytes) => {
  expect(await codeOf(bytes)).toBe('file_unreadable')
})

test('refuses an archive of too many entries, and one that is not there', async () => {
  expect(await codeOf(zipOf([{ name: 'a' }], { entryCount: 60_000 }))).toBe('file_too_large')
  await expect(openZip('/nowhere/pack.zip')).rejects.toMatchObject({ code: 'file_missing' })
})

async function codeOf(bytes: Buffer): Promise<unknown> {
  return openBytes(bytes).then(
    () => null,
    (thrown: { code?: string }) => thrown.code,
  )
}

/** Fifield's quoted overlap: each entry quotes the next one's header and goes on with its data. */
function quotedOverlap(count: number): Buffer {
  const data = Buffer.alloc(100_000)
  const kernel = zipOf([{ name: 'kernel', data }])
  const packed = deflateRawSync(data)
  const headerBytes = 30 + 'kernel'.length
  const local = kernel.subarray(0, headerBytes + packed.length)
  const quotes = Array.from({ length: count }, (_, i) =>
    zipOf([{ name: `${i}`.padStart(6, '0'), data, compressedSize: packed.length }]).subarray(0, headerBytes),
  )
  const block = Buffer.from([0, headerBytes, 0, ~headerBytes & 0xff, 0xff])
  const body = Buffer.concat([...quotes.flatMap((quote) => [quote, block]), local])
  const list = quotes.map((_, i) => {
    const offset = i * (headerBytes + block.length)
    const compressedSize = body.length - offset - headerBytes
    const name = `${i}`.padStart(6, '0')
    const whole = zipOf([
      { name, data, compressedSize, size: data.length + (count - i) * headerBytes, offset },
    ])
    return whole.subarray(headerBytes + packed.length, -22)
  })
  const directory = Buffer.concat(list)
  const end = Buffer.from(kernel.subarray(-22))
  end.writeUInt16LE(count, 8)
  end.writeUInt16LE(count, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(body.length, 16)
  return Buffer.concat([body, directory, end])
}

/** An archive in 64 bits whose list lies at a place beyond what a number holds. */
function zip64ListAt(place: bigint): Buffer {
  const bytes = zipOf([{ name: 'a', data: 'x', isZip64: true }])
  const record = bytes.length - 22 - 20 - 56
  bytes.writeBigUInt64LE(place, record + 48)
  return bytes
}
