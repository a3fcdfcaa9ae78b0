/** A row of tokens in decoding. */
export interface Continuation {
  /** The prompt or start token, then what was generated, the end mark last where there is one. */
  readonly tokens: readonly number[]
  readonly promptLength: number
}

/** How many tokens were generated, the end mark included. */
export function generatedLength({ tokens, promptLength }: Continuation): number {
  return tokens.length - promptLength
}

/** What ends a row. */
export interface EndOptions {
  readonly eosTokenId: number
  readonly maxNewTokens: number
  readonly endsAt?: (generated: readonly number[]) => boolean
}

/** Whether a row ended by its end mark or a stop, and not for its length alone. */
export function isFinished(
  row: Continuation,
  { eosTokenId, endsAt }: Omit<EndOptions, 'maxNewTokens'>,
): boolean {
  if (row.tokens.at(-1) === eosTokenId && generatedLength(row) > 0) return true
  return endsAt?.(row.tokens.slice(row.promptLength)) ?? false
}

/** Whether a row has ended: by its end mark, a stop, or at `maxNewTokens`. */
export function hasEnded(row: Continuation, options: EndOptions): boolean {
  return generatedLength(row) >= options.maxNewTokens || isFinished(row, options)
}
