import { emptySettings, groupNames, settingChoices, settingSentences } from '../../messages/en/train.ts'
import { formatNumber } from '../../messages/format.ts'
import { t } from '../../messages/translate.ts'
import { fieldText } from './setting-form.ts'
import type { FieldProblem, SettingGroup, SettingInfo } from './setting-form.ts'

/** The sentence below a setting. */
export function sentenceOf({ name, description }: SettingInfo): string {
  return settingSentences[name] ?? description
}

/** What an empty field of a setting means. */
export function emptyMeaning(name: string): string {
  return emptySettings[name] ?? ''
}

export function choiceText(choice: string): string {
  return settingChoices[choice] ?? choice
}

export function groupText(group: SettingGroup): string {
  return groupNames[group]
}

/** A setting's value in words. */
export function valueText(name: string, value: unknown): string {
  if (value === null || value === undefined) return emptyMeaning(name)
  if (typeof value === 'boolean') return value ? t('train.on') : t('train.off')
  if (typeof value === 'number')
    return Math.abs(value) > 0 && Math.abs(value) < 1e-4 ? value.toExponential() : formatNumber(value, 6)
  return typeof value === 'object' ? fieldText(value) : choiceText(String(value))
}

export function problemText(problem: FieldProblem): string {
  switch (problem.kind) {
    case 'empty':
      return t('train.needsValue')
    case 'not-a-number':
      return t('train.needsNumber')
    case 'not-whole':
      return t('train.needsWhole')
    case 'not-a-choice':
      return t('train.needsChoice')
    case 'not-whole-numbers':
      return t('train.needsWholeNumbers')
    case 'not-a-map':
      return t('train.needsMap')
    case 'at-least':
      return t('train.atLeast', problem.limit)
    case 'above':
      return t('train.above', problem.limit)
    case 'at-most':
      return t('train.atMost', problem.limit)
    case 'below':
      return t('train.below', problem.limit)
  }
}
