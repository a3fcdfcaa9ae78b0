import { Tokenizer } from 'htmlparser2'

/** What takes HTML piece by piece; `at` is a UTF-16 offset in it. */
export interface HtmlHandler {
  /** Text with its character references resolved; what belongs together may come in several pieces. */
  text(text: string, at: number): void
  open(name: string, at: number): void
  close(name: string, at: number): void
}

export interface HtmlTokenOptions {
  /** Whether `<a/>` ends what it opens, as XHTML has it. */
  readonly selfClosing?: boolean
}

/** Without an end tag by their nature. */
const voidElements = new Set(
  'area base basefont br col command embed frame hr img input link meta param source track wbr'.split(' '),
)

/**
 * Takes HTML apart without building a tree: time grows with the length alone and memory not with the depth,
 * whatever is left open. Nothing is evaluated or fetched; comments and declarations are left out.
 */
export function walkHtml(
  html: string,
  handler: HtmlHandler,
  { selfClosing = false }: HtmlTokenOptions = {},
): void {
  let name = ''
  let at = 0
  const ignore = () => undefined
  const tokenizer = new Tokenizer(
    { decodeEntities: true },
    {
      ontext: (start, end) => {
        handler.text(html.slice(start, end), start)
      },
      ontextentity: (codePoint, end) => {
        handler.text(String.fromCodePoint(codePoint), end - 1)
      },
      onopentagname: (start, end) => {
        name = html.slice(start, end).toLowerCase()
        at = start - 1
      },
      onopentagend: () => {
        handler.open(name, at)
        if (voidElements.has(name)) handler.close(name, at)
      },
      onselfclosingtag: () => {
        handler.open(name, at)
        if (selfClosing || voidElements.has(name)) handler.close(name, at)
      },
      onclosetag: (start, end) => {
        const closed = html.slice(start, end).trim().toLowerCase()
        if (!voidElements.has(closed)) handler.close(closed, start - 2)
      },
      oncdata: (start, end, offset) => {
        if (selfClosing) handler.text(html.slice(start, end - offset), start)
      },
      onattribdata: ignore,
      onattribentity: ignore,
      onattribend: ignore,
      onattribname: ignore,
      oncomment: ignore,
      ondeclaration: ignore,
      onend: ignore,
      onprocessinginstruction: ignore,
    },
  )
  tokenizer.write(html)
  tokenizer.end()
}

/** A text with its character references resolved, and nothing else done to it. */
export function decodeEntities(text: string): string {
  return text.replaceAll(/&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]{1,31});/g, (reference) => {
    let decoded = ''
    const ignore = () => undefined
    walkHtml(reference, { text: (piece) => (decoded += piece), open: ignore, close: ignore })
    return decoded
  })
}
