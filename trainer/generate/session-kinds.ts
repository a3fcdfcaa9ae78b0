import type { SpanWindow } from '../data/span-windows.ts'
import type { Adapter } from '../lora/peft-adapter.ts'
import type { SpanLogits } from './spans.ts'
import type { StepDecoder } from './step-decoder.ts'

/** A loaded model that writes answers: as it is, or with an adapter that is fed with each call. */
export interface GenerativeSession {
  readonly kind: 'generative'
  /**
   * Reads prompts and returns a decoder that stands at their end, with `beams` rows for each prompt. Without an
   * adapter the base model answers.
   */
  start(prompts: readonly (readonly number[])[], options: StartOptions): Promise<StepDecoder>
  dispose(): Promise<void>
}

export interface StartOptions {
  readonly adapter: Adapter | null
  readonly beams: number
}

/** A loaded model that marks answers in a text. */
export interface SpanSession {
  readonly kind: 'extractive'
  /** The scores of each row's tokens as the ends of an answer. Without an adapter the base model's head marks. */
  mark(
    rows: readonly Pick<SpanWindow, 'sourceIds' | 'contextStart'>[],
    adapter: Adapter | null,
  ): Promise<readonly SpanLogits[]>
  dispose(): Promise<void>
}

export type AnsweringSession = GenerativeSession | SpanSession
