import type { ParquetParsers, SchemaTree } from 'hyparquet'

const decoder = new TextDecoder()
const longestHex = 64

/** How typed values become JSON values: times as ISO texts, JSON columns as the texts that they are. */
export const parsers: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (millis) => isoTime(Number(millis)),
  timestampFromMicroseconds: (micros) => isoTime(Number(micros) / 1e3),
  timestampFromNanoseconds: (nanos) => isoTime(Number(nanos) / 1e6),
  dateFromDays: (days) => isoTime(days * 86_400_000)?.slice(0, 10) ?? null,
  jsonFromBytes: (bytes: Uint8Array | undefined) => bytes && decoder.decode(bytes),
}

function isoTime(milliseconds: number): string | null {
  const date = new Date(Math.trunc(milliseconds))
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/**
 * A value as JSON has it: whole numbers beyond 2^53 as texts, bytes in hexadecimal, NaN and infinities as nothing.
 * The depth is that of the schema, which is bounded.
 */
export function plainValue(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) ? value : null
    case 'bigint':
      return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
    case 'object':
      break
    default:
      return null
  }
  if (value === null) return null
  if (value instanceof Date) return isoTime(value.getTime())
  if (value instanceof Uint8Array) return Buffer.from(value.subarray(0, longestHex)).toString('hex')
  if (Array.isArray(value) || ArrayBuffer.isView(value))
    return Array.from(value as unknown as ArrayLike<unknown>, plainValue)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]))
}

/** Why a column cannot be read, or null. */
export function unreadable({ element, children }: SchemaTree): string | null {
  if (element.converted_type === 'BSON' || element.converted_type === 'INTERVAL')
    return element.converted_type
  if (element.logical_type?.type === 'VARIANT') return 'VARIANT'
  return children.map(unreadable).find((one) => one !== null) ?? null
}
