import CircleArrowDown from '@lucide/svelte/icons/circle-arrow-down'
import CircleArrowUp from '@lucide/svelte/icons/circle-arrow-up'
import CircleCheck from '@lucide/svelte/icons/circle-check'
import CircleX from '@lucide/svelte/icons/circle-x'
import type { Component } from 'svelte'
import type { Verdict } from '../../../main/contract/comparisons.ts'
import { t } from '../../messages/translate.ts'

export interface VerdictView {
  readonly label: string
  readonly meaning: string
  readonly tone: 'good' | 'bad' | 'neutral'
  readonly icon: Component
}

/** How an outcome is shown: a word, what it means, and an icon, so that colour is never all there is. */
export function verdictView(verdict: Verdict): VerdictView {
  switch (verdict) {
    case 'fixed':
      return {
        label: t('compare.fixed'),
        meaning: t('compare.fixedMeaning'),
        tone: 'good',
        icon: CircleArrowUp,
      }
    case 'broken':
      return {
        label: t('compare.broken'),
        meaning: t('compare.brokenMeaning'),
        tone: 'bad',
        icon: CircleArrowDown,
      }
    case 'both-right':
      return {
        label: t('compare.bothRight'),
        meaning: t('compare.bothRightMeaning'),
        tone: 'neutral',
        icon: CircleCheck,
      }
    case 'both-wrong':
      return {
        label: t('compare.bothWrong'),
        meaning: t('compare.bothWrongMeaning'),
        tone: 'neutral',
        icon: CircleX,
      }
  }
}
