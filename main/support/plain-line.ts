/** What a text of JSON holds, any other text itself. */
export function fromText(text: string): unknown {
  try {
    return /^[[{"]/.test(text) ? JSON.parse(text) : text
  } catch {
    return text
  }
}

/** A line or row for people: of JSON the values, with their names. */
export function plainLine(line: unknown): string {
  const value = typeof line === 'string' ? fromText(line) : line
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([name, one]) => {
      const read = typeof one === 'string' ? fromText(one) : one
      return typeof read === 'object' && read !== null ? plainLine(read) : `${name}: ${String(read)}`
    })
    .join('  ')
}
