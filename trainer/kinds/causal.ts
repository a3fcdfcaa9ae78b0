import type { Example } from '../data/example.ts'
import { packRows } from '../data/pack-rows.ts'
import { isPassage, passageItems } from '../data/passages.ts'
import { continuedPrompts } from '../data/prompt-form.ts'
import { makeTrainingExamples } from '../data/training-examples.ts'
import type { TrainingExamples } from '../data/training-examples.ts'
import type { CausalArchitecture } from '../models/architecture.ts'
import type { FeedBatch, ItemOptions, ModelKind } from './kind.ts'
import { tokenFeeds } from './token-feeds.ts'

/** Tokens of a chunk of plain text where the setting leaves it open and the model has room. */
const usualPassageLength = 512

/**
 * A decoder alone continues a prompt: the tokens of the answer are the labels, the prompt's are not. Of plain text
 * every token is a label.
 */
export function causalKind({ config }: Pick<CausalArchitecture, 'config'>): ModelKind {
  return {
    prompts: continuedPrompts,
    makeItems: (examples, options) => makeItems(examples, options, config),
    collate: (items): FeedBatch => {
      const packed = packRows(items, config.padTokenId)
      const { rows, length, labels, labelRows } = packed
      return {
        feeds: {
          ...tokenFeeds('token', packed),
          tokenPositions: { dtype: 'int64', data: packed.positions, shape: [packed.tokens] },
          segmentIds: { dtype: 'int64', data: packed.segmentIds, shape: [rows, length] },
          labels: { dtype: 'int64', data: labels, shape: [labels.length] },
          labelRows: { dtype: 'int64', data: labelRows, shape: [labelRows.length] },
        },
        sizes: { batch: rows, length, tokens: packed.tokens, labels: labels.length },
        labels: labels.length,
        tokens: packed.realTokens,
      }
    },
    // A row may have one place more than its longest item (see `layTokens`).
    sizesOf: ({ batch, source, target, together = source + target }) => ({
      batch,
      length: together,
      tokens: batch * (together - 1) + 1,
      labels: batch * target,
    }),
  }
}

function makeItems(
  examples: readonly Example[],
  { tokenizer, maxSourceLength, settings }: ItemOptions,
  { maxLength, eosTokenId }: CausalArchitecture['config'],
): TrainingExamples {
  const { maxTargetLength, stride, passageLength } = settings
  const entries = [...examples.entries()]
  const asked = entries.filter(([, example]) => !isPassage(example))
  const made = makeTrainingExamples(
    asked.map(([, example]) => example),
    tokenizer,
    { maxSourceLength, maxTargetLength, stride, form: continuedPrompts },
  )
  const length = Math.min(passageLength ?? usualPassageLength, maxLength)
  const passages = entries.flatMap(([index, example]) =>
    isPassage(example) ? passageItems(example, index, { tokenizer, eosTokenId, length }) : [],
  )
  const answered = made.items.map((item) => ({ ...item, exampleIndex: asked[item.exampleIndex]?.[0] ?? 0 }))
  return { ...made, items: [...answered, ...passages] }
}
