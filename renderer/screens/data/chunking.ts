import type { Chunking } from '../../../main/contract/imports.ts'

/** Where a person begins who sets the size. */
export const proposedChunking: Chunking = { tokens: 256, overlap: 32 }

/** Where the two sizes may lie; an overlap is less than half of its passage, or the text would not go on. */
const tokensFrom = 32
const tokensTo = 4096
const overlapTo = 1024

export interface AskedChunking {
  /** Null where one of the two is wrong. */
  readonly chunking: Chunking | null
  readonly isTokensWrong: boolean
  readonly isOverlapWrong: boolean
}

/** The sizes that two fields ask for. */
export function chunkingOf(tokensField: string | number, overlapField: string | number): AskedChunking {
  const tokens = wholeNumber(tokensField)
  const overlap = wholeNumber(overlapField)
  const isTokensWrong = tokens === null || tokens < tokensFrom || tokens > tokensTo
  const isOverlapWrong =
    overlap === null || overlap > overlapTo || (tokens !== null && !isTokensWrong && overlap * 2 > tokens)
  const chunking =
    tokens === null || overlap === null || isTokensWrong || isOverlapWrong ? null : { tokens, overlap }
  return { chunking, isTokensWrong, isOverlapWrong }
}

function wholeNumber(field: string | number): number | null {
  const text = String(field ?? '').trim()
  return /^\d{1,9}$/.test(text) ? Number(text) : null
}
