import { codePointLength } from './code-points.ts'
import type { Answer, Example } from './example.ts'
import { encoderPrompts } from './prompt-form.ts'
import { promptsOf } from './prompts.ts'
import { targetOf, unanswerable } from './qa-prompt.ts'
import type { TextTokenizer } from './tokenizer.ts'
import { encodeWithEnd } from './windows.ts'
import type { Window, WindowOptions } from './windows.ts'

export interface TrainingExampleOptions extends WindowOptions {
  /** Tokens of a target, the end token included. */
  readonly maxTargetLength: number
}

/**
 * One training item as token ids. With an encoder: a prompt and its target, both with the end token. For a model that
 * continues a text: prompt and answer, or no source and a stretch of plain text as the target. For a span head: the
 * ids of a window, and as the target the first and the last token's place in it.
 */
export interface TrainingItem {
  readonly sourceIds: readonly number[]
  readonly targetIds: readonly number[]
  /** Of a span item, the place in `sourceIds` where the context begins. */
  readonly contextStart?: number
  /** Index of the example that the item was made from. */
  readonly exampleIndex: number
}

export interface TrainingExamples {
  readonly items: readonly TrainingItem[]
  /** Windows that hold no answer, or a part of one, and are not trained on. */
  readonly windowsLeftOut: number
  /** Windows of answerable questions that hold nothing of an answer and are trained on as unanswerable. */
  readonly windowsUnanswerable: number
  /** Examples whose target was cut to `maxTargetLength`. */
  readonly answersCut: number
  /** Examples whose question or instruction was cut to leave room for the context. */
  readonly questionsCut: number
  /** Tasks whose input was cut to the model's window. */
  readonly inputsCut: number
}

/**
 * Turns examples into prompts and targets. Windows that hold the first answer whole get it as their target;
 * where none does, the one that holds most of it. Windows of answerable questions without any answer become
 * `unanswerable` where the examples know unanswerable questions at all, and are left out and counted otherwise. A
 * task is one item, whatever its length.
 *
 * @throws TrainerError `setting_invalid` as `promptWindows`.
 */
export function makeTrainingExamples(
  examples: readonly Example[],
  tokenizer: TextTokenizer,
  options: TrainingExampleOptions,
): TrainingExamples {
  const knowsUnanswerable = examples.some((example) => example.isImpossible)
  const items: TrainingItem[] = []
  let windowsLeftOut = 0
  let windowsUnanswerable = 0
  let answersCut = 0
  let questionsCut = 0
  let inputsCut = 0
  const { form = encoderPrompts, maxTargetLength } = options
  const encode = (text: string) => encodeTarget(tokenizer, form.target(text), maxTargetLength)
  const noAnswer = encode(unanswerable).ids

  for (const [exampleIndex, example] of examples.entries()) {
    const windows = promptsOf(tokenizer, example, options)
    const target = encode(targetOf(example))
    if (target.cut) answersCut++
    if (windows.some((window) => window.questionCut)) questionsCut++
    if (windows.some((window) => window.inputCut)) inputsCut++
    const add = (window: Window, targetIds: readonly number[]) =>
      items.push({ sourceIds: window.sourceIds, targetIds, exampleIndex })
    const answering = answeringWindows(windows, example)
    for (const window of windows) {
      if (answering.has(window)) add(window, target.ids)
      else if (knowsUnanswerable && example.answers.every((answer) => overlap(window, answer) === 0)) {
        add(window, noAnswer)
        windowsUnanswerable++
      } else windowsLeftOut++
    }
  }
  return { items, windowsLeftOut, windowsUnanswerable, answersCut, questionsCut, inputsCut }
}

/** The windows that get the example's target. */
function answeringWindows(windows: readonly Window[], { answers }: Example): Set<Window> {
  const [answer] = answers
  if (!answer || windows.length === 1) return new Set(windows)
  const length = codePointLength(answer.text)
  const whole = windows.filter((window) => overlap(window, answer) === length)
  if (whole.length > 0) return new Set(whole)
  const most = windows.reduce((best, window) =>
    overlap(window, answer) > overlap(best, answer) ? window : best,
  )
  return new Set([most])
}

/** Code points of an answer that stand in a window. */
function overlap(window: Window, { start, text }: Answer): number {
  if (start === null) return 0
  const end = start + codePointLength(text)
  return Math.max(0, Math.min(end, window.endCodePoint) - Math.max(start, window.startCodePoint))
}

function encodeTarget(
  tokenizer: TextTokenizer,
  text: string,
  maxLength: number,
): { ids: number[]; cut: boolean } {
  const ids = encodeWithEnd(tokenizer, text)
  if (ids.length <= maxLength) return { ids, cut: false }
  return { ids: [...ids.slice(0, Math.max(0, maxLength - 1)), ...ids.slice(-1)], cut: true }
}
