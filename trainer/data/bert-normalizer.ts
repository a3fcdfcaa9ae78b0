/** What a BERT tokenizer does to a text before it looks for pieces; the fields of `BertNormalizer` in tokenizer.json. */
export interface BertNormalization {
  readonly cleanText: boolean
  readonly handleChineseChars: boolean
  readonly stripAccents: boolean
  readonly lowercase: boolean
}

/** A character after normalisation, and the part of the text that it stands for, in UTF-16 units. */
export interface PlacedCharacter {
  readonly character: string
  readonly start: number
  end: number
}

/** A run of characters that pieces are looked for in: between spaces, or one punctuation or Chinese character. */
export type PlacedWord = readonly PlacedCharacter[]

const spaces = /^\p{White_Space}$/u
const dropped = /^[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u{fffd}]$/u
const keptControls = new Set(['\t', '\n', '\r'])
const accents = /^\p{Mn}$/u
// The ASCII symbols count as punctuation, as in Google's first tokenizer.
const punctuation = /^[\p{P}!-/:-@[-`{-~]$/u
const chinese =
  /^[\u{4e00}-\u{9fff}\u{3400}-\u{4dbf}\u{20000}-\u{2a6df}\u{2a700}-\u{2b73f}\u{2b740}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{f900}-\u{faff}\u{2f800}-\u{2fa1f}]$/u

/**
 * The words of a text as BERT's normalizer and pre-tokenizer give them (Devlin et al. 2019; the rules of Hugging
 * Face's `tokenizers`, character by character), each character with its place in the text. One character may become
 * several (`한` three letters, `İ` two) or none; an accent that is stripped belongs to the letter before it.
 *
 * @param text Well-formed.
 * @param offset Added to every place.
 */
export function bertWords(text: string, normalization: BertNormalization, offset = 0): PlacedWord[] {
  const { cleanText, handleChineseChars, stripAccents, lowercase } = normalization
  const words: PlacedCharacter[][] = []
  let word: PlacedCharacter[] = []
  const close = () => {
    if (word.length > 0) words.push(word)
    word = []
  }
  let end = offset
  for (const original of text) {
    const start = end
    end += original.length
    if (isPlain(original)) {
      word.push({ character: lowercase ? original.toLowerCase() : original, start, end })
      continue
    }
    if (cleanText && dropped.test(original) && !keptControls.has(original)) continue
    const isChinese = handleChineseChars && chinese.test(original)
    if (isChinese) close()
    for (const decomposed of stripAccents ? original.normalize('NFD') : original) {
      if (stripAccents && accents.test(decomposed)) {
        const letter = word.at(-1)
        if (letter) letter.end = end
        continue
      }
      for (const character of lowercase ? decomposed.toLowerCase() : decomposed) {
        const alone = punctuation.test(character)
        if (alone || spaces.test(character)) close()
        if (!spaces.test(character)) word.push({ character, start, end })
        if (alone) close()
      }
    }
    if (isChinese) close()
  }
  close()
  return words
}

/** Latin letters and digits, of which most texts consist: nothing happens to them but lower-casing. */
function isPlain(character: string): boolean {
  return /^[A-Za-z0-9]$/.test(character)
}
