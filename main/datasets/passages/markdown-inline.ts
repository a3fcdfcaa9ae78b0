import { Lexer } from 'marked'
import type { Token } from 'marked'
import { decodeEntities } from './html-tokens.ts'

// No paragraph is as long: whatever this is, its marks are not looked for.
const longestStretch = 20_000
const hiddenElement = /^<(script|style)\b/i

/**
 * The plain text of a stretch of Markdown: links become their text, images their description, marks of emphasis
 * and HTML tags go, code and escaped characters stay as they are. `lexer` knows the document's link targets.
 */
export function markdownInline(source: string, lexer: Lexer = new Lexer()): string {
  if (source.length > longestStretch) return source.replaceAll(/\s+/g, ' ').trim()
  return textOf(lexer.inlineTokens(source, []))
    .replaceAll(/[ \t\u00a0]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .trim()
}

/** Line breaks of the source are spaces, those that are meant are line breaks. */
function textOf(tokens: readonly Token[]): string {
  let text = ''
  let hidden: string | null = null
  for (const token of tokens) {
    if (token.type === 'html') {
      const name = hiddenElement.exec(token.raw)?.[1]?.toLowerCase()
      if (hidden !== null && token.raw.toLowerCase().startsWith(`</${hidden}`)) hidden = null
      else if (name !== undefined && !token.raw.includes('</')) hidden = name
      else if (/^<br\b/i.test(token.raw)) text += '\n'
    } else if (hidden === null) text += inlineText(token)
  }
  return text
}

function inlineText(token: Token): string {
  switch (token.type) {
    case 'br':
      return '\n'
    case 'codespan':
      return String(token.text)
    case 'escape':
      return String(token.text)
    case 'image':
      return oneLine(decodeEntities(String(token.text)))
    case 'checkbox':
      return ''
    case 'text':
      return 'tokens' in token && token.tokens
        ? textOf(token.tokens)
        : oneLine(decodeEntities(withoutMarks(token.text)))
    default:
      return 'tokens' in token && token.tokens ? textOf(token.tokens) : oneLine(token.raw)
  }
}

/** Marks of other dialects: footnotes, attributes in braces, links whose target is not in this file. */
function withoutMarks(text: string): string {
  return text
    .replaceAll(/\[\^[^\]\s]{1,100}\]:?/g, '')
    .replaceAll(/\{[:#][^{}]{0,500}\}/g, '')
    .replaceAll(/\[([^[\]]{1,500})\]\[[^[\]]{0,200}\]/g, '$1')
}

function oneLine(text: string): string {
  return text.replaceAll('\n', ' ')
}
