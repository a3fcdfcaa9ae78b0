import { basename, posix } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { walkXml } from './xml.ts'

/** A file of the spine: a chapter, most often. */
export interface SpineItem {
  /** In the archive. */
  readonly name: string
  /** Its place in the spine, from 1. */
  readonly number: number
  readonly isLinear: boolean
  /** Whether it is the table of contents that programs read. */
  readonly isContents: boolean
}

export interface EpubPackage {
  readonly title: string | null
  readonly spine: readonly SpineItem[]
  /** Tables of contents: of EPUB 3 (XHTML), then of EPUB 2 (NCX). */
  readonly contents: readonly string[]
}

type ReadXml = (name: string) => Promise<string | null>

const mostItems = 10_000

/**
 * Reads what an e-book consists of: META-INF/container.xml names the package file, that names title, files and
 * their order (EPUB 3.3, sections 4 and 5).
 *
 * @throws AppError `file_unreadable`
 */
export async function readPackage(readXml: ReadXml, path: string): Promise<EpubPackage> {
  const container = await readXml('META-INF/container.xml')
  if (container === null) throw noBook(path, 'it has no META-INF/container.xml')
  let root: string | null = null
  walkXml(container, 'META-INF/container.xml', {
    open: (name, attributes) => {
      if (name === 'rootfile') root ??= attributes['full-path'] ?? null
    },
  })
  const opf = root === null ? null : await readXml(root)
  if (root === null || opf === null) throw noBook(path, 'the list of its chapters is missing')
  return parsePackage(opf, root)
}

function parsePackage(opf: string, root: string): EpubPackage {
  const files = new Map<string, { name: string; type: string; properties: string }>()
  const references: { id: string; isLinear: boolean }[] = []
  let title = ''
  let titles = 0
  let isInTitle = false
  walkXml(opf, root, {
    open: (name, { id = '', href = '', idref = '', linear, properties = '', ...others }) => {
      if (name === 'title') isInTitle = ++titles === 1
      else if (name === 'item' && files.size < mostItems)
        files.set(id, { name: resolve(root, href), type: others['media-type'] ?? '', properties })
      else if (name === 'itemref' && references.length < mostItems)
        references.push({ id: idref, isLinear: linear !== 'no' })
    },
    text: (text) => {
      if (isInTitle) title += text
    },
    close: () => (isInTitle = false),
  })
  const isNav = ({ properties }: { properties: string }) => properties.split(/\s+/).includes('nav')
  const all = [...files.values()]
  return {
    title: tidy(title) || null,
    spine: references.flatMap(({ id, isLinear }, i) => {
      const file = files.get(id)
      if (!file || !/html|xml|^$/.test(file.type)) return []
      return { name: file.name, number: i + 1, isLinear, isContents: isNav(file) }
    }),
    contents: [...all.filter(isNav), ...all.filter(({ type }) => type === 'application/x-dtbncx+xml')].map(
      ({ name }) => name,
    ),
  }
}

/** Titles of the chapters' files from the first table of contents that has some. */
export async function readTitles(book: EpubPackage, readXml: ReadXml): Promise<ReadonlyMap<string, string>> {
  for (const name of book.contents) {
    const text = await readXml(name)
    const titles = text === null ? new Map<string, string>() : parseContents(text, name)
    if (titles.size > 0) return titles
  }
  return new Map()
}

/** Links of a `nav` of the type toc, or chapters of NCX, not its pages; of a file's entries the first counts. */
function parseContents(text: string, file: string): Map<string, string> {
  const titles = new Map<string, string>()
  let navs = 0
  let isPages = false
  let label = ''
  let isLabel = false
  let target: string | null = null
  const keep = () => {
    const title = tidy(label)
    if (target !== null && title !== '' && !isPages && !titles.has(target)) titles.set(target, title)
    label = ''
    target = null
  }
  walkXml(text, file, {
    open: (name, { href, src, type }) => {
      if (name === 'nav') navs = type === undefined || type === 'toc' ? 1 : 0
      else if (name === 'pageList') isPages = true
      else if (name === 'a' && navs > 0 && href !== undefined) {
        target = resolve(file, href)
        isLabel = true
      } else if (name === 'navLabel') isLabel = true
      else if (name === 'content' && src !== undefined) {
        target = resolve(file, src)
        keep()
      }
    },
    text: (piece) => {
      if (isLabel) label += piece
    },
    close: (name) => {
      if (name === 'a') keep()
      if (name === 'nav') navs = 0
      if (name === 'pageList') isPages = false
      if (name === 'a' || name === 'navLabel') isLabel = false
    },
  })
  return titles
}

function resolve(from: string, href: string): string {
  const path = href.split('#', 1)[0] ?? ''
  let decoded = path
  try {
    decoded = decodeURIComponent(path)
  } catch {
    // A name with a percent sign of its own.
  }
  return posix.normalize(posix.join(posix.dirname(from), decoded))
}

function tidy(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 300)
}

function noBook(path: string, reason: string): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} is no e-book that can be read: ${reason}. Get it anew, or save it as EPUB again.`,
    { path },
  )
}
