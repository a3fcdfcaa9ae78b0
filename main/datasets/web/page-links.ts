import { Tokenizer } from 'htmlparser2'

/** What a page says of itself and where it leads, for whoever follows its links. */
export interface PageHead {
  readonly title: string | null
  /** The address that the page itself wants to be known by. */
  readonly canonical: URL | null
  /** Whether the page asks that its links are not followed, or that it is not kept. */
  readonly isNofollow: boolean
  readonly isNoindex: boolean
  /** Addresses of pages, in their order, each once; without the part behind `#`. */
  readonly links: readonly URL[]
}

const mostLinks = 5_000
const longestTitle = 300

/**
 * Reads the head and the links of a page. Time grows with its length alone, whatever is left open in it.
 *
 * @param address where the page was found; `base` in it is taken into account
 * @param robotsTag what the answer's `X-Robots-Tag` said
 */
export function readPageHead(html: string, address: URL, robotsTag = ''): PageHead {
  const links = new Map<string, URL>()
  let base = address
  let hasBase = false
  let title: string | null = null
  let canonical: URL | null = null
  let robots = robotsTag.toLowerCase()
  walkTags(html, {
    title: (text) => {
      title ??= text.replaceAll(/\s+/g, ' ').trim().slice(0, longestTitle).toWellFormed() || null
    },
    tag: (name, attributes) => {
      const href = attributes.get('href')
      const rel = ` ${attributes.get('rel')?.toLowerCase() ?? ''} `
      if (name === 'base' && href !== undefined && !hasBase) {
        base = URL.parse(href, address.href) ?? address
        hasBase = true
      } else if (name === 'meta' && attributes.get('name')?.toLowerCase() === 'robots')
        robots += `,${attributes.get('content')?.toLowerCase() ?? ''}`
      else if (name === 'link' && href !== undefined && / canonical /.test(rel))
        canonical ??= pageAddress(href, base)
      else if ((name === 'a' || name === 'area') && href !== undefined && !/ nofollow /.test(rel)) {
        const url = links.size < mostLinks ? pageAddress(href, base) : null
        if (url) links.set(url.href, url)
      }
    },
  })
  return {
    title,
    canonical,
    isNofollow: /\b(?:nofollow|none)\b/.test(robots),
    isNoindex: /\b(?:noindex|none)\b/.test(robots),
    links: [...links.values()],
  }
}

function pageAddress(href: string, base: URL): URL | null {
  const url = URL.parse(href.trim(), base.href)
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') return null
  url.hash = ''
  return url
}

interface TagHandler {
  title(text: string): void
  tag(name: string, attributes: ReadonlyMap<string, string>): void
}

/** Of the attributes these alone are looked at. */
const wanted = new Set(['href', 'rel', 'name', 'content'])
const longestValue = 4_000

function walkTags(html: string, handler: TagHandler): void {
  let name = ''
  let attribute = ''
  let value = ''
  let attributes = new Map<string, string>()
  let title: string | null = null
  const add = (text: string) => {
    if (value.length < longestValue) value += text
  }
  const open = () => {
    handler.tag(name, attributes)
    if (name === 'title') title = ''
  }
  const ignore = () => undefined
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      onopentagname: (start, end) => {
        name = html.slice(start, end).toLowerCase()
        attributes = new Map()
      },
      onattribname: (start, end) => {
        attribute = html.slice(start, Math.min(end, start + 20)).toLowerCase()
        value = ''
      },
      onattribdata: (start, end) => {
        add(html.slice(start, Math.min(end, start + longestValue)))
      },
      onattribentity: (codePoint) => {
        add(String.fromCodePoint(codePoint))
      },
      onattribend: () => {
        if (wanted.has(attribute) && !attributes.has(attribute)) attributes.set(attribute, value)
      },
      onopentagend: open,
      onselfclosingtag: open,
      ontext: (start, end) => {
        if (title !== null && title.length < longestValue)
          title += html.slice(start, Math.min(end, start + longestValue))
      },
      ontextentity: (codePoint) => {
        if (title !== null) title += String.fromCodePoint(codePoint)
      },
      onclosetag: () => {
        if (title !== null) handler.title(title)
        title = null
      },
      oncdata: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
    },
  )
  tokenizer.write(html)
  tokenizer.end()
}
