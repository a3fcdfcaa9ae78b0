const sentenceEnd = /[.!?…][)"'”’\]]*(?=\s)|[。！？]|\n+/gu
// Before these a full stop ends no sentence.
const abbreviation =
  /(?:^|[\s(])(?:\p{L}|e\.g|i\.e|cf|vs|etc|Mr|Mrs|Ms|Dr|Prof|No|Nr|Fig|Sec|z\.B|d\.h|bzw|ca|p\.ej|Sr|Sra)\.$/u

/** The sentences of a text; together they are the text. Found by their marks, abbreviations left aside. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = []
  let start = 0
  for (const found of text.matchAll(sentenceEnd)) {
    const end = found.index + found[0].length
    const before = text.slice(Math.max(start, end - 12), end)
    if (end <= start || abbreviation.test(before)) continue
    const space = /^\s*/.exec(text.slice(end, end + 100))?.[0].length ?? 0
    sentences.push(text.slice(start, end + space))
    start = end + space
  }
  if (start < text.length) sentences.push(text.slice(start))
  return sentences
}
