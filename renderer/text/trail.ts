/** The parts of a place in a document, from the outside in, without empty ones and immediate repeats. */
export function trailOf(title: string, heading: readonly string[]): string[] {
  const parts = [title, ...heading].filter((part) => part !== '')
  return parts.filter((part, index) => part !== parts[index - 1])
}
