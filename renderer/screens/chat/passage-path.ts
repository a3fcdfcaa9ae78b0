import type { FoundPassage } from '../../../main/contract/comparisons.ts'
import { t } from '../../messages/translate.ts'

/** Where a passage stands: its file, its headings (or the document's title where it has none), its page. */
export function passagePath({
  sourceName,
  title,
  heading,
  page,
}: Pick<FoundPassage, 'sourceName' | 'title' | 'heading' | 'page'>): string {
  const place = heading.length > 0 ? heading : title !== '' && title !== sourceName ? [title] : []
  return t('chat.path', [sourceName, ...place, ...(page === null ? [] : [t('chat.page', page)])])
}
