import type { Workbook } from './xlsx-parts.ts'
import { dateOfSerial } from './xlsx-dates.ts'
import { unescaped } from './xlsx-strings.ts'
import { parseWholeXml, parseXml } from './xml-stream.ts'
import type { XmlSource } from './xml-stream.ts'

export type SheetCell = string | number | boolean

/** A row with cells; gaps are holes. */
export interface SheetRow {
  /** As the sheet counts, from 1. */
  readonly number: number
  readonly cells: readonly (SheetCell | undefined)[]
  /** Unpacked bytes of the sheet so far. */
  readonly end: number
}

export interface SheetContext extends Pick<Workbook, 'dateStyles' | 'is1904'> {
  readonly strings: readonly string[]
  readonly merges: readonly MergedColumn[]
}

/** Cells of one column that are merged downwards: the first one's value stands for all. */
export interface MergedColumn {
  readonly column: number
  readonly first: number
  readonly last: number
}

/** Excel's own limits. */
const mostColumns = 16_384
const mostRows = 1_048_576
const longestCell = 32_767 * 4

/** Reads the rows of a sheet that have a filled cell, whatever the sheet says its dimensions are. */
export async function* readSheet(
  source: XmlSource,
  context: SheetContext,
): AsyncGenerator<SheetRow, void, undefined> {
  let ready: { number: number; cells: (SheetCell | undefined)[] }[] = []
  let cells: (SheetCell | undefined)[] = []
  let row = 0
  let column = -1
  let type = 'n'
  let style = -1
  let text: string[] = []
  let length = 0
  let inValue = false
  let inReading = false

  const merged = mergeFiller(context.merges)
  const pieces = parseXml(source, {
    open: (name, attributes) => {
      if (name === 'row') {
        const given = Number(attributes['r'])
        row = Number.isInteger(given) && given > row && given <= mostRows ? given : row + 1
        cells = []
        column = -1
      } else if (name === 'c') {
        column = columnOf(attributes['r']) ?? column + 1
        type = attributes['t'] ?? 'n'
        style = Number(attributes['s'] ?? -1)
        text = []
        length = 0
      } else if (name === 'rPh') inReading = true
      else if (name === 'v' || name === 't') inValue = !inReading
    },
    text: (piece) => {
      if (!inValue) return
      length += piece.length
      if (length <= longestCell) text.push(piece)
    },
    close: (name) => {
      if (name === 'v' || name === 't') inValue = false
      else if (name === 'rPh') inReading = false
      else if (name === 'c') {
        const cell = cellOf(text.join(''), type, { ...context, isDate: context.dateStyles[style] === true })
        if (cell !== undefined && column < mostColumns) cells[column] = cell
      } else if (name === 'row') {
        merged(row, cells)
        if (cells.length > 0) ready.push({ number: row, cells })
        cells = []
      }
    },
  })
  for await (const end of pieces) {
    const rows = ready
    ready = []
    for (const one of rows) yield { ...one, end }
  }
}

interface CellContext extends SheetContext {
  readonly isDate: boolean
}

/** By the type that a cell has (ECMA-376, part 1, 18.18.11); undefined where it is empty or an error. */
const cellTypes: Readonly<Record<string, (text: string, context: CellContext) => SheetCell | undefined>> = {
  s: (text, { strings }) => strings[Number(text)],
  str: unescaped,
  inlineStr: unescaped,
  b: (text) => text.trim() === '1' || text.trim() === 'true',
  d: (text) => text.trim(),
  e: () => undefined,
  n: (text, { isDate, is1904 }) => {
    const number = Number(text)
    if (!Number.isFinite(number)) return text
    return (isDate ? dateOfSerial(number, is1904) : null) ?? number
  },
}

function cellOf(text: string, type: string, context: CellContext): SheetCell | undefined {
  if (text === '') return undefined
  const read = Object.hasOwn(cellTypes, type) ? cellTypes[type] : undefined
  const cell = (read ?? unescaped)(text, context)
  return cell === '' ? undefined : cell
}

/** `AB12` is column 27, counted from 0. */
function columnOf(reference: string | undefined): number | null {
  const letters = reference === undefined ? null : /^\$?([A-Z]{1,3})\$?\d{1,7}$/.exec(reference)?.[1]
  if (letters == null) return null
  let column = 0
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}

/** Puts the first value of cells that are merged downwards into those below it. */
function mergeFiller(merges: readonly MergedColumn[]) {
  const waiting = [...merges].sort((a, b) => b.first - a.first)
  let open: { readonly merge: MergedColumn; readonly value: SheetCell | undefined }[] = []
  return (row: number, cells: (SheetCell | undefined)[]) => {
    open = open.filter(({ merge }) => merge.last >= row)
    for (const { merge, value } of open) if (value !== undefined) cells[merge.column] ??= value
    for (let next = waiting.at(-1); next && next.first <= row; next = waiting.at(-1)) {
      waiting.pop()
      if (next.last > row && next.first === row) open.push({ merge: next, value: cells[next.column] })
    }
  }
}

const mostMerges = 20_000

/** The merged cells of a sheet, which stand behind its rows. */
export async function readMerges(source: XmlSource): Promise<MergedColumn[]> {
  const merges: MergedColumn[] = []
  await parseWholeXml(source, {
    open: (name, { ref = '' }) => {
      if (name !== 'mergeCell' || merges.length >= mostMerges) return
      const [from = '', to = ''] = ref.split(':', 2)
      const column = columnOf(from)
      const [first, last] = [Number(/\d+$/.exec(from)?.[0]), Number(/\d+$/.exec(to)?.[0])]
      if (column !== null && last > first) merges.push({ column, first, last })
    },
  })
  return merges
}
