const longest = 80

/** Somebody else's value as a message shows it: its JSON, cut where it is long; `JSON.stringify` is recursive. */
export function shownValue(value: unknown): string {
  try {
    const text = JSON.stringify(value) ?? 'undefined'
    return text.length > longest ? `${text.slice(0, longest)}…` : text
  } catch {
    return 'a value that is nested too deeply'
  }
}
