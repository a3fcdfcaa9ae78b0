import type { TextTokenizer } from './tokenizer.ts'

/** Takes ids one at a time and gives the text that can no longer change. */
export interface DecodeStream {
  push(id: number): string
  /** The rest of the text, to be called once at the end. */
  end(): string
}

/**
 * Decodes ids as they are generated, special tokens left out. Characters whose bytes are not all there yet
 * (U+FFFD at the end) are held back, and so is a last word that clean-up could still join to the one before;
 * all pieces together are the whole's decoding.
 */
export function decodeStream(tokenizer: TextTokenizer): DecodeStream {
  const ids: number[] = []
  let emitted = ''
  const advance = (stable: string) => {
    if (!stable.startsWith(emitted)) return ''
    const piece = stable.slice(emitted.length)
    emitted = stable
    return piece
  }
  const decode = () => tokenizer.decode(ids, { skipSpecialTokens: true })
  return {
    push(id) {
      ids.push(id)
      return advance(
        decode()
          .replace(/\ufffd+$/, '')
          .replace(/\s+$/, ''),
      )
    },
    end: () => advance(decode()),
  }
}
