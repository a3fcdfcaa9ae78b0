import { hash } from 'node:crypto'

/** What is kept of a text beside itself. */
export interface TextFacts {
  /** SHA-256 of its UTF-8 bytes, hexadecimal: the same text is stored once in a project. */
  readonly hash: string
  readonly words: number
}

// Questions about one context stand together in most files.
const rememberedTexts = 64

/** Computes facts of texts and remembers those of the last ones. */
export function createTextFacts(): (text: string) => TextFacts {
  const known = new Map<string, TextFacts>()
  return (text) => {
    const found = known.get(text)
    if (found) return found
    const facts = factsOf(text)
    const oldest = known.size < rememberedTexts ? undefined : known.keys().next().value
    if (oldest !== undefined) known.delete(oldest)
    known.set(text, facts)
    return facts
  }
}

export function factsOf(text: string): TextFacts {
  return { hash: hash('sha256', text, 'hex'), words: countWords(text) }
}

/** Stretches without white space. */
export function countWords(text: string): number {
  return text.match(/\S+/gu)?.length ?? 0
}
