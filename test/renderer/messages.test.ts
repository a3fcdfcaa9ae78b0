import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'svelte/compiler'
import { describe, expect, test } from 'vitest'
import { catalogue, t } from '../../renderer/messages/translate.ts'

const renderer = join(import.meta.dirname, '..', '..', 'renderer')
const sources = readdirSync(renderer, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.(svelte|ts)$/.test(name))
  .map((name) => ({ name, text: readFileSync(join(renderer, name), 'utf8') }))

/** Attributes that a person reads or hears. */
const readAttributes = new Set([
  'title',
  'label',
  'placeholder',
  'alt',
  'aria-label',
  'aria-description',
  'text',
])
/** Elements whose text is the same in every language: keys and code. */
const untranslated = new Set(['kbd', 'code', 'style', 'script'])

/** A letter in a legend's swatch is a picture, hidden from screen readers. */
function isDecoration(node: object): boolean {
  if (!('attributes' in node) || !Array.isArray(node.attributes)) return false
  return node.attributes.some(({ name }: { readonly name?: unknown }) => name === 'aria-hidden')
}

/** Words in a component's markup that do not come from the catalogue. */
function englishIn(source: string): string[] {
  const found: string[] = []
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, name, data, value } = node as Readonly<Record<string, unknown>>
    if (type === 'StyleDirective' || isDecoration(node)) return
    if (typeof name === 'string' && type === 'RegularElement' && untranslated.has(name)) return
    if (type === 'Attribute') {
      if (typeof name !== 'string' || !readAttributes.has(name)) return
      if (Array.isArray(value)) return value.forEach(visit)
      return
    }
    if (type === 'Text' && typeof data === 'string' && /\p{L}{2,}/u.test(data)) found.push(data.trim())
    for (const [key, child] of Object.entries(node)) if (key !== 'css' && key !== 'instance') visit(child)
  }
  visit(parse(source, { modern: true }).fragment)
  return found
}

describe('message catalogue', () => {
  const messages = Object.entries(catalogue).flatMap(([area, texts]) =>
    Object.entries(texts as Readonly<Record<string, unknown>>).map(([name, value]) => ({
      key: `${area}.${name}`,
      value,
    })),
  )

  test('every message is a text or makes one', () => {
    expect(messages.length).toBeGreaterThan(150)
    const wrong = messages.filter(
      ({ value }) => typeof value !== 'function' && (typeof value !== 'string' || value.trim() === ''),
    )
    expect(wrong).toEqual([])
  })

  test('every message is used', () => {
    const all = sources.map(({ text }) => text).join('\n')
    const unused = messages.map(({ key }) => key).filter((key) => !all.includes(`'${key}'`))
    expect(unused).toEqual([])
  })

  test('components take their words from the catalogue', () => {
    const found = sources
      .filter(({ name }) => name.endsWith('.svelte'))
      .map(({ name, text }) => ({ name, words: englishIn(text) }))
      .filter(({ words }) => words.length > 0)
    expect(found).toEqual([])
  })

  test('the check finds words in text and in attributes', () => {
    expect(englishIn('<p>Hello</p>')).toEqual(['Hello'])
    expect(englishIn('<input placeholder="Your name" type="text" />')).toEqual(['Your name'])
    expect(englishIn('{#if a}<b title={x}>·</b><kbd>Esc</kbd>{:else}<i>No</i>{/if}')).toEqual(['No'])
  })

  test('texts take their arguments', () => {
    expect(t('common.cancel')).toBe('Cancel')
    expect(t('data.rows', 1, false)).toBe('1 row')
    expect(t('data.rows', 41_200, true)).toBe('about 41,200 rows')
    expect(t('import.rolesMissing', ['Context', 'Answer'])).toContain('context and answer')
  })
})
