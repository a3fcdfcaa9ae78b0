import { basename, posix } from 'node:path'
import { AppError } from '../../contract/errors.ts'
import { openZip } from '../archives/zip.ts'
import type { Zip, ZipEntry } from '../archives/zip.ts'
import { isDateFormat } from './xlsx-dates.ts'
import { parseWholeXml } from './xml-stream.ts'

export interface Sheet {
  readonly name: string
  readonly entry: ZipEntry
}

/** What of a workbook its sheets need. */
export interface Workbook {
  /** Sheets with cells, in their order, hidden ones last. */
  readonly sheets: readonly Sheet[]
  readonly strings: ZipEntry | null
  /** For each cell style whether it shows a date. */
  readonly dateStyles: readonly boolean[]
  /** Whether days are counted from 1904, as Excel for the Mac did. */
  readonly is1904: boolean
}

/** Parts other than sheets and texts are small. */
const largestPart = 20_000_000
const mostSheets = 1000
const mostStyles = 100_000

/** Runs something with a workbook's archive open. */
export async function withZip<T>(path: string, use: (zip: Zip) => Promise<T>): Promise<T> {
  const zip = await openZip(path)
  try {
    return await use(zip)
  } finally {
    await zip.close()
  }
}

/** Reads what sheets a workbook has and how its cells are styled. @throws AppError `file_unreadable` */
export async function readWorkbook(path: string, zip: Zip, signal?: AbortSignal): Promise<Workbook> {
  const part = (name: string) => partNamed(zip, name)
  const source = (entry: ZipEntry) => ({ path, zip, entry, most: largestPart, signal })
  const relations = async (of: string) => {
    const entry = part(posix.join(posix.dirname(of), '_rels', `${posix.basename(of)}.rels`))
    const found = new Map<string, { readonly type: string; readonly target: string }>()
    if (entry)
      await parseWholeXml(source(entry), {
        open: (name, { Id, Type = '', Target = '' }) => {
          if (name !== 'Relationship' || Id === undefined || found.size >= mostSheets * 10) return
          const target = Target.startsWith('/') ? Target.slice(1) : posix.join(posix.dirname(of), Target)
          found.set(Id, { type: Type.slice(Type.lastIndexOf('/') + 1), target })
        },
      })
    return found
  }
  const root = [...(await relations('')).values()].find(({ type }) => type === 'officeDocument')
  const workbookName = root?.target ?? 'xl/workbook.xml'
  const workbook = part(workbookName)
  if (!workbook) throw noSheets(path, 'its list of sheets (workbook.xml) is missing')

  const parts = await relations(workbookName)
  const sheets: (Sheet & { readonly isHidden: boolean })[] = []
  let is1904 = false
  await parseWholeXml(source(workbook), {
    open: (name, attributes) => {
      if (name === 'workbookPr') is1904 = isOn(attributes['date1904'])
      if (name !== 'sheet' || sheets.length >= mostSheets) return
      const id = Object.entries(attributes).find(([key]) => /(?:^|:)id$/.test(key))?.[1]
      const relation = parts.get(id ?? '')
      const entry = relation && relation.type === 'worksheet' ? part(relation.target) : undefined
      const isHidden = /hidden/i.test(attributes['state'] ?? '')
      if (entry) sheets.push({ name: attributes['name'] ?? `sheet ${sheets.length + 1}`, entry, isHidden })
    },
  })
  if (sheets.length === 0) throw noSheets(path, 'it holds no sheet with cells')

  const ofType = (type: string) => [...parts.values()].find((one) => one.type === type)
  const styles = part(ofType('styles')?.target ?? 'xl/styles.xml')
  return {
    sheets: [...sheets.filter(({ isHidden }) => !isHidden), ...sheets.filter(({ isHidden }) => isHidden)],
    strings: part(ofType('sharedStrings')?.target ?? 'xl/sharedStrings.xml') ?? null,
    dateStyles: styles ? await readDateStyles(source(styles)) : [],
    is1904,
  }
}

async function readDateStyles(source: Parameters<typeof parseWholeXml>[0]): Promise<boolean[]> {
  const formats = new Map<number, boolean>()
  const styles: boolean[] = []
  let inCells = false
  await parseWholeXml(source, {
    open: (name, attributes) => {
      if (name === 'numFmt' && formats.size < mostStyles)
        formats.set(Number(attributes['numFmtId']), isDateFormat(attributes['formatCode'] ?? ''))
      if (name === 'cellXfs') inCells = true
      if (name !== 'xf' || !inCells || styles.length >= mostStyles) return
      const id = Number(attributes['numFmtId'] ?? 0)
      styles.push(formats.get(id) ?? isBuiltInDate(id))
    },
    close: (name) => {
      if (name === 'cellXfs') inCells = false
    },
  })
  return styles
}

/** Number formats that every workbook has without listing them (ECMA-376, part 1, 18.8.30). */
function isBuiltInDate(id: number): boolean {
  return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) || (id >= 50 && id <= 58)
}

function isOn(value: string | undefined): boolean {
  return value === '1' || value === 'true'
}

/** Names of parts are compared without case, as the packaging standard has it. */
function partNamed(zip: Zip, name: string): ZipEntry | undefined {
  const wanted = name.toLowerCase()
  return zip.entries.find((entry) => entry.name.toLowerCase() === wanted)
}

function noSheets(path: string, why: string): AppError {
  return new AppError(
    'file_unreadable',
    `${basename(path)} cannot be read: ${why}. Open it in its program and save it again as XLSX, or as CSV.`,
    { path },
  )
}
