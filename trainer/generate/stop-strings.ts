import { decodeStream } from '../data/decode-stream.ts'
import type { TextTokenizer } from '../data/tokenizer.ts'

/** Stop strings as a person types them: `\n` and `\t` stand for a new line and a tab. */
export function readStopStrings(typed: readonly string[] | null): readonly string[] {
  return (typed ?? []).map((text) => text.replaceAll('\\n', '\n').replaceAll('\\t', '\t'))
}

/** The text before the first stop string; all of it where there is none. */
export function cutAtStop(text: string, stops: readonly string[]): string {
  const places = stops.map((stop) => text.indexOf(stop)).filter((place) => place !== -1)
  return text.slice(0, Math.min(text.length, ...places))
}

/**
 * Whether new tokens hold a stop string, whatever the tokens that its parts are in: what `generate` takes as `endsAt`.
 * Undefined where there is nothing to stop at.
 */
export function endsAtStop(
  tokenizer: TextTokenizer,
  stops: readonly string[],
): ((generated: readonly number[]) => boolean) | undefined {
  if (stops.length === 0) return undefined
  return (generated) => {
    const text = tokenizer.decode(generated, { skipSpecialTokens: true })
    return stops.some((stop) => text.includes(stop))
  }
}

/** Takes tokens one at a time and gives pieces of text that can no longer change. */
export interface AnswerStream {
  push(token: number): string
  /** The rest of the text, to be called once at the end. */
  end(): string
}

/**
 * The text of an answer as it is written: without white space around it, and nothing from a stop string on. What
 * might become one is held back.
 */
export function answerStream(tokenizer: TextTokenizer, stops: readonly string[]): AnswerStream {
  const decoded = decodeStream(tokenizer)
  let text = ''
  let told = 0
  const advance = (stable: string) => {
    const shown = stable.trim()
    const piece = shown.slice(told)
    told = Math.max(told, shown.length)
    return piece
  }
  return {
    push(token) {
      text += decoded.push(token)
      return advance(heldBack(cutAtStop(text, stops), stops))
    },
    end() {
      text += decoded.end()
      return advance(cutAtStop(text, stops))
    },
  }
}

/** The text without an end that is the beginning of a stop string. */
function heldBack(text: string, stops: readonly string[]): string {
  const lengths = stops.flatMap((stop) =>
    Array.from({ length: stop.length - 1 }, (_, i) => i + 1).filter((length) =>
      text.endsWith(stop.slice(0, length)),
    ),
  )
  return text.slice(0, text.length - Math.max(0, ...lengths))
}
