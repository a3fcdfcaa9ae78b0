import { codePointIndex, codePointLength } from '../data/code-points.ts'
import type { Example, ExampleForm } from '../data/example.ts'
import { spanWindows } from '../data/span-windows.ts'
import type { SpanWindow, SpanWindows } from '../data/span-windows.ts'
import { packTokens } from '../data/pack-pairs.ts'
import type { TrainingExamples, TrainingItem } from '../data/training-examples.ts'
import { TrainerError } from '../errors.ts'
import type { ExtractiveArchitecture } from '../models/architecture.ts'
import type { Value } from '../session.ts'
import type { FeedBatch, ItemOptions, ModelKind } from './kind.ts'
import { tokenFeeds } from './token-feeds.ts'

/** An encoder reads question and context and marks where the answer starts and ends: a row has two labels, its places. */
export function extractiveKind({ config }: Pick<ExtractiveArchitecture, 'config'>): ModelKind {
  return {
    prompts: null,
    makeItems: makeSpanItems,
    collate: (items) => packWindows(items, config),
    // A row may have one place more than its longest item (see `layTokens`).
    sizesOf: ({ batch, source }) => ({ batch, length: source + 1, tokens: batch * source + 1 }),
  }
}

/** @throws TrainerError `usage` for anything but a question about a text. */
export function requireQuestion(form: ExampleForm): void {
  if (form !== 'qa')
    throw new TrainerError(
      'usage',
      `This model marks answers in a text: it answers questions about texts and does nothing of the form ${form}. Use such data, or choose a T5 or GPT-Neo.`,
      { form },
    )
}

/**
 * The windows of examples with the places of their first answers (Devlin et al. 2019, section 4.3). Windows with
 * nothing of the answer point at `[CLS]` where the examples know unanswerable questions at all, and are left out and
 * counted otherwise; so are windows with a part of it, unless none has it whole: then the one with most of it is taken.
 *
 * @throws TrainerError as `spanWindows`, and `usage` for examples that are no questions about a text.
 */
function makeSpanItems(
  examples: readonly Example[],
  { tokenizer, maxSourceLength, settings: { stride } }: ItemOptions,
): TrainingExamples {
  const knowsUnanswerable = examples.some((example) => example.isImpossible)
  const items: TrainingItem[] = []
  const counts = { windowsLeftOut: 0, windowsUnanswerable: 0, answersCut: 0, questionsCut: 0, inputsCut: 0 }
  for (const [exampleIndex, example] of examples.entries()) {
    requireQuestion(example.form)
    const cut = spanWindows(tokenizer, example, { maxSourceLength, stride })
    if (cut.questionCut) counts.questionsCut++
    const add = ({ sourceIds, contextStart }: SpanWindow, targetIds: readonly number[]) =>
      items.push({ sourceIds, contextStart, targetIds, exampleIndex })
    const answer = answerTokens(example, cut)
    const most = Math.max(0, ...cut.windows.map((window) => tokensWithin(window, answer)))
    if (answer && most < answer.end - answer.first) counts.answersCut++
    for (const window of cut.windows) {
      const within = tokensWithin(window, answer)
      if (answer && within > 0 && within === most) {
        const place = (token: number) => window.contextStart + token - window.firstToken
        const last = Math.min(answer.end, window.endToken) - 1
        add(window, [place(Math.max(answer.first, window.firstToken)), place(last)])
      } else if (within === 0 && knowsUnanswerable) {
        add(window, [0, 0])
        if (answer) counts.windowsUnanswerable++
      } else counts.windowsLeftOut++
    }
  }
  return { items, ...counts }
}

interface TokenRange {
  readonly first: number
  /** After the last. */
  readonly end: number
}

/** The context's tokens that have a part of the first answer; null where there is none. */
function answerTokens({ context, answers: [answer] }: Example, { tokens }: SpanWindows): TokenRange | null {
  if (answer?.start == null) return null
  const index = codePointIndex(context)
  const from = index.toUtf16(answer.start)
  const to = index.toUtf16(answer.start + codePointLength(answer.text))
  const first = tokens.findIndex(({ end }) => end > from)
  const last = tokens.findLastIndex(({ start }) => start < to)
  return first === -1 || last < first ? null : { first, end: last + 1 }
}

function tokensWithin({ firstToken, endToken }: SpanWindow, range: TokenRange | null): number {
  return range ? Math.max(0, Math.min(range.end, endToken) - Math.max(range.first, firstToken)) : 0
}

/** Windows one after another, each in a row of its own; an item's target is where its answer starts and ends. */
function packWindows(
  items: readonly TrainingItem[],
  { padTokenId }: { readonly padTokenId: number },
): FeedBatch {
  const packed = packTokens(
    items.map(({ sourceIds }) => sourceIds),
    padTokenId,
  )
  const { rows, length, tokens } = packed
  const positions = items.flatMap(({ sourceIds }) => [...sourceIds.keys()])
  const types = items.flatMap(({ sourceIds, contextStart = 0 }) =>
    sourceIds.map((_, i) => (i < contextStart ? 0 : 1)),
  )
  const ofTokens = (values: readonly number[]): Value => ({
    dtype: 'int64',
    data: BigInt64Array.from([...values, 0], BigInt),
    shape: [tokens],
  })
  return {
    feeds: {
      ...tokenFeeds('token', packed),
      tokenPositions: ofTokens(positions),
      tokenTypes: ofTokens(types),
      ...answerPlaces(items),
    },
    sizes: { batch: rows, length, tokens },
    labels: items.length,
    tokens: tokens - 1,
  }
}

function answerPlaces(items: readonly TrainingItem[]): FeedBatch['feeds'] {
  const side = (index: 0 | 1): Value => ({
    dtype: 'int64',
    data: BigInt64Array.from(items, ({ targetIds }) => BigInt(targetIds[index] ?? 0)),
    shape: [items.length],
  })
  return { startPositions: side(0), endPositions: side(1) }
}

/** Windows padded to the longest among them, as answering feeds them. */
export function collateWindows(
  items: readonly Pick<TrainingItem, 'sourceIds' | 'contextStart'>[],
  { padTokenId }: { readonly padTokenId: number },
): FeedBatch['feeds'] {
  const batch = items.length
  const length = items.reduce((most, { sourceIds }) => Math.max(most, sourceIds.length), 0)
  const inputIds = new BigInt64Array(batch * length).fill(BigInt(padTokenId))
  const tokenTypeIds = new BigInt64Array(batch * length)
  const attentionMask = new Float32Array(batch * length)
  for (const [row, { sourceIds, contextStart = 0 }] of items.entries()) {
    for (const [i, id] of sourceIds.entries()) inputIds[row * length + i] = BigInt(id)
    attentionMask.fill(1, row * length, row * length + sourceIds.length)
    tokenTypeIds.fill(1n, row * length + contextStart, row * length + sourceIds.length)
  }
  const shape = [batch, length]
  return {
    inputIds: { dtype: 'int64', data: inputIds, shape },
    attentionMask: { dtype: 'float32', data: attentionMask, shape },
    tokenTypeIds: { dtype: 'int64', data: tokenTypeIds, shape },
  }
}
