import { decodeEntities } from './entities.ts'

const codeSpan = /(?<!`)(`+)(?!`)([\s\S]*?[^`])\1(?!`)/g
const label = String.raw`\[((?:[^[\]]|\[[^[\]]{0,200}\]){0,1000})\]`
const target = String.raw`\((?:[^()\s]|\([^()]*\))*(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`
const image = new RegExp(`!${label}(?:${target}|\\[[^\\]]*\\])`, 'g')
const link = new RegExp(`${label}(?:${target}|\\[[^\\]]*\\])`, 'g')
const tagOrAttributes = /<\/?[A-Za-z][^<>]*>|\{[:#][^{}]*\}/g
// Lengths are bounded, so that marks without their partner cost little.
const strong = /(\*\*|__)(?=\S)([\s\S]{0,800}?\S)\1/g
const starred = /\*(?=[^\s*])([^*]{0,800}?[^\s*])\*/g
const underscored = /(?<![\p{L}\p{N}_])_(?=[^\s_])([^_]{0,800}?[^\s_])_(?![\p{L}\p{N}_])/gu

// No paragraph is as long: whatever this is, its marks are not looked for.
const longestStretch = 20_000

/**
 * The plain text of a stretch of Markdown: links become their text, images their description, marks of emphasis
 * and HTML tags go, code and escaped characters stay as they are.
 */
export function markdownInline(source: string): string {
  if (source.length > longestStretch) return source.replaceAll(/\s+/g, ' ').trim()
  const kept: string[] = []
  const keep = (text: string) => `\ue000${kept.push(text) - 1}\ue001`
  let text = source
    .replaceAll(codeSpan, (_, _ticks, code) => keep(String(code).replace(/^ (.*\S.*) $/s, '$1')))
    .replaceAll(/\\([!-/:-@[-`{-~])/g, (_, character) => keep(String(character)))
    .replaceAll(/<((?:https?|mailto):[^\s<>]+)>/g, '$1')
    .replaceAll(/<br\s*\/?>/gi, '\n')
    .replaceAll(/\[\^[^\]\s]+\]/g, '')
    .replaceAll(image, '$1')
    .replaceAll(link, '$1')
    .replaceAll(tagOrAttributes, '')
    .replaceAll(/~~(?=\S)([\s\S]{0,800}?\S)~~/g, '$1')
  // Twice: emphasis within strong emphasis and the other way round.
  for (let pass = 0; pass < 2; pass++)
    text = text.replaceAll(strong, '$2').replaceAll(starred, '$1').replaceAll(underscored, '$1')
  return decodeEntities(text)
    .replaceAll(/\ue000(\d+)\ue001/g, (_, index) => kept[Number(index)] ?? '')
    .replaceAll(/[ \t\u00a0]+/g, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .trim()
}
