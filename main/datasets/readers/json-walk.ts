/** Where a value stands in a JSON text: names in objects, indexes in lists, from the outside in. */
export type JsonPath = readonly (string | number)[]

/** What becomes of a value that a walk meets: its text is given out, its entries are walked, or it is passed over. */
export type JsonStep = 'cut' | 'enter' | 'skip'

export interface JsonVisitor {
  /** @param opener First character of the value. Only lists and objects can be entered. */
  decide(path: JsonPath, opener: string): JsonStep
  /** Takes the text of a value that was cut; null where it was longer than the longest. */
  cut(path: JsonPath, text: string | null): void
}

export interface JsonWalk {
  /** Takes the next piece of the text. */
  push(text: string): void
  /** Tells the end. @returns whether the text ended inside a value. */
  end(): { readonly isCutOff: boolean }
  /** Values that stood beside each other at the outermost level so far, the one being read included. */
  readonly roots: number
  /** True between the outermost values. */
  readonly isBetween: boolean
}

/** In UTF-16 units. */
export const longestCut = 64_000_000
const longestKey = 1000

const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a]
const [listStart, listEnd, objectStart, objectEnd] = [0x5b, 0x5d, 0x7b, 0x7d]

/**
 * Walks a JSON text of any size that comes in pieces, in one pass and in memory for the values that it cuts out. It
 * does not check the grammar: what is cut is for JSON.parse to judge, and brackets that do not fit make it lose the
 * place, never fail.
 */
export function createJsonWalk(visitor: JsonVisitor): JsonWalk {
  /** Of the containers that were entered: their openers, and in each the name or index that is at hand. */
  const openers: number[] = []
  const path: (string | number)[] = []
  let roots = 0
  let wantsKey = false
  let mode: 'structure' | 'key' | 'value' = 'structure'
  let parts: string[] = []
  let length = 0
  // Of the value that is cut or passed over.
  let isCut = false
  let isScalar = false
  let depth = 0
  let inString = false
  let isEscaped = false

  const keep = (piece: string) => {
    length += piece.length
    if (length <= (mode === 'key' ? longestKey : longestCut)) parts.push(piece)
    else parts = []
  }
  const take = (): string | null => {
    const text = length > longestCut ? null : parts.length === 1 ? (parts[0] ?? '') : parts.join('')
    parts = []
    length = 0
    return text
  }
  const finish = () => {
    mode = 'structure'
    if (isCut) visitor.cut(path, take())
  }

  /** One character between values; true where a key or a value begins that is read on from here. */
  const structure = (code: number, text: string, at: number): void => {
    if (code <= 0x20 || code === colon) return
    const opener = openers.at(-1)
    const top = path.length - 1
    if (code === comma) {
      if (opener === listStart) path[top] = Number(path[top]) + 1
      wantsKey = opener === objectStart
    } else if (code === listEnd || code === objectEnd) {
      openers.pop()
      path.pop()
      wantsKey = false
    } else if (wantsKey && code === quote) {
      mode = 'key'
      wantsKey = false
    } else start(code, text.charAt(at))
  }

  const start = (code: number, opener: string): void => {
    if (openers.length === 0) roots++
    const isContainer = code === listStart || code === objectStart
    const step = visitor.decide(path, opener)
    if (step === 'enter' && isContainer) {
      openers.push(code)
      path.push(code === listStart ? 0 : '')
      wantsKey = code === objectStart
      return
    }
    mode = 'value'
    isCut = step === 'cut'
    isScalar = !isContainer && code !== quote
    depth = isContainer ? 1 : 0
    inString = code === quote
  }

  /** The place behind the string's end in this piece, or the piece's length where it goes on. */
  const skipString = (text: string, from: number): number => {
    let i = isEscaped ? from + 1 : from
    isEscaped = false
    for (;;) {
      const end = text.indexOf('"', i)
      const stop = end === -1 ? text.length : end
      let first = stop
      while (first > i && text.charCodeAt(first - 1) === backslash) first--
      const isOdd = (stop - first) % 2 === 1
      if (end === -1) {
        isEscaped = isOdd
        return text.length
      }
      i = end + 1
      if (isOdd) continue
      inString = false
      return i
    }
  }
  const skipValue = (text: string, from: number): { at: number; isDone: boolean } => {
    let i = from
    while (i < text.length) {
      if (inString) {
        i = skipString(text, i)
        if (!inString && depth === 0) return { at: i, isDone: true }
        continue
      }
      const code = text.charCodeAt(i)
      if (isScalar) {
        if (code <= 0x20 || code === comma || code === listEnd || code === objectEnd)
          return { at: i, isDone: true }
      } else if (code === quote) inString = true
      else if (code === listStart || code === objectStart) depth++
      else if (code === listEnd || code === objectEnd) {
        depth--
        if (depth === 0) return { at: i + 1, isDone: true }
      }
      i++
    }
    return { at: i, isDone: false }
  }

  return {
    get roots() {
      return roots
    },
    get isBetween() {
      return mode === 'structure' && openers.length === 0
    },
    push(text) {
      let i = 0
      while (i < text.length) {
        if (mode === 'structure') {
          structure(text.charCodeAt(i), text, i)
          // A scalar or a container begins with a character of its own; a string's quote is behind us.
          const began = mode as 'structure' | 'key' | 'value'
          if (began === 'value' && isCut) keep(text.charAt(i))
          if (began === 'key') inString = true
          i++
          continue
        }
        const from = i
        if (mode === 'key') {
          i = skipString(text, i)
          keep(text.slice(from, inString ? i : i - 1))
          if (inString) continue
          path[path.length - 1] = keyOf(parts.join(''))
          parts = []
          length = 0
          mode = 'structure'
          continue
        }
        const { at, isDone } = skipValue(text, i)
        if (isCut) keep(text.slice(from, at))
        i = at
        if (isDone) finish()
      }
    },
    end() {
      if (mode === 'value' && isScalar) finish()
      return { isCutOff: mode !== 'structure' || openers.length > 0 }
    },
  }
}

function keyOf(raw: string): string {
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}
