import { codePointIndex } from './code-points.ts'
import type { ExampleForm } from './example.ts'
import { encoderPrompts } from './prompt-form.ts'
import type { TextTokenizer } from './tokenizer.ts'
import { encodeIfShort, encodePrompt, fitFront, limit, promptWindows } from './windows.ts'
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
  { maxSourceLength, form = encoderPrompts }: WindowOptions,
): Prompt {
  const prompter = { tokenizer, form }
  const lengthOf = (text: string) => encodePrompt(prompter, text).length
  const prompt = (sourceIds: number[], asked: string, kept: string): Prompt => ({
    sourceIds: limit(sourceIds, maxSourceLength),
    start: 0,
    end: kept.length,
    startCodePoint: 0,
    endCodePoint: codePointIndex(kept).length,
    questionCut: asked !== instruction,
    inputCut: kept !== input,
  })
  const whole = encodeIfShort(prompter, form.task(instruction, input), maxSourceLength)
  if (whole) return prompt(whole, instruction, input)

  const reserve = input.trim() === '' ? 0 : Math.ceil(maxSourceLength / 4)
  const asked = fitFront(
    tokenizer,
    instruction,
    (text) => lengthOf(form.task(text, '')) + reserve <= maxSourceLength,
    {
      most: maxSourceLength,
    },
  )
  const kept = fitFront(tokenizer, input, (text) => lengthOf(form.task(asked, text)) <= maxSourceLength, {
    most: maxSourceLength,
    room: maxSourceLength - lengthOf(form.task(asked, '')),
  })
  return prompt(encodePrompt(prompter, form.task(asked, kept)), asked, kept)
}
