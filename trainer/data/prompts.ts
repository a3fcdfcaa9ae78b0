import { codePointIndex } from './code-points.ts'
import type { ExampleForm } from './example.ts'
import { taskPrompt } from './task-prompt.ts'
import type { TextTokenizer } from './tokenizer.ts'
import { encodeIfShort, encodeWithEnd, fitFront, limit, promptWindows } from './windows.ts'
import type { Window, WindowOptions } from './windows.ts'

/** What a model is asked: a question about a context, or of a task the instruction and its input. */
export interface Asked {
  /** `qa` where it is left out. */
  readonly form?: ExampleForm
  readonly question: string
  readonly context: string
}

export interface Prompt extends Window {
  /** True where the input of a task was cut to what fits beside its instruction. */
  readonly inputCut: boolean
}

/**
 * The prompts of a question or task, each of at most `maxSourceLength` ids: for a question as many windows as its
 * context needs, for a task one, whose input is cut at its end to what fits. An instruction that would leave the
 * input less than a quarter of the window is cut at its own end.
 *
 * @throws TrainerError `setting_invalid` as `promptWindows`.
 */
export function promptsOf(tokenizer: TextTokenizer, asked: Asked, options: WindowOptions): Prompt[] {
  const { form = 'qa', question, context } = asked
  if (form === 'task') return [taskPromptIds(tokenizer, asked, options)]
  return promptWindows(tokenizer, question, context, options).map((window) => ({
    ...window,
    inputCut: false,
  }))
}

function taskPromptIds(
  tokenizer: TextTokenizer,
  { question: instruction, context: input }: Asked,
  { maxSourceLength }: WindowOptions,
): Prompt {
  const lengthOf = (text: string) => encodeWithEnd(tokenizer, text).length
  const prompt = (sourceIds: number[], asked: string, kept: string): Prompt => ({
    sourceIds: limit(sourceIds, maxSourceLength),
    start: 0,
    end: kept.length,
    startCodePoint: 0,
    endCodePoint: codePointIndex(kept).length,
    questionCut: asked !== instruction,
    inputCut: kept !== input,
  })
  const whole = encodeIfShort(tokenizer, taskPrompt(instruction, input), maxSourceLength)
  if (whole) return prompt(whole, instruction, input)

  const reserve = input.trim() === '' ? 0 : Math.ceil(maxSourceLength / 4)
  const asked = fitFront(tokenizer, instruction, (text) => lengthOf(text) + reserve <= maxSourceLength, {
    most: maxSourceLength,
  })
  const kept = fitFront(tokenizer, input, (text) => lengthOf(taskPrompt(asked, text)) <= maxSourceLength, {
    most: maxSourceLength,
    room: maxSourceLength - lengthOf(asked),
  })
  return prompt(encodeWithEnd(tokenizer, taskPrompt(asked, kept)), asked, kept)
}
