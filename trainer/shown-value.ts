const longest = 80
const longestSentence = 3_000
const keptEnd = 500

/** Somebody else's value as a message shows it: its JSON, cut where it is long; `JSON.stringify` is recursive. */
export function shownValue(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? 'undefined'
    return text.length > longest ? `${text.slice(0, longest)}…` : text
  } catch {
    return 'a value that is nested too deeply'
  }
}

/**
 * A sentence as it is shown and stored: names of somebody else's in it may have a million characters, or halves of
 * characters. What is too long loses its middle, since the fact stands at the beginning and the way out at the end.
 */
export function shownSentence(text: string): string {
  const cut =
    text.length > longestSentence
      ? `${text.slice(0, longestSentence - keptEnd)} […] ${text.slice(-keptEnd)}`
      : text
  return cut.toWellFormed()
}

/** Details of an error with long texts cut. */
export function shownDetails(
  details: Readonly<Record<string, string | number | boolean | null>>,
): Readonly<Record<string, string | number | boolean | null>> {
  return Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      name,
      typeof value === 'string' ? shownSentence(value) : value,
    ]),
  )
}
