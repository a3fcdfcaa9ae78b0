/** Knows the words of a document well enough to undo the hyphens at the ends of its lines. */
export interface Hyphenation {
  /** Takes the words of a line as evidence. */
  learn(line: string): void
  /** The text before a line break as it goes on, and what follows: `exam-` and `ple` give `exam` and `ple`. */
  join(text: string, line: string): { readonly text: string; readonly next: string }
}

const mostWords = 300_000
// Only from a word's beginning: from each of its letters on, a long run of letters would take its square.
const compound = /(?<!\p{L})\p{L}+(?:[-‐]\p{L}+)+/gu
const lastPart = /(\p{L}+(?:[-‐]\p{L}+)*)[-‐]$/u
const firstPart = /^(\p{Ll}\p{L}*)/u
const softHyphen = /\u00ad$/

/**
 * Where lines were broken within words (`isBroken`, as in print), a hyphen is kept only if the document has the
 * word with it elsewhere, and not without; otherwise it goes only if the document has the word without it.
 */
export function hyphenation({ isBroken }: { readonly isBroken: boolean }): Hyphenation {
  const compounds = new Set<string>()
  const words = new Set<string>()
  return {
    learn: (line) => {
      if (compounds.size + words.size > mostWords) return
      for (const [word] of line.matchAll(compound)) compounds.add(word.replaceAll('‐', '-').toLowerCase())
      for (const [word] of line.matchAll(/\p{L}+/gu)) words.add(word.toLowerCase())
    },
    join: (text, line) => {
      if (softHyphen.test(text)) return { text: text.slice(0, -1), next: line }
      const before = lastPart.exec(text.slice(-80))?.[1]?.toLowerCase()
      if (before === undefined) return { text: `${text} `, next: line }
      const after = firstPart.exec(line)?.[1]?.toLowerCase()
      // A name, a number or another compound goes on after its hyphen.
      if (after === undefined) return { text: /^[\p{L}\p{N}]/u.test(line) ? text : `${text} `, next: line }
      const isWord = words.has(before + after)
      const isKept = !isWord && (!isBroken || compounds.has(`${before}-${after}`))
      return { text: isKept ? text : text.slice(0, -1), next: line }
    },
  }
}
