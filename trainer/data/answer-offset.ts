import type { CodePointIndex } from './code-points.ts'

/** What an offset may count: code points (SQuAD, Python), UTF-16 units (JavaScript, Java) or UTF-8 bytes (Go, Rust). */
export const offsetUnits = ['code points', 'UTF-16 units', 'bytes'] as const
export type OffsetUnit = (typeof offsetUnits)[number]

/** Which unit a file's offsets count, learnt from the rows in which only one of them fits. */
export interface OffsetReader {
  /**
   * The UTF-16 offset at which `text` stands exactly, by the unit that the file was seen to use; null where no
   * reading leads to it.
   */
  read(
    text: string,
    start: number,
    context: OffsetContext,
  ): { readonly at: number; readonly unit: OffsetUnit } | null
}

export interface OffsetContext {
  readonly text: string
  readonly isAscii: boolean
  readonly index: CodePointIndex
}

// From so many rows on the file's unit is known: others are looked at only where it does not fit.
const enough = 50

export function createOffsetReader(): OffsetReader {
  const seen: Record<OffsetUnit, number> = { 'code points': 0, 'UTF-16 units': 0, bytes: 0 }
  const usual = (): OffsetUnit =>
    offsetUnits.reduce((best, unit) => (seen[unit] > seen[best] ? unit : best), 'code points')

  return {
    read(text, start, context) {
      if (!Number.isInteger(start) || start < 0) return null
      const fits = (unit: OffsetUnit): number | null => {
        const at = toUtf16(start, unit, context)
        return at !== null && at < context.text.length && context.text.startsWith(text, at) ? at : null
      }
      if (context.isAscii) {
        const at = fits('code points')
        return at === null ? null : { at, unit: 'code points' }
      }
      const likely = usual()
      const likelyAt = seen[likely] >= enough ? fits(likely) : null
      if (likelyAt !== null) return { at: likelyAt, unit: likely }

      const readings = offsetUnits.flatMap((unit) => {
        const at = fits(unit)
        return at === null ? [] : [{ at, unit }]
      })
      // Where every reading fits, the row tells nothing.
      if (readings.length < offsetUnits.length) for (const { unit } of readings) seen[unit]++
      // Against what the rest of the file shows, a place that fits by another reading is luck.
      const trusted = readings.filter(
        ({ unit }) => unit === 'code points' || seen[unit] >= seen['code points'],
      )
      return trusted.sort((a, b) => seen[b.unit] - seen[a.unit])[0] ?? null
    },
  }
}

function toUtf16(start: number, unit: OffsetUnit, { text, index }: OffsetContext): number | null {
  switch (unit) {
    case 'code points':
      return index.toUtf16(start)
    case 'UTF-16 units':
      return start
    case 'bytes':
      return byteToUtf16(text, start)
  }
}

/** The UTF-16 offset of a UTF-8 offset; null inside a character or past the end. */
function byteToUtf16(text: string, bytes: number): number | null {
  let left = bytes
  let at = 0
  while (left > 0 && at < text.length) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) left -= 1
    else if (unit < 0x800) left -= 2
    else if (unit < 0xd800 || unit > 0xdfff) left -= 3
    else {
      // A pair takes four bytes; halves that stand alone were replaced before.
      left -= 4
      at++
    }
    at++
  }
  return left === 0 ? at : null
}
