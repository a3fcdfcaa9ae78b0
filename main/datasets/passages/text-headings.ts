/** A heading that a paragraph of plain text is or begins with. */
export interface TextHeading {
  readonly level: number
  readonly text: string
  /** Lines of the paragraph below it. */
  readonly rest: readonly string[]
  /** True where it may as well be an entry of a list: `3. Eggs`. */
  readonly isDoubtful: boolean
  /** True for `CHAPTER IV` alone, whose title may be the next paragraph. */
  readonly isUntitled: boolean
}

const longest = 100
const underline = /^\s*(={3,}|-{3,}|~{3,}|\*{3,})\s*$/
const levels: Readonly<Record<string, number>> = { '=': 1, '*': 1, '-': 2, '~': 3 }
const chapter =
  /^(?:chapter|part|book|section|appendix|kapitel|teil|abschnitt|anhang|chapitre|partie|capítulo|parte|sección)\s+(?:[ivxlcdm]{1,8}|\d{1,4}|[a-z]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\b[.:)]?(?:\s+\S.*)?$/i
const bareChapter = /^\S+\s+\S+[.:)]?$/
const numbered = /^(\d{1,3}(?:\.\d{1,3}){0,4})(\.?)\s+(?=\p{Lu})(\S.*)$/u
const endsLikeText = /[.;,:!?]$/

/** The heading of a paragraph, where its form says so clearly: an underline, a word for chapter, a number. */
export function textHeading(lines: readonly string[]): TextHeading | null {
  const [first, second] = lines.map(tidy)
  if (first === undefined || first.length > longest) return null
  const mark = second === undefined ? null : underline.exec(second)?.[1]
  if (mark && mark.length >= first.length * 0.5 && /[\p{L}\p{N}]/u.test(first))
    return {
      level: levels[mark.charAt(0)] ?? 2,
      text: first,
      rest: lines.slice(2),
      isDoubtful: false,
      isUntitled: false,
    }
  if (lines.length <= 2 && chapter.test(first)) {
    const isWhole = second === undefined || (second.length <= longest && !endsLikeText.test(second))
    if (isWhole) {
      const text = second === undefined ? first : `${first} ${second}`
      return {
        level: /^(?:part|book|teil|partie|parte)\b/i.test(first) ? 1 : 2,
        text,
        rest: [],
        isDoubtful: false,
        isUntitled: bareChapter.test(text),
      }
    }
  }
  const found = lines.length === 1 ? numbered.exec(first) : null
  if (!found || endsLikeText.test(first)) return null
  const depth = (found[1] ?? '').split('.').length
  return { level: depth + 1, text: first, rest: [], isDoubtful: depth === 1, isUntitled: false }
}

/** Whether a paragraph below `CHAPTER IV` is its title: one short line that is no sentence. */
export function isChapterTitle(lines: readonly string[]): boolean {
  const [first = ''] = lines
  return (
    lines.length === 1 &&
    first.trim().length <= 80 &&
    !endsLikeText.test(first.trim()) &&
    /\p{L}/u.test(first)
  )
}

function tidy(line: string): string {
  return line.trim().replaceAll(/\s+/g, ' ')
}
