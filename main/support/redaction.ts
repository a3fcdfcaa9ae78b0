import { homedir, hostname, userInfo } from 'node:os'

/** Takes out of a text what may be a person's own. */
export type Redaction = (text: string) => string

/** Names shorter than this are everyday words, or parts of them. */
const shortestName = 3

/**
 * Takes out: what stands in quotes (values of the data), paths but their endings, web addresses, mail addresses, the
 * names of user and machine, and the given names, each by what stands for it.
 */
export function createRedaction(home: string, names: ReadonlyMap<string, string>): Redaction {
  const folders: readonly (readonly [string, string])[] = [
    [home, '<home>'],
    [homedir(), '<user>'],
  ]
  const own: readonly (readonly [string, string])[] = [
    [hostname(), '<machine>'],
    [userName(), '<user>'],
  ]
  // Longer names first: one may be a part of another.
  const known = [...names, ...own]
    .filter(([name]) => name.length >= shortestName)
    .sort(([a], [b]) => b.length - a.length)
  return (text) => {
    let kept = text
    for (const [folder, place] of folders) if (folder.length > 1) kept = kept.replaceAll(folder, place)
    kept = kept
      .replace(/"(?:[^"\\]|\\.)*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|`[^`]*`|(?<!\w)'[^'\n]*'(?!\w)/g, '"…"')
      .replace(/\b[a-z][a-z0-9+.-]*:\/\/[^\s)>\]]+/gi, '<address>')
      .replace(/[^\s@<>]+@[^\s@<>]+\.\w+/g, '<mail>')
      .replace(/(?:<home>|<user>|[A-Za-z]:|\\\\)?[/\\][^\s:,;()"'<>]*[/\\][^\s:,;()"'<>]*/g, pathShown)
    for (const [name, place] of known) kept = kept.replaceAll(name, place)
    return kept
  }
}

/** Of a path its ending, and the folder of the home that it lies in. */
function pathShown(path: string): string {
  const ending = /\.\w{1,12}$/.exec(path)?.[0] ?? ''
  const inside = /^<home>[/\\](projects|models|exports|uploads|logs)\b/.exec(path)?.[1]
  return inside === undefined ? `<path${ending}>` : `<home>/${inside}/…${ending}`
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    // An account without an entry in the system's list.
    return ''
  }
}
