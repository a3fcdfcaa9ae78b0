import type { SplitName } from '../../../main/contract/splits.ts'
import { t } from '../../messages/translate.ts'

/** The name of a split. */
export function splitLabel(split: SplitName): string {
  if (split === 'train') return t('data.splitTrain')
  return split === 'validation' ? t('data.splitValidation') : t('data.splitTest')
}
