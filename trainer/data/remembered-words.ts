import { BPE } from '@huggingface/tokenizers'
import type { Tokenizer } from '@huggingface/tokenizers'

const cacheLimit = 200_000
const longestCached = 64

/**
 * Lets a BPE model remember the words that it has divided. The library does so too, in a Map that it changes at every
 * look-up, which takes most of the time of encoding.
 */
export function rememberWords({ model }: Tokenizer): void {
  if (!(model instanceof BPE)) return
  const known = new Map<string, readonly string[]>()
  const divide = model.encode.bind(model)
  model.max_length_to_cache = 0
  model.encode = (words) => {
    const tokens: string[] = []
    for (const word of words) {
      let pieces = known.get(word)
      if (!pieces) {
        pieces = divide([word])
        if (known.size >= cacheLimit) known.clear()
        if (word.length <= longestCached) known.set(word, pieces)
      }
      for (const piece of pieces) tokens.push(piece)
    }
    return tokens
  }
}
