import type { Source } from '../../../main/contract/datasets.ts'
import { t } from '../../messages/translate.ts'

/** What a source is called: its file, who drafted it, or the person's own marking. */
export function sourceName({ format, name }: Pick<Source, 'format' | 'name'>): string {
  return format === 'marked' ? t('data.marking') : name
}
