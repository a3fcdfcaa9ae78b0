import { codePointIndex } from './code-points.ts'

/** Where a text stands in another, in Unicode code points. */
export interface Place {
  readonly start: number
  readonly end: number
}

/**
 * Finds a model's answer in its context: as it is, then in other letter case or spacing (a tokenizer gives back
 * single spaces), whole words before parts of words; the first such place. Null where it does not stand there.
 */
export function findAnswer(context: string, answer: string): Place | null {
  const words = answer.split(/\s+/u).filter((word) => word !== '')
  if (words.length === 0) return null
  const exact = words.map(escape).join(' ')
  const loose = words.map(escape).join('\\s+')
  const whole = (pattern: string) => `(?<![\\p{L}\\p{N}])${pattern}(?![\\p{L}\\p{N}])`
  const patterns: readonly (readonly [pattern: string, flags: string])[] = [
    [whole(exact), 'u'],
    [whole(loose), 'iu'],
    [exact, 'u'],
    [loose, 'iu'],
  ]
  for (const [pattern, flags] of patterns) {
    const found = new RegExp(pattern, flags).exec(context)
    if (!found) continue
    const index = codePointIndex(context)
    return {
      start: index.toCodePoints(found.index),
      end: index.toCodePoints(found.index + found[0].length),
    }
  }
  return null
}

function escape(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
}
