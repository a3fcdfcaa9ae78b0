import { MetaspacePreTokenizer, Tokenizer, Unigram } from '@huggingface/tokenizers'
import { unigramPieces, wordEncoder } from './unigram.ts'
import type { ScoredPieces } from './unigram.ts'

/** What a tokenizer.json says that decides how a Unigram model encodes. */
export interface UnigramDescription {
  readonly pieces: ScoredPieces
  readonly unknownId: number
  /** Texts that are tokens of their own. */
  readonly added: readonly { readonly id: number; readonly content: string }[]
}

export interface UnigramTokenizer {
  readonly tokenizer: Tokenizer
  /** As `Tokenizer.encode`, many times as fast. */
  encode(text: string, options: { readonly addSpecialTokens: boolean }): number[]
}

/**
 * A tokenizer whose words are encoded by themselves and remembered, as the reference library does behind Metaspace; null
 * where `description` names another pre-tokenizer. The JavaScript library keeps a trie of Maps, which takes most of the
 * time of opening a model, and searches a whole text for its best pieces, across the borders of words. So it is given one
 * piece, and the vocabulary is looked up here; texts with added tokens among them it divides itself.
 *
 * @throws what the library throws for a description that it cannot use
 */
export function openUnigramTokenizer(
  description: Readonly<Record<string, unknown>>,
  config: Readonly<Record<string, unknown>>,
  { pieces, unknownId, added }: UnigramDescription,
): UnigramTokenizer | null {
  const unknown = pieces[unknownId]
  if (!unknown) return null
  const model = { ...(description['model'] as object), vocab: [unknown], unk_id: 0 }
  const tokenizer = new Tokenizer({ ...description, model }, config)
  const { model: unigram, pre_tokenizer: metaspace, normalizer } = tokenizer
  if (!(unigram instanceof Unigram) || !(metaspace instanceof MetaspacePreTokenizer)) return null

  const tokens = pieces.map(([piece]) => piece)
  const ids = new Map(tokens.map((piece, id) => [piece, id]))
  for (const { id, content } of added) {
    tokens[id] = content
    ids.set(content, id)
  }
  unigram.vocab = tokens
  unigram.tokens_to_ids = ids
  unigram.unk_token_id = unknownId
  const piecesOf = unigramPieces(pieces, unknownId)
  const mark = metaspace.replacement
  unigram.encode = (texts) => texts.flatMap((text) => splitBefore(text, mark)).flatMap(piecesOf)

  const marks = marksAround(tokenizer)
  const hasAdded = containsAny([
    ...added.map(({ content }) => content),
    ...normalizedContents(added, normalizer),
  ])
  const encodeWords = wordEncoder(piecesOf, { mark, idOf: (piece) => ids.get(piece) ?? unknownId, unknownId })
  const changed = config['remove_space'] === true || config['do_lowercase_and_remove_accent'] === true
  return {
    tokenizer,
    encode(text, { addSpecialTokens }) {
      const normalized = normalizer ? normalizer.normalize(text) : text
      if (!marks || changed || hasAdded(text) || hasAdded(normalized))
        return tokenizer.encode(text, { add_special_tokens: addSpecialTokens }).ids
      const encoded = addSpecialTokens ? [...marks.before] : []
      const [words] = normalized === '' ? [] : metaspace.pre_tokenize_text(normalized, { section_index: 0 })
      if (words !== undefined) encodeWords(words, encoded)
      if (addSpecialTokens) encoded.push(...marks.after)
      return encoded
    },
  }
}

/** The special tokens before and after a text; null where the post-processor does something else. */
function marksAround(
  tokenizer: Tokenizer,
): { readonly before: readonly number[]; readonly after: readonly number[] } | null {
  const whole = tokenizer.encode('a b').ids
  const bare = tokenizer.encode('a b', { add_special_tokens: false }).ids
  const start = whole.findIndex((_, at) => bare.every((id, i) => whole[at + i] === id))
  if (start === -1 || bare.length === 0) return null
  return { before: whole.slice(0, start), after: whole.slice(start + bare.length) }
}

function normalizedContents(
  added: UnigramDescription['added'],
  normalizer: Tokenizer['normalizer'],
): readonly string[] {
  return normalizer ? added.map(({ content }) => normalizer.normalize(content)) : []
}

function containsAny(contents: readonly string[]): (text: string) => boolean {
  const some = contents.filter((content) => content !== '')
  if (some.length === 0) return () => false
  const pattern = new RegExp(
    some.map((content) => content.replace(/[$()*+.?[\\\]^{|}]/g, '\\$&')).join('|'),
    'u',
  )
  return (text) => pattern.test(text)
}

function splitBefore(text: string, mark: string): string[] {
  const parts: string[] = []
  for (let start = 0; start < text.length;) {
    const next = text.indexOf(mark, start + 1)
    const end = next === -1 ? text.length : next
    parts.push(text.slice(start, end))
    start = end
  }
  return parts
}
