import type { PlacedToken } from './placed-token.ts'
import type { TextTokenizer } from './tokenizer.ts'

/**
 * The tokens of a text, without the model's own marks, each with its place. A tokenizer that knows the places of its
 * pieces says them; with another, words are encoded one by one and each of a word's tokens has the whole word's place.
 */
export function placeTokens(tokenizer: TextTokenizer, text: string): PlacedToken[] {
  if (tokenizer.placed) return tokenizer.placed(text)
  return [...text.matchAll(/\S+/gu)].flatMap(({ 0: word, index }) =>
    tokenizer
      .encode(word, { addSpecialTokens: false })
      .map((id) => ({ id, start: index, end: index + word.length })),
  )
}
