const ligatures: Readonly<Record<string, string>> = {
  ﬀ: 'ff',
  ﬁ: 'fi',
  ﬂ: 'fl',
  ﬃ: 'ffi',
  ﬄ: 'ffl',
  ﬅ: 'st',
  ﬆ: 'st',
}

/** What office programs take from the fonts Symbol and Wingdings, by its place in the private use area. */
const symbols: Readonly<Record<string, string>> = {
  '\uf0a7': '▪',
  '\uf0a8': '◻',
  '\uf0b7': '•',
  '\uf0d8': '➢',
  '\uf0e0': '→',
  '\uf0fb': '✗',
  '\uf0fc': '✓',
  '\uf0fe': '☑',
}

/** Signs of symbol fonts as such; characters that mean something in one font alone go. */
export function wingdings(text: string): string {
  return text.replaceAll(/[\ue000-\uf8ff]/g, (one) => symbols[one] ?? '')
}

/** A line as a printer has it, as text: ligatures as letters, symbols as such, no control characters. */
export function fromPrint(text: string): string {
  return wingdings(text)
    .replaceAll(/[ﬀ-ﬆ]/g, (one) => ligatures[one] ?? one)
    .replaceAll(/\u00ad(?!$)|[\0-\x08\x0e-\x1f]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
    .toWellFormed()
}
