import { isUtf8 } from 'node:buffer'
import yauzl from 'yauzl'
import type { Entry } from 'yauzl'

/** Longer names are no names. */
const longestName = 1000

/** The name of an archive's entry with `/` between its folders, or why it is refused. */
export type EntryName =
  { readonly name: string; readonly refusal: null } | { readonly name: string; readonly refusal: string }

/**
 * Reads an entry's name: UTF-8 where the archive says so or the bytes are such, else code page 437, as the format's
 * specification has it. Backslashes part folders too, as some programs for Windows write them.
 */
export function entryName(entry: Entry): EntryName {
  const saysUtf8 = (entry.generalPurposeBitFlag & 0x800) !== 0
  const flags = saysUtf8 || isUtf8(entry.fileNameRaw) ? 0x800 : 0
  const given = yauzl.getFileNameLowLevel(flags, entry.fileNameRaw, entry.extraFields, false).toWellFormed()
  const name = readableName(given)
  if (given.length > longestName)
    return { name: `${name.slice(0, 80)}…`, refusal: 'Its name is longer than any system takes.' }
  if (/[\0-\x1f\x7f]/.test(given)) return { name, refusal: 'Its name holds control characters.' }
  if (/^(?:\/|[a-z]:)/i.test(given))
    return { name, refusal: 'Its path leads out of the archive: it begins at the root of a disk.' }
  const parts = given.split('/')
  if (parts.includes('..')) return { name, refusal: 'Its path leads out of the archive.' }
  const plain = parts.filter((part) => part !== '' && part !== '.').join('/')
  if (plain === '') return { name, refusal: 'It has no name.' }
  return { name: plain.normalize('NFC'), refusal: null }
}

/** A name as it may be shown: control characters and those that turn the direction of writing are made visible. */
export function readableName(name: string): string {
  return name.replaceAll(/[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '\ufffd')
}

const kindOfFile = 0o170000
const regular = 0o100000
const link = 0o120000
/** Systems whose file modes stand in an entry's attributes: Unix and macOS. */
const withModes = new Set([3, 19])

/** Why an entry is no plain file, or null where it is one. */
export function entryKindRefusal(entry: Entry): string | null {
  if (!withModes.has(entry.versionMadeBy >>> 8)) return null
  const kind = (entry.externalFileAttributes >>> 16) & kindOfFile
  if (kind === link) return 'It is a link to another file, which is not followed.'
  return kind === 0 || kind === regular ? null : 'It is no file but a folder, a device or a pipe.'
}
