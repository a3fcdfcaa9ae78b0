import { padBatch } from '../data/batches.ts'
import type { PaddedBatch } from '../data/batches.ts'
import { refusePassages } from '../data/passages.ts'
import { encoderPrompts } from '../data/prompt-form.ts'
import { makeTrainingExamples } from '../data/training-examples.ts'
import type { Seq2SeqArchitecture } from '../models/architecture.ts'
import type { FeedBatch, ModelKind } from './kind.ts'

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
    collate: (items) => paddedFeeds(padBatch(items, config)),
    sizesOf: ({ batch, source, target }) => ({ batch, source, target }),
  }
}

/** What the loss graph is fed for a padded batch. */
export function paddedFeeds(padded: PaddedBatch): FeedBatch {
  const { batch, sourceLength: source, targetLength: target, labels, labelRows, tokens } = padded
  return {
    feeds: {
      inputIds: { dtype: 'int64', data: padded.inputIds, shape: [batch, source] },
      attentionMask: { dtype: 'float32', data: padded.attentionMask, shape: [batch, source] },
      decoderInputIds: { dtype: 'int64', data: padded.decoderInputIds, shape: [batch, target] },
      labels: { dtype: 'int64', data: labels, shape: [labels.length] },
      labelRows: { dtype: 'int64', data: labelRows, shape: [labelRows.length] },
    },
    sizes: { batch, source, target },
    labels: labels.length,
    tokens,
  }
}
