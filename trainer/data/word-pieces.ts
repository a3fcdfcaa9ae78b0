import { z } from 'zod'
import { bertWords } from './bert-normalizer.ts'
import type { BertNormalization, PlacedWord } from './bert-normalizer.ts'
import type { PlacedToken } from './placed-token.ts'

const descriptionSchema = z.looseObject({
  model: z.looseObject({
    type: z.literal('WordPiece'),
    vocab: z.record(z.string(), z.int().nonnegative()),
    unk_token: z.string().default('[UNK]'),
    continuing_subword_prefix: z.string().default('##'),
    max_input_chars_per_word: z.int().positive().default(100),
  }),
  normalizer: z.looseObject({
    type: z.literal('BertNormalizer'),
    clean_text: z.boolean().default(true),
    handle_chinese_chars: z.boolean().default(true),
    strip_accents: z.boolean().nullish(),
    lowercase: z.boolean().default(true),
  }),
  pre_tokenizer: z.looseObject({ type: z.literal('BertPreTokenizer') }),
  added_tokens: z.array(
    z.looseObject({
      id: z.int().nonnegative(),
      content: z.string().min(1),
      normalized: z.boolean().optional(),
    }),
  ),
})

const cacheLimit = 100_000

/**
 * A tokenizer of WordPiece (Wu et al. 2016) behind BERT's normalizer that says where each token stands, from the
 * content of a tokenizer.json; null where that describes another kind of tokenizer. Ids and places are those of Hugging
 * Face's `tokenizers`, but that a token ends after the accents of its last letter.
 */
export function placedWordPieces(description: unknown): ((text: string) => PlacedToken[]) | null {
  const parsed = descriptionSchema.safeParse(description)
  if (!parsed.success) return null
  const { model, normalizer, added_tokens: added } = parsed.data
  const vocabulary = new Map(Object.entries(model.vocab))
  const unknown = vocabulary.get(model.unk_token)
  if (unknown === undefined) return null
  const normalization: BertNormalization = {
    cleanText: normalizer.clean_text,
    handleChineseChars: normalizer.handle_chinese_chars,
    stripAccents: normalizer.strip_accents ?? normalizer.lowercase,
    lowercase: normalizer.lowercase,
  }
  const marks = new Map(added.map(({ id, content }) => [content, id]))
  const markPattern = patternOf(marks)
  const known = new Map<string, readonly Piece[]>()
  const piecesOf = (word: PlacedWord): readonly Piece[] => {
    const characters = word.map(({ character }) => character)
    const text = characters.join('')
    const remembered = known.get(text)
    if (remembered) return remembered
    const whole = [{ id: unknown, length: characters.length }]
    const pieces =
      characters.length > model.max_input_chars_per_word
        ? whole
        : (longestPieces(characters, vocabulary, model.continuing_subword_prefix) ?? whole)
    if (known.size >= cacheLimit) known.clear()
    known.set(text, pieces)
    return pieces
  }
  return (text) =>
    splitAtMarks(text.toWellFormed(), marks, markPattern).flatMap(({ part, start, id }) =>
      id === null
        ? bertWords(part, normalization, start).flatMap((word) => placePieces(word, piecesOf(word)))
        : [{ id, start, end: start + part.length }],
    )
}

/** A piece of a word, and how many of its characters it takes. */
interface Piece {
  readonly id: number
  readonly length: number
}

/** From the left always the longest piece that the vocabulary has; null where some character begins none. */
function longestPieces(
  characters: readonly string[],
  vocabulary: ReadonlyMap<string, number>,
  prefix: string,
): readonly Piece[] | null {
  const pieces: Piece[] = []
  for (let start = 0; start < characters.length;) {
    let end = characters.length
    let id: number | undefined
    for (; end > start; end--) {
      const text = characters.slice(start, end).join('')
      id = vocabulary.get(start > 0 ? prefix + text : text)
      if (id !== undefined) break
    }
    if (id === undefined) return null
    pieces.push({ id, length: end - start })
    start = end
  }
  return pieces
}

function placePieces(word: PlacedWord, pieces: readonly Piece[]): PlacedToken[] {
  let next = 0
  return pieces.map(({ id, length }) => {
    const start = word[next]?.start ?? 0
    next += length
    return { id, start, end: word[next - 1]?.end ?? start }
  })
}

/** Finds a tokenizer's own marks, of which the longest counts; null where it has none. */
function patternOf(marks: ReadonlyMap<string, number>): RegExp | null {
  const pattern = [...marks.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((mark) => mark.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&'))
    .join('|')
  return pattern === '' ? null : new RegExp(`(${pattern})`, 'u')
}

/** The parts of a text between the tokenizer's own marks such as `[SEP]`, and those marks. */
function splitAtMarks(
  text: string,
  marks: ReadonlyMap<string, number>,
  pattern: RegExp | null,
): { readonly part: string; readonly start: number; readonly id: number | null }[] {
  const parts: { part: string; start: number; id: number | null }[] = []
  let start = 0
  for (const part of pattern ? text.split(pattern) : [text]) {
    if (part !== '') parts.push({ part, start, id: marks.get(part) ?? null })
    start += part.length
  }
  return parts
}
