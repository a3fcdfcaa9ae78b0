import { isAscii } from 'node:buffer'
import { analyse } from 'chardet'

/** Bytes that a guess looks at: enough for its statistics, and soon done. */
const sampleBytes = 32 * 1024
// Fewer special characters than this say nothing about a language; Western text has few of them.
const leastForOthers = 8
const leastConfidence = 25
const leastMargin = 8

/** UTF-16 and ISO-2022-JP, which have bytes that no other text has; null for everything else. */
export function surfaceCharset(head: Buffer): 'utf-16le' | 'utf-16be' | 'iso-2022-jp' | null {
  const mark = head.toString('latin1', 0, 2)
  if (mark === '\xff\xfe') return 'utf-16le'
  if (mark === '\xfe\xff') return 'utf-16be'
  if (head.includes(0)) return utf16Shape(head)
  // Shifts to and from JIS X 0208; a terminal's colours begin otherwise.
  const isJapanese = isAscii(head) && /\x1b\$[@B][^]*\x1b\([BJ]/.test(head.toString('latin1'))
  return isJapanese ? 'iso-2022-jp' : null
}

/** UTF-32, which TextDecoder does not know. */
export function isUtf32(head: Buffer): boolean {
  const mark = head.toString('latin1', 0, 4)
  return mark === '\xff\xfe\x00\x00' || mark === '\x00\x00\xfe\xff'
}

/**
 * The charset of bytes that are no UTF-8, as a label of the Encoding Standard: what the text itself declares (HTML,
 * XML), else by the frequencies of bytes and letter groups, as ICU does it. Short Western text, which they say
 * little about, is Windows-1252.
 */
export function guessCharset(bytes: Buffer): string {
  const declared = declaredCharset(bytes)
  if (declared) return declared
  const sample = specialSample(bytes)
  const specials = sample.reduce((count, byte) => count + (byte > 0x7f ? 1 : 0), 0)
  if (specials < leastForOthers) return 'windows-1252'
  const [first, ...others] = analyse(sample)
  if (!first || first.confidence < leastConfidence) return 'windows-1252'
  const label = labelOf(first.name)
  const western = others.find(({ name }) => labelOf(name) === 'windows-1252')
  const isClear = first.confidence - (western?.confidence ?? 0) >= leastMargin
  return label !== null && isClear && decodes(sample, label) ? label : 'windows-1252'
}

/** A charset as a person knows it. */
export function charsetName(label: string): string {
  return names[label] ?? label.replace('windows', 'Windows').replace('iso', 'ISO')
}

const names: Readonly<Record<string, string>> = {
  shift_jis: 'Shift_JIS',
  gb18030: 'GB18030',
  big5: 'Big5',
  'euc-jp': 'EUC-JP',
  'euc-kr': 'EUC-KR',
  'koi8-r': 'KOI8-R',
  'utf-16le': 'UTF-16',
  'utf-16be': 'UTF-16',
}

function labelOf(name: string): string | null {
  try {
    const { encoding } = new TextDecoder(name)
    return /^(?:utf|x-|replacement)/.test(encoding) ? null : encoding
  } catch {
    return null
  }
}

function declaredCharset(bytes: Buffer): string | null {
  const text = bytes.toString('latin1', 0, 4096)
  const declared =
    /^\s*<\?xml[^>]{1,200}?encoding=["']([\w-]{2,20})/.exec(text) ??
    /<meta\b[^>]{1,200}?charset\s*=\s*["']?([\w-]{2,20})/i.exec(text)
  return declared?.[1] === undefined ? null : labelOf(declared[1])
}

/** Lines with special characters, so that a long English text around a few of them does not drown them. */
function specialSample(bytes: Buffer): Buffer {
  if (bytes.length <= sampleBytes) return bytes
  const first = bytes.findIndex((byte) => byte > 0x7f)
  const lineStart = bytes.lastIndexOf(0x0a, first) + 1
  const start = Math.max(lineStart, first - 1000)
  return bytes.subarray(start, start + sampleBytes)
}

/** True where at most the cut end does not decode. */
function decodes(sample: Buffer, label: string): boolean {
  const text = new TextDecoder(label).decode(sample, { stream: true })
  const damaged = text.split('\ufffd').length - 1
  return damaged * 200 <= text.length
}

/** True for UTF-8 whose last character may be cut. */
function isUtf8(head: Buffer): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/**
 * UTF-16 without a byte order mark: in Latin text every other byte is zero; in other scripts at least the zeros
 * (of spaces and line ends) all stand on one side, and all that is decoded is text.
 */
function utf16Shape(head: Buffer): 'utf-16le' | 'utf-16be' | null {
  if (head.length < 4) return null
  const zeros = [0, 0]
  for (const [i, byte] of head.entries()) if (byte === 0) zeros[i % 2] = (zeros[i % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  const label = odd >= even ? 'utf-16le' : 'utf-16be'
  const [most, least] = [Math.max(even, odd), Math.min(even, odd)]
  if (least * 20 > most) return null
  // A stray zero byte makes no UTF-16 of text that is UTF-8 by all its other bytes.
  if (most * 4 < head.length && isUtf8(head)) return null
  const text = new TextDecoder(label).decode(head.subarray(0, head.length - (head.length % 2)), {
    stream: true,
  })
  const odds = text.match(/[^\p{L}\p{M}\p{N}\p{P}\p{S}\p{Z}\t\n\r]/gu)?.length ?? 0
  return odds * 50 <= text.length ? label : null
}
