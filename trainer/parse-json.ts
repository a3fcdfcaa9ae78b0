/** Deeper than any file that a program writes, and shallow enough for whatever walks through it. */
const deepest = 200

/** Why a text is not taken as JSON although it may be. */
export class JsonFaultError extends SyntaxError {}

/**
 * Parses JSON of somebody else's: as `JSON.parse`, but not what is nested more than 200 levels deep (for which that
 * takes minutes, and what walks through the value afterwards ends without a stack).
 *
 * @param options.unique Refuses an object that names something twice, of which `JSON.parse` keeps the last.
 * @throws SyntaxError
 */
export function parseJson(text: string, { unique = false }: { readonly unique?: boolean } = {}): unknown {
  const { depth, colons } = scan(text)
  if (depth > deepest) throw new JsonFaultError(`it is nested more than ${deepest} levels deep`)
  const value: unknown = JSON.parse(text)
  // Every colon outside of a text stands for a name: there are more of them than names where one came twice.
  if (unique && countNames(value) !== colons) throw new JsonFaultError('it names something twice')
  return value
}

/** The most brackets open at once, and the colons outside of texts; of what is no JSON something. */
function scan(text: string): { readonly depth: number; readonly colons: number } {
  let open = 0
  let depth = 0
  let colons = 0
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x22:
        at = endOfText(text, at)
        break
      case 0x3a:
        colons++
        break
      case 0x5b:
      case 0x7b:
        if (++open > depth) {
          depth = open
          if (depth > deepest) return { depth, colons }
        }
        break
      case 0x5d:
      case 0x7d:
        open--
    }
  }
  return { depth, colons }
}

/** Where the text that begins with a quote ends: at the next one with an even number of backslashes before it. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end !== -1; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++
    if (slashes % 2 === 0) return end
  }
  return text.length
}

function countNames(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let names = 0
  if (Array.isArray(value)) for (const one of value) names += countNames(one)
  else for (const one of Object.values(value)) names += 1 + countNames(one)
  return names
}
