import type { Step } from '../../main/contract/projects.ts'
import { t } from '../messages/translate.ts'

/** The name of a step. */
export function stepLabel(step: Step): string {
  switch (step) {
    case 'data':
      return t('common.stepData')
    case 'model':
      return t('common.stepModel')
    case 'train':
      return t('common.stepTrain')
    case 'compare':
      return t('common.stepCompare')
    case 'chat':
      return t('common.stepChat')
    case 'export':
      return t('common.stepExport')
  }
}
