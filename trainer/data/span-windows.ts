import { TrainerError } from '../errors.ts'
import type { PlacedToken } from './placed-token.ts'
import { placeTokens } from './token-places.ts'
import type { TextTokenizer } from './tokenizer.ts'
import type { WindowOptions } from './windows.ts'

/** One row for a span head: `[CLS] question [SEP] part of the context [SEP]`. */
export interface SpanWindow {
  readonly sourceIds: readonly number[]
  /** The place in `sourceIds` where the context begins; from here on tokens are of type 1. */
  readonly contextStart: number
  /** The context's tokens in this window: the first, and the one after the last. */
  readonly firstToken: number
  readonly endToken: number
}

/** A question about a context, cut to the windows of a model. */
export interface SpanWindows {
  readonly windows: readonly SpanWindow[]
  /** All tokens of the context, with their places in it in UTF-16 units. */
  readonly tokens: readonly PlacedToken[]
  /** True where the question was cut to leave room for the context. */
  readonly questionCut: boolean
}

/**
 * The rows for a question about a context (Devlin et al. 2019, section 4.2), each of at most `maxSourceLength` ids:
 * windows of the context's tokens that overlap by `stride`, at most half of their room. A question that would leave the
 * context less than a quarter of the row is cut at its end.
 *
 * @throws TrainerError `setting_invalid` where `maxSourceLength` has no room for a context, `tokenizer_invalid` where
 * the tokenizer does not put one mark before a text and one after it.
 */
export function spanWindows(
  tokenizer: TextTokenizer,
  { question, context }: { readonly question: string; readonly context: string },
  { maxSourceLength, stride }: WindowOptions,
): SpanWindows {
  const [cls, sep] = marksOf(tokenizer)
  const reserve = Math.ceil(maxSourceLength / 4)
  const most = maxSourceLength - frame - reserve
  if (most < 1)
    throw new TrainerError(
      'setting_invalid',
      `A maxSourceLength of ${maxSourceLength} leaves no room for a question and a text. Set at least 8.`,
      { maxSourceLength },
    )
  const asked = placeTokens(tokenizer, question).map(({ id }) => id)
  const prefix = [cls, ...asked.slice(0, most), sep]
  const tokens = contextTokens(tokenizer, context)
  const room = maxSourceLength - prefix.length - 1
  const overlap = Math.min(stride, Math.floor(room / 2))
  const windows: SpanWindow[] = []
  for (let first = 0; ; first += room - overlap) {
    const end = Math.min(first + room, tokens.length)
    const ids = tokens.slice(first, end).map(({ id }) => id)
    windows.push({
      sourceIds: [...prefix, ...ids, sep],
      contextStart: prefix.length,
      firstToken: first,
      endToken: end,
    })
    if (end === tokens.length) break
  }
  return { windows, tokens, questionCut: asked.length > most }
}

const lastContexts = new WeakMap<TextTokenizer, { context: string; tokens: readonly PlacedToken[] }>()

/** Datasets ask several questions about a context, one after the other: the last one's tokens are kept. */
function contextTokens(tokenizer: TextTokenizer, context: string): readonly PlacedToken[] {
  const last = lastContexts.get(tokenizer)
  if (last?.context === context) return last.tokens
  const tokens = placeTokens(tokenizer, context)
  lastContexts.set(tokenizer, { context, tokens })
  return tokens
}

/** The marks of a row: one before the question, one after it, one after the context. */
const frame = 3

function marksOf(tokenizer: TextTokenizer): readonly [cls: number, sep: number] {
  const [cls, sep, ...others] = tokenizer.encode('')
  if (cls === undefined || sep === undefined || others.length > 0)
    throw new TrainerError(
      'tokenizer_invalid',
      'The tokenizer does not put one mark before a text and one after it ([CLS] and [SEP]), as models that mark answers want it. Copy the tokenizer from the place where the model came from.',
    )
  return [cls, sep]
}
