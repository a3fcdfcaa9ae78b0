/** What a library said of a file that it could not read, short enough for the middle of a sentence. */
export function saidBy(thrown: unknown): string {
  const said = thrown instanceof Error ? thrown.message : String(thrown)
  return (said.split('\n', 1)[0] ?? '').slice(0, 200).replace(/[.\s]+$/, '')
}
