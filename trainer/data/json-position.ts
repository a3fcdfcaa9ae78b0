/** Where a JSON text breaks off from the grammar: line and column from 1, and what was expected there. */
export interface JsonFault {
  readonly line: number
  readonly column: number
  readonly reason: string
}

const token =
  /[ \t\n\r]*(?:([[\]{}:,])|"|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y
/** Parts of a text: matched one by one, since a loop over both keeps a place for each character. */
const characters = /[^"\\\u0000-\u001f]*/y
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

/**
 * Finds the first fault of a text that JSON.parse refuses; JSON.parse itself does not always tell the place.
 * One walk with a stack of open brackets.
 */
export function locateJsonFault(text: string): JsonFault | null {
  const open: ('[' | '{')[] = []
  let state: 'value' | 'valueOrEnd' | 'keyOrEnd' | 'key' | 'colon' | 'next' = 'value'
  let at = 0
  for (;;) {
    token.lastIndex = at
    const found = token.exec(text)
    if (!found) break
    const mark = found[1]
    const isString = mark === undefined && found[2] === undefined
    const end = isString ? endOfString(text, token.lastIndex) : token.lastIndex
    if (end === null) break
    const container = open.at(-1)
    const closes = mark === ']' ? '[' : mark === '}' ? '{' : null
    if (state === 'next' && container === undefined) break
    if (closes !== null) {
      const allowed =
        closes === container && (state === 'next' || state === (closes === '[' ? 'valueOrEnd' : 'keyOrEnd'))
      if (!allowed) break
      open.pop()
      state = 'next'
    } else if (state === 'value' || state === 'valueOrEnd') {
      if (mark === '[' || mark === '{') {
        open.push(mark)
        state = mark === '[' ? 'valueOrEnd' : 'keyOrEnd'
      } else if (mark === undefined) state = 'next'
      else break
    } else if (state === 'key' || state === 'keyOrEnd') {
      if (!isString) break
      state = 'colon'
    } else if (state === 'colon') {
      if (mark !== ':') break
      state = 'value'
    } else if (mark === ',') state = container === '[' ? 'value' : 'key'
    else break
    at = end
  }
  const rest = /^[ \t\n\r]*/.exec(text.slice(at, at + 10_000))?.[0].length ?? 0
  const place = at + rest
  if (place >= text.length && state === 'next' && open.length === 0) return null
  const before = text.slice(0, place)
  const line = before.split('\n').length
  const column = place - (before.lastIndexOf('\n') + 1) + 1
  return { line, column, reason: place >= text.length ? 'the file ends here, too early' : expected[state] }
}

/** The place after the quote that ends a text; null where it holds what no text may, or does not end. */
function endOfString(text: string, start: number): number | null {
  for (let at = start; ; at = escape.lastIndex) {
    characters.lastIndex = at
    characters.test(text)
    const end = characters.lastIndex
    if (text.charAt(end) === '"') return end + 1
    escape.lastIndex = end
    if (!escape.test(text)) return null
  }
}

const expected = {
  value: 'a value is expected here',
  valueOrEnd: 'a value or ] is expected here',
  keyOrEnd: 'a name in double quotes or } is expected here',
  key: 'a name in double quotes is expected here',
  colon: 'a colon is expected here',
  next: 'a comma or the end of the list or record is expected here',
} as const
