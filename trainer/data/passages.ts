import { TrainerError } from '../errors.ts'
import type { Example } from './example.ts'
import type { TextTokenizer } from './tokenizer.ts'
import type { TrainingItem } from './training-examples.ts'

/** Whether an example is plain text to be learnt, which nothing is asked about. */
export function isPassage({ form }: Pick<Example, 'form'>): boolean {
  return form === 'passage'
}

/** The examples that ask something. */
export function askedExamples(examples: readonly Example[]): readonly Example[] {
  return examples.filter((example) => !isPassage(example))
}

/** @throws TrainerError `usage` where plain text is among the examples: for models that cannot learn from it. */
export function refusePassages(examples: readonly Example[]): void {
  const passage = examples.find(isPassage)
  if (passage)
    throw new TrainerError(
      'usage',
      `${passage.source} is a plain text without a question. Models that continue a text (GPT-Neo) are trained on those; this one learns from questions and tasks alone. Choose a GPT-Neo, or leave the texts out.`,
      { source: passage.source },
    )
}

export interface PassageOptions {
  readonly tokenizer: TextTokenizer
  /** What ends a text, and stands before the first one. */
  readonly eosTokenId: number
  /** Tokens of one chunk. */
  readonly length: number
}

/**
 * Cuts a text into chunks to be continued: every token of the text, and the end token after it, is the target of one
 * chunk; the source is the token before the chunk, for the first one the end token. No chunk holds two texts, and none
 * is lost.
 */
export function passageItems(
  { context }: Pick<Example, 'context'>,
  exampleIndex: number,
  { tokenizer, eosTokenId, length }: PassageOptions,
): TrainingItem[] {
  const ids = [...tokenizer.encode(context, { addSpecialTokens: false }), eosTokenId]
  return Array.from({ length: Math.ceil(ids.length / length) }, (_, chunk) => ({
    sourceIds: [ids[chunk * length - 1] ?? eosTokenId],
    targetIds: ids.slice(chunk * length, (chunk + 1) * length),
    exampleIndex,
  }))
}
