import type { SpanWindow, SpanWindows } from '../data/span-windows.ts'

/** The scores of a row's tokens as the first and as the last of the answer. */
export interface SpanLogits {
  readonly start: ArrayLike<number>
  readonly end: ArrayLike<number>
}

/** A stretch of the context, in UTF-16 units, and its score, the sum of the logits of its ends. */
export interface ScoredSpan {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly score: number
}

export interface RankedSpans {
  /** The best spans of different texts, best first. */
  readonly spans: readonly ScoredSpan[]
  /** The score of there being no answer: that of `[CLS]` in the window that denies it least. */
  readonly nullScore: number
}

export interface RankOptions {
  readonly nBest: number
  /** Tokens of an answer. */
  readonly maxAnswerLength: number
}

/**
 * The best spans of a context over all its windows (Devlin et al. 2019, section 4.3; the ranking of Google's
 * `run_squad.py`, without its limit to the best starts and ends): a span begins in that window where its first token
 * has most context around it, and of spans with the same text the best counts.
 */
export function rankSpans(
  { windows, tokens }: SpanWindows,
  logits: readonly SpanLogits[],
  context: string,
  { nBest, maxAnswerLength }: RankOptions,
): RankedSpans {
  const widest = mostContext(windows, tokens.length)
  const best = new Map<string, ScoredSpan>()
  let nullScore = Infinity
  for (const [index, window] of windows.entries()) {
    const row = logits[index]
    if (!row) continue
    nullScore = Math.min(nullScore, (row.start[0] ?? 0) + (row.end[0] ?? 0))
    for (const span of spansOf(window, row, { widest, index, maxAnswerLength, nBest, tokens })) {
      const from = tokens[span.first]?.start ?? 0
      const to = tokens[span.last]?.end ?? from
      const text = context.slice(from, to)
      if ((best.get(text)?.score ?? -Infinity) < span.score)
        best.set(text, { text, start: from, end: to, score: span.score })
    }
  }
  const spans = [...best.values()].sort((a, b) => b.score - a.score || a.start - b.start).slice(0, nBest)
  return { spans, nullScore }
}

export interface LikelySpans {
  readonly spans: readonly (ScoredSpan & { readonly probability: number })[]
  /** That there is no answer; 0 where that is not thought of. */
  readonly noAnswer: number
}

/**
 * The probabilities of the best spans: the softmax over their scores and, with `noAnswer`, that of there being none,
 * which takes one of the `nBest` places if it is among them.
 */
export function likelySpans(
  { spans, nullScore }: RankedSpans,
  { nBest, noAnswer }: { readonly nBest: number; readonly noAnswer: boolean },
): LikelySpans {
  const crowdedOut = noAnswer && spans.length === nBest && (spans.at(-1)?.score ?? 0) < nullScore
  const kept = crowdedOut ? spans.slice(0, -1) : spans
  const scores = kept.map(({ score }) => score)
  const probabilities = softmax(noAnswer ? [...scores, nullScore] : scores)
  return {
    spans: kept.map((span, i) => ({ ...span, probability: probabilities[i] ?? 0 })),
    noAnswer: noAnswer ? (probabilities.at(-1) ?? 1) : 0,
  }
}

function softmax(scores: readonly number[]): number[] {
  const most = Math.max(...scores)
  const exponentials = scores.map((score) => Math.exp(score - most))
  const sum = exponentials.reduce((a, b) => a + b, 0)
  return exponentials.map((value) => value / sum)
}

interface TokenSpan {
  readonly first: number
  readonly last: number
  readonly score: number
}

interface WindowSearch extends RankOptions {
  /** The index of the window in which each token has most context. */
  readonly widest: readonly number[]
  readonly index: number
  readonly tokens: SpanWindows['tokens']
}

/** A window's best spans; more than are asked for, since several may have one text. */
function spansOf(
  { contextStart, firstToken, endToken }: SpanWindow,
  { start, end }: SpanLogits,
  { widest, index, maxAnswerLength, nBest }: WindowSearch,
): readonly TokenSpan[] {
  const kept = 4 * nBest
  let found: TokenSpan[] = []
  let least = -Infinity
  const place = contextStart - firstToken
  for (let first = firstToken; first < endToken; first++) {
    if (widest[first] !== index) continue
    const startLogit = start[place + first] ?? -Infinity
    const limit = Math.min(endToken, first + maxAnswerLength)
    for (let last = first; last < limit; last++) {
      const score = startLogit + (end[place + last] ?? -Infinity)
      if (score <= least) continue
      found.push({ first, last, score })
      if (found.length < 2 * kept) continue
      found = best(found, kept)
      least = found.at(-1)?.score ?? -Infinity
    }
  }
  return best(found, kept)
}

function best(spans: readonly TokenSpan[], count: number): TokenSpan[] {
  return spans.toSorted((a, b) => b.score - a.score).slice(0, count)
}

/** For each token the window with most tokens on its shorter side, as `_check_is_max_context` decides. */
function mostContext(windows: readonly SpanWindow[], count: number): readonly number[] {
  const widest = new Array<number>(count).fill(0)
  const scores = new Array<number>(count).fill(-Infinity)
  for (const [index, { firstToken, endToken }] of windows.entries())
    for (let token = firstToken; token < endToken; token++) {
      const score = Math.min(token - firstToken, endToken - 1 - token) + 0.01 * (endToken - firstToken)
      if (score > (scores[token] ?? -Infinity)) {
        scores[token] = score
        widest[token] = index
      }
    }
  return widest
}
