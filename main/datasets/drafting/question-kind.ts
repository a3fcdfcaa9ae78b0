import type { CandidateKind } from './candidate-rules.ts'

const figures: readonly CandidateKind[] = ['quantity', 'number', 'money', 'percent']
const words: readonly CandidateKind[] = [
  'name',
  'acronym',
  'called',
  'quoted',
  'definition',
  'entry',
  'phrase',
]

/** What English questions that begin so can be answered by. */
const beginnings: readonly (readonly [RegExp, readonly CandidateKind[]])[] = [
  [
    /^(?:when|(?:in|on|by|since|during|from|until) (?:what|which) (?:year|date|day|month|decade|century))\b/i,
    ['date'],
  ],
  [/^how (?:many|much|long|far|tall|high|large|old|fast|big|often|deep|wide|heavy)\b/i, figures],
  [/^(?:who|whom|whose|where)\b/i, words],
]
const isEnglish = /^(?:what|which|why|how)\b/i
const asksForTime = /\b(?:when|year|years|date|day|month|decade|century|time|period)\b/i

/** Whether a question can ask for an answer of this kind, by its English question words; of others nothing is known. */
export function canAskFor(question: string, kind: CandidateKind): boolean {
  const allowed = beginnings.find(([beginning]) => beginning.test(question))?.[1]
  if (allowed) return allowed.includes(kind)
  return kind !== 'date' || !isEnglish.test(question) || asksForTime.test(question)
}
