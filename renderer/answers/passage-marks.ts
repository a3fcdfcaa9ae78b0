import type { SideAnswer, Span } from '../../main/contract/comparisons.ts'
import type { Mark } from '../text/marked-segments.ts'
import { t } from '../messages/translate.ts'

interface Spans {
  readonly gold?: Span | null
  readonly base?: Span | null
  readonly tuned?: Span | null
}

/** The marks of a passage: the accepted answer and where each model's answer stands. */
export function passageMarks({ gold, base, tuned }: Spans): Mark[] {
  return [
    ...(gold ? [{ ...gold, tone: 'answer' as const, label: t('compare.goldAnswer') }] : []),
    ...(base ? [{ ...base, tone: 'base' as const, label: t('compare.baseAnswer') }] : []),
    ...(tuned ? [{ ...tuned, tone: 'tuned' as const, label: t('compare.tunedAnswer') }] : []),
  ]
}

/** Where an answer stands in the passage with this index; null where it came from another, or stands in none. */
export function spanIn(answer: SideAnswer | null, passage: number): Span | null {
  return answer && answer.passage === passage ? answer.span : null
}
