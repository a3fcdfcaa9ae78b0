/** So many words in a row that also stand in a document are taken for a piece of it. */
const run = 5

/** Strikes out of lines what also stands in other texts. */
export interface SharedWords {
  /** Looks through one text; any number of them, in any order. */
  compare(text: string): void
  /** The lines, without the runs of five and more words that were met. */
  struck(): readonly string[]
}

/**
 * The last guard of what leaves the machine: whatever coincides with a document over five words in a row is taken out,
 * whoever wrote it there. Time grows with the texts, memory with the lines.
 */
export function createSharedWords(lines: readonly string[]): SharedWords {
  const words = lines.map(wordsOf)
  const wanted = new Set(words.flatMap((found) => runsOf(found.map(({ key }) => key))))
  const met = new Set<string>()
  return {
    compare: (text) => {
      for (const one of runsOf(wordsOf(text).map(({ key }) => key))) if (wanted.has(one)) met.add(one)
    },
    struck: () => lines.map((line, i) => without(line, words[i] ?? [], met)),
  }
}

interface Word {
  readonly key: string
  readonly start: number
  readonly end: number
}

/** A word; of scripts that write no spaces between words each character counts as one. */
const word =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]|[[\p{L}\p{M}\p{N}]--[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]]+/gv

function wordsOf(text: string): Word[] {
  return [...text.matchAll(word)].map((match) => ({
    key: match[0].toLowerCase(),
    start: match.index,
    end: match.index + match[0].length,
  }))
}

function runsOf(keys: readonly string[]): string[] {
  return keys.slice(0, Math.max(0, keys.length - run + 1)).map((_, i) => keys.slice(i, i + run).join(' '))
}

function without(line: string, words: readonly Word[], met: ReadonlySet<string>): string {
  let kept = ''
  let at = 0
  runsOf(words.map(({ key }) => key)).forEach((one, i) => {
    const [first, last] = [words[i], words[i + run - 1]]
    if (!met.has(one) || !first || !last) return
    if (first.start >= at) kept += `${line.slice(at, first.start)}[text of a document]`
    at = Math.max(at, last.end)
  })
  return kept + line.slice(at)
}
