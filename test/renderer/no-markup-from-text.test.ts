import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { contentSecurityPolicy } from '../../main/hosts/window/security.ts'
import { t } from '../../renderer/messages/translate.ts'
import { plainDirection } from '../../renderer/text/plain-direction.ts'

const root = join(import.meta.dirname, '..', '..')

function sourcesUnder(folder: string): (readonly [name: string, text: string])[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:svelte|ts)$/.test(name))
    .map((name) => [join(folder, name), readFileSync(join(root, folder, name), 'utf8')])
}

/** Ways by which a text becomes elements, script or an address, with what each is. */
const ways: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/\{@html\b/, 'raw HTML'],
  [/\b(?:inner|outer)HTML\b|\binsertAdjacentHTML\b|\bsetHTMLUnsafe\b/, 'HTML from a text'],
  [/\bdocument\.write|\bcreateContextualFragment\b|\bDOMParser\b|\bsrcdoc\b/, 'HTML from a text'],
  [/\beval\s*\(|\bnew Function\b|\bimport\s*\((?!['"])/, 'script from a text'],
  [/\bset(?:Timeout|Interval)\s*\(\s*['"`]/, 'script from a text'],
  [/\bcreateElement(?:NS)?\s*\(\s*(?!['"](?:canvas|div|span)['"])/, 'an element by name'],
  [/<svelte:element\b/, 'an element by name'],
  [
    /<(?:script(?! lang="ts"[ >])|iframe|object|embed|base|link|meta|img|audio|video)[\s>/]/,
    'an element that loads',
  ],
  [/\bsetAttribute\s*\(\s*['"](?:on|href|src|style)/i, 'an attribute that runs or loads'],
  [/\btarget=[{"']|\bwindow\.open\s*\(/, 'a new window'],
  [/\b(?:location|document)\.(?:assign|replace)\b|\blocation(?:\.href)?\s*=[^=>]/, 'a navigation'],
  [
    /\b(?:src|action|formaction|srcset|poster|xlink:href|style)=(?:\{|"[^"]*\{)/,
    'an address or style from a text',
  ],
  [/\bhref=(?!\{stepHref\(|"#\/"|"\/download\/\{one\.id\}")/, 'an address that routes.ts did not make'],
  [/javascript:|data:text\/html/i, 'a script as an address'],
]

/** Places that were looked at: why each is harmless stands beside it. */
const judged: Readonly<Record<string, readonly string[]>> = {
  // The level of a heading: h2 or h3.
  'renderer/ui/Card.svelte': ['an element by name'],
  // bits-ui's own style for the place of the menu, with a number of ours behind it.
  'renderer/ui/Menu.svelte': ['an address or style from a text'],
}

function waysIn(name: string, source: string): string[] {
  const text = source.replace(/\/\*[^]*?\*\/|(?<![:'"])\/\/.*$/gm, '').replace(/<!--[^]*?-->/g, '')
  return ways
    .filter(([pattern, what]) => pattern.test(text) && !judged[name.replaceAll('\\', '/')]?.includes(what))
    .map(([, what]) => `${name}: ${what}`)
}

describe('the window makes no element, script or address of a text', () => {
  test('in no file of the window', () => {
    const sources = sourcesUnder('renderer')
    expect(sources.length).toBeGreaterThan(150)
    expect(sources.flatMap(([name, text]) => waysIn(name, text))).toEqual([])
  })

  test.each([
    ['a.svelte', '<p>{@html answer}</p>'],
    ['a.svelte', '<a href={source.url}>x</a>'],
    ['a.svelte', '<a href="https://example.org" >x</a>'],
    ['a.svelte', '<svelte:element this={tag} />'],
    ['a.svelte', '<div style="color: {colour}"></div>'],
    ['a.svelte', '<img src={url} alt="">'],
    ['a.svelte', '<script context="x">'],
    ['a.ts', 'element.innerHTML = text'],
    ['a.ts', 'window.open(url)'],
    ['a.ts', 'location.href = url'],
    ['a.ts', "setTimeout('alert(1)', 1)"],
    ['a.ts', 'document.createElement(tag)'],
    ['a.ts', 'await import(path)'],
  ])('the search finds what is planted: %s %s', (name, text) => {
    expect(waysIn(name, text)).not.toEqual([])
  })

  test('the policy in the page is the one that hosts send, but for what a page cannot say', () => {
    const page = readFileSync(join(root, 'renderer', 'index.html'), 'utf8')
    const inPage = /Content-Security-Policy"\s*content="([^"]*)"/.exec(page)?.[1]
    expect(inPage).toBe(contentSecurityPolicy.replace(" frame-ancestors 'none';", ''))
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:/)
  })
})

test('no name turns the direction of the sentence around it', () => {
  const named = t('data.imported', 1, 'invoice\u202egnp.exe\u2066')
  expect(named).toMatch(/^invoice\ufffdgnp\.exe\ufffd/)
  // What Arabic and Hebrew are written with stays.
  expect(plainDirection('שלום\u200f, עולם\u200e\u061c')).toBe('שלום\u200f, עולם\u200e\u061c')
})
