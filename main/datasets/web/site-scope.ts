/** What belongs to a site below the folder of an address, and the pages of it that were met. */
export interface SiteScope {
  contains(url: URL): boolean
  /** Notes a page; false where it is known, or its path has shown too many queries. */
  add(url: URL): boolean
}

/** Calendars and searches make a page for every query that can be thought of. */
const mostQueries = 50
const mostPages = 50_000

/** The pages on the start's site whose paths begin as its folder does: `/guide/` for `/guide/intro.html`. */
export function siteScope(start: URL): SiteScope {
  const folder = start.pathname.slice(0, start.pathname.lastIndexOf('/') + 1)
  const known = new Set<string>()
  const queries = new Map<string, number>()
  return {
    contains: (url) => url.origin === start.origin && url.pathname.startsWith(folder),
    add: (url) => {
      if (known.has(url.href) || known.size >= mostPages) return false
      if (url.search !== '') {
        const count = (queries.get(url.pathname) ?? 0) + 1
        if (count > mostQueries) return false
        queries.set(url.pathname, count)
      }
      known.add(url.href)
      return true
    },
  }
}
