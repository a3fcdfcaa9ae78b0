import type { PromptForm } from '../data/prompt-form.ts'
import type { Example } from '../data/example.ts'
import type { TrainingExamples, TrainingItem } from '../data/training-examples.ts'
import type { SymbolSizes } from '../nn/dropout.ts'
import type { TextTokenizer } from '../data/tokenizer.ts'
import type { Settings } from '../settings.ts'
import type { Value } from '../session.ts'

/** The feeds of one pass over a loss graph (see `Architecture`). */
export interface FeedBatch {
  readonly feeds: Readonly<Record<string, Value>>
  /** What the symbols in the graph's shapes stand for in this batch. */
  readonly sizes: SymbolSizes
  /** What the loss graph sums over: labels, or rows where each row has one answer. */
  readonly labels: number
  /** Real tokens, no padding. */
  readonly tokens: number
  /** What the batch was made of, for a session that keeps what it computed of an item. */
  readonly items?: readonly TrainingItem[]
}

/** The sizes of the largest batch that will be fed. */
export interface LargestBatch {
  readonly batch: number
  readonly source: number
  readonly target: number
  /** The longest source and target of one item together, where it is known. */
  readonly together?: number
}

export interface ItemOptions {
  readonly tokenizer: TextTokenizer
  /** Tokens of one prompt. */
  readonly maxSourceLength: number
  readonly settings: Pick<Settings, 'maxTargetLength' | 'stride' | 'passageLength'>
}

/** How data reach a kind of architecture: what differs between them while training. */
export interface ModelKind {
  /** How questions and tasks are put to the model; null for a model that writes no text. */
  readonly prompts: PromptForm | null
  /** Turns examples into items. @throws TrainerError `setting_invalid` where a prompt has no room. */
  makeItems(examples: readonly Example[], options: ItemOptions): TrainingExamples
  /** Lays items one after another, without padding, and into rows for attention. */
  collate(items: readonly TrainingItem[]): FeedBatch
  /** What the symbols stand for in a batch of these sizes. */
  sizesOf(largest: LargestBatch): SymbolSizes
}
