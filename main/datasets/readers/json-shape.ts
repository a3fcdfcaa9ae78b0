import { createJsonWalk } from './json-walk.ts'

const piece = 4096

/**
 * Tells one JSON text from many: lines of records, or records one behind the other however they are broken into
 * lines. Null where a text that is not called JSON is none.
 *
 * @param head The beginning of the file.
 */
export function jsonShape(head: string, byName: 'json' | 'jsonl' | null): 'json' | 'squad' | 'jsonl' | null {
  const text = head.trimStart()
  if (byName === null && !/^(?:\[\s*[[{]|\{\s*")/.test(text)) return null
  const openers: string[] = []
  let first: string | null = null
  const walk = createJsonWalk({
    decide: (_path, opener) => {
      openers.push(opener)
      return openers.length === 1 ? 'cut' : 'skip'
    },
    cut: (_path, cut) => {
      first = cut
    },
  })
  for (let at = 0; at < text.length && openers.length < 2; at += piece) walk.push(text.slice(at, at + piece))
  if (byName === null && first !== null && !parses(first)) return null
  const [, second] = openers
  if (second === '{' || (second === '[' && openers[0] === '[')) return 'jsonl'
  if (second !== undefined && byName === null) return null
  if (byName === 'jsonl' && text.startsWith('{') && !/^\{\s*\n/.test(text)) return 'jsonl'
  return isSquad(text) ? 'squad' : 'json'
}

/** No two stretches of white space follow one another: what does not fit is found out in one pass. */
function isSquad(text: string): boolean {
  return /^(?:\{\s*)?(?:"[^"]*"\s*:\s*"[^"]*"\s*,\s*)*(?:"data"\s*:\s*)?(?:\[\s*)?\{[^[\]]*"paragraphs"\s*:\s*\[/.test(
    text,
  )
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
