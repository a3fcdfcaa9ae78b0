import type { SideAnswer } from '../../main/contract/comparisons.ts'
import { t } from '../messages/translate.ts'
import { announce } from '../state/toasts.svelte.ts'

/** Tells a screen reader the answers of a question that is finished. */
export function announceAnswers(
  base: SideAnswer | null,
  tuned: SideAnswer | null,
  unanswerable: string,
): void {
  const said = [
    [t('compare.base'), base],
    [t('compare.tuned'), tuned],
  ] as const
  const sentences = said.flatMap(([who, answer]) =>
    answer ? [t('compare.announceAnswer', who, saidOf(answer, unanswerable))] : [],
  )
  if (sentences.length > 0) announce(sentences.join('. '))
}

function saidOf({ text, unanswerable: isNone, untaught }: SideAnswer, unanswerable: string): string {
  if (untaught) return t('compare.untaught')
  return isNone ? unanswerable : text
}
