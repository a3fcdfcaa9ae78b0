/** A piece of HTML: a text as it is written, or a tag by its name in lower case; `at` is its UTF-16 offset. */
export type HtmlToken =
  | { readonly kind: 'text'; readonly text: string; readonly at: number }
  | {
      readonly kind: 'open' | 'close'
      readonly name: string
      readonly attributes: string
      readonly at: number
    }

/** Elements whose content is text up to their end tag, whatever it looks like. */
const rawElements = new Set(['script', 'style', 'textarea', 'title', 'xmp', 'noembed', 'noframes'])
const tagName = /<(\/?)([A-Za-z][A-Za-z0-9:-]*)/y

/**
 * Takes HTML apart, leaving out comments and declarations. Nothing is evaluated or resolved; time grows with the
 * length alone, whatever is left open.
 */
export function* htmlTokens(html: string): Generator<HtmlToken, void, undefined> {
  const lower = html.toLowerCase()
  const endOf = tagEnds(html)
  let textStart = 0
  let at = html.indexOf('<')
  while (at !== -1) {
    tagName.lastIndex = at
    const found = tagName.exec(html)
    const isComment = html.startsWith('<!--', at)
    const isDeclaration = html.startsWith('<!', at) || html.startsWith('<?', at)
    if (!found && !isDeclaration) {
      at = html.indexOf('<', at + 1)
      continue
    }
    const end = isComment ? after(html, '-->', at) : found ? endOf(tagName.lastIndex) : after(html, '>', at)
    if (end === -1) break
    if (at > textStart) yield { kind: 'text', text: html.slice(textStart, at), at: textStart }
    textStart = end
    const name = found?.[2]?.toLowerCase()
    if (found && name !== undefined) {
      const isClosing = found[1] === '/'
      const attributes = html.slice(at + found[0].length, end - 1)
      yield { kind: isClosing ? 'close' : 'open', name, attributes, at }
      if (!isClosing && rawElements.has(name)) {
        const close = lower.indexOf(`</${name}`, end)
        const stop = close === -1 ? html.length : close
        if (stop > end) yield { kind: 'text', text: html.slice(end, stop), at: end }
        textStart = stop
      }
    }
    at = html.indexOf('<', textStart)
  }
  if (textStart < html.length) yield { kind: 'text', text: html.slice(textStart), at: textStart }
}

function after(html: string, mark: string, from: number): number {
  const at = html.indexOf(mark, from)
  return at === -1 ? -1 : at + mark.length
}

/** Where tags end: after the next > outside of quotes; once a quote is left open, after the next > of all. */
function tagEnds(html: string): (from: number) => number {
  let mindsQuotes = true
  return (from) => {
    let at = from
    while (mindsQuotes && at < html.length) {
      const character = html.charAt(at)
      if (character === '>') return at + 1
      if (character === '"' || character === "'") {
        const close = html.indexOf(character, at + 1)
        if (close === -1) mindsQuotes = false
        else at = close
      }
      at++
    }
    mindsQuotes = false
    return after(html, '>', from)
  }
}
