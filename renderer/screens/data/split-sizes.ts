import type { Source } from '../../../main/contract/datasets.ts'
import type { SplitSize } from '../../../main/contract/splits.ts'

export type SizeUnit = 'percent' | 'count'

/** What a size's field shows. */
export interface SizeField {
  readonly unit: SizeUnit
  readonly text: string
}

/** A size as it is typed: `10` per cent, `5000` questions. */
export function sizeField(size: SplitSize): SizeField {
  if ('count' in size) return { unit: 'count', text: String(size.count) }
  return { unit: 'percent', text: String(Math.round(size.fraction * 1000) / 10) }
}

/** The size that was typed; null where it is none: a share is at most a half, a count is whole. */
export function typedSize({ unit, text }: SizeField): SplitSize | null {
  const typed = text.trim()
  if (unit === 'count') return /^\d{1,9}$/.test(typed) ? { count: Number(typed) } : null
  if (!/^\d{1,2}(?:\.\d{1,4})?$/.test(typed) || Number(typed) > 50) return null
  return { fraction: Number(typed) / 100 }
}

/** The same size in the other unit, of `of` examples; nothing to convert where there are none. */
export function inUnit(field: SizeField, unit: SizeUnit, of: number): SizeField {
  const size = typedSize(field)
  if (field.unit === unit || !size || of === 0) return { unit, text: field.unit === unit ? field.text : '' }
  if ('fraction' in size) return { unit, text: String(Math.round(size.fraction * of)) }
  return { unit, text: String(Math.min(50, Math.round((size.count / of) * 1000) / 10)) }
}

export function sameSize(a: SplitSize, b: SplitSize): boolean {
  if ('count' in a) return 'count' in b && a.count === b.count
  return 'fraction' in b && Math.abs(a.fraction - b.fraction) < 1e-9
}

/** The examples that the sizes divide: those of files that serve as no split of their own. */
export function dividedExamples(sources: readonly Source[]): number {
  return sources.reduce((sum, { use, examples }) => (use === 'auto' ? sum + examples : sum), 0)
}
