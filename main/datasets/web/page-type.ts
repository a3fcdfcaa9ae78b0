/** How the text of a page is written. */
export const pageTypes = ['html', 'markdown', 'text'] as const
export type PageType = (typeof pageTypes)[number]

const byContentType: Readonly<Record<string, PageType>> = {
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'text/markdown': 'markdown',
  'text/x-markdown': 'markdown',
  'text/plain': 'text',
}

/** What a page is by its `Content-Type`; null where it is nothing that is read, or does not say. */
export function pageType(contentType: string | undefined): PageType | null {
  const name = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  return Object.hasOwn(byContentType, name) ? (byContentType[name] ?? null) : null
}
