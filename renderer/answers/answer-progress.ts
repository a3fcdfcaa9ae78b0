import type { AnswerEvent, FoundPassage, Side, SideAnswer } from '../../main/contract/comparisons.ts'

/** One side's answer on its way. */
export interface SideProgress {
  /** What has come of it; a first reading, which the final answer may replace. */
  readonly text: string
  /** Null until it is whole. */
  readonly answer: SideAnswer | null
}

/** Where an asked question stands. */
export interface AnswerProgress {
  readonly phase: 'asked' | 'loading' | 'answering'
  /** Null until they are found, or where a passage was given with the question. */
  readonly passages: readonly FoundPassage[] | null
  readonly base: SideProgress
  /** Null where the base model alone is asked. */
  readonly tuned: SideProgress | null
}

const nothing: SideProgress = { text: '', answer: null }

/** A question that has just been asked, of the base model alone or of both. */
export function asked(withTuned: boolean): AnswerProgress {
  return { phase: 'asked', passages: null, base: nothing, tuned: withTuned ? nothing : null }
}

/** The progress after one more event. */
export function withEvent(progress: AnswerProgress, event: AnswerEvent): AnswerProgress {
  switch (event.kind) {
    case 'passages':
      return { ...progress, passages: event.passages }
    case 'loading':
      return { ...progress, phase: 'loading' }
    case 'token':
      return withSide(progress, event.side, (side) => ({ ...side, text: side.text + event.text }))
    case 'answer':
      return withSide(progress, event.side, (side) => ({ ...side, answer: event.answer }))
  }
}

function withSide(
  progress: AnswerProgress,
  side: Side,
  change: (side: SideProgress) => SideProgress,
): AnswerProgress {
  const before = progress[side]
  return before === null ? progress : { ...progress, phase: 'answering', [side]: change(before) }
}
