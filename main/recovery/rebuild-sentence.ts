/** What a rebuild has to tell. */
export interface Outcome {
  /** Why the store was made anew. */
  readonly reason: string
  /** The file that the old store is now; null where there was none. */
  readonly setAside: string | null
  readonly counts: Readonly<Record<string, number>>
  /** Rows and files that could not be read. */
  readonly unreadable: number
}

const names: readonly (readonly [table: string, one: string, many: string])[] = [
  ['project', 'project', 'projects'],
  ['example', 'example', 'examples'],
  ['passage', 'passage', 'passages'],
  ['run', 'run', 'runs'],
  ['search', 'search', 'searches'],
  ['chat', 'chat', 'chats'],
  ['model', 'model', 'models'],
]

/** The sentence that the window and the command line show after a rebuild. */
export function rebuildSentence({ reason, setAside, counts, unreadable }: Outcome): string {
  const back = names
    .filter(([table]) => (counts[table] ?? 0) > 0)
    .map(([table, one, many]) => {
      const count = counts[table] ?? 0
      return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
    })
  const aside = setAside === null ? '' : ` The old file was kept as ${setAside}.`
  const came = back.length > 0 ? `Back are ${listed(back)}.` : 'Nothing was found to bring back.'
  const lost =
    unreadable > 0
      ? ` ${unreadable.toLocaleString('en')} ${unreadable === 1 ? 'row or file' : 'rows or files'} could not be read.`
      : ''
  return (
    `The store had to be made anew from the folders beside it: ${reason}.${aside} ${came}${lost} ` +
    'What was changed in the last second before may be missing.'
  )
}

function listed(parts: readonly string[]): string {
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1) ?? ''}`
}
