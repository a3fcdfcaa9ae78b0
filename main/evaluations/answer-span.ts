import { codePointIndex } from '../../trainer/data/code-points.ts'
import type { Span } from '../contract/comparisons.ts'

/**
 * Where an answer stands in a context, whatever the case of its letters and its spacing: whole words before parts
 * of words, and of several places the one nearest to `near`, or the first. Null where it stands nowhere.
 */
export function answerSpan(context: string, answer: string, near: Span | null): Span | null {
  const words = answer.split(/\s+/u).filter((word) => word !== '')
  if (words.length === 0) return null
  const pattern = words.map(escaped).join('\\s+')
  const spans =
    spansOf(context, `(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`) ?? spansOf(context, pattern) ?? []
  const distance = (span: Span) => (near ? Math.abs(span.start - near.start) : 0)
  return spans.toSorted((a, b) => distance(a) - distance(b))[0] ?? null
}

/** All places of a pattern; null where there is none. */
function spansOf(context: string, pattern: string): readonly Span[] | null {
  const index = codePointIndex(context)
  const spans = [...context.matchAll(new RegExp(pattern, 'giu'))].map((match) => ({
    start: index.toCodePoints(match.index),
    end: index.toCodePoints(match.index + match[0].length),
  }))
  return spans.length > 0 ? spans : null
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
