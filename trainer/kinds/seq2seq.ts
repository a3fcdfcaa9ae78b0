import { packPairs } from '../data/pack-pairs.ts'
import type { PackedPairs } from '../data/pack-pairs.ts'
import { refusePassages } from '../data/passages.ts'
import { encoderPrompts } from '../data/prompt-form.ts'
import { makeTrainingExamples } from '../data/training-examples.ts'
import type { Seq2SeqArchitecture } from '../models/architecture.ts'
import type { FeedBatch, ModelKind } from './kind.ts'
import { tokenFeeds } from './token-feeds.ts'

/** An encoder reads the prompt, a decoder writes the answer: every token of the answer is a label. */
export function seq2seqKind({ config }: Pick<Seq2SeqArchitecture, 'config'>): ModelKind {
  return {
    prompts: encoderPrompts,
    makeItems: (examples, { tokenizer, maxSourceLength, settings: { maxTargetLength, stride } }) => {
      refusePassages(examples)
      return makeTrainingExamples(examples, tokenizer, {
        maxSourceLength,
        maxTargetLength,
        stride,
        form: encoderPrompts,
      })
    },
    collate: (items) => pairFeeds(packPairs(items, config)),
    // A row may have one place more than its longest item (see `layTokens`).
    sizesOf: ({ batch, source, target }) => ({
      batch,
      source: source + 1,
      target: target + 1,
      sourceTokens: batch * source + 1,
      targetTokens: batch * target + 1,
    }),
  }
}

/** What the loss graph is fed for packed pairs. */
export function pairFeeds({ source, target, labels, labelRows, tokens }: PackedPairs): FeedBatch {
  return {
    feeds: {
      ...tokenFeeds('source', source),
      ...tokenFeeds('target', target),
      labels: { dtype: 'int64', data: labels, shape: [labels.length] },
      labelRows: { dtype: 'int64', data: labelRows, shape: [labelRows.length] },
    },
    sizes: {
      batch: source.rows,
      source: source.length,
      target: target.length,
      sourceTokens: source.tokens,
      targetTokens: target.tokens,
    },
    labels: labels.length,
    tokens,
  }
}
