import { qaPrompt } from './qa-prompt.ts'
import { taskPrompt } from './task-prompt.ts'

/** How questions, tasks and their answers are written for a model that writes texts. */
export interface PromptForm {
  question(question: string, context: string): string
  task(instruction: string, input: string): string
  /** The target text of an answer. */
  target(text: string): string
  /** Whether a prompt ends with the end token. */
  readonly ended: boolean
  /** What ends an answer where the model does not: it goes on with a prompt of its own. */
  readonly stops: readonly string[]
}

/** For models with an encoder: the source text of the QA task as T5 was trained on it. */
export const encoderPrompts: PromptForm = Object.freeze({
  question: qaPrompt,
  task: taskPrompt,
  target: (text: string) => text,
  ended: true,
  stops: [],
})

/**
 * For models that continue a text. The question stands before the context, so that the context is read in its
 * light: what comes later is seen, what comes earlier sees nothing of it.
 */
export const continuedPrompts: PromptForm = Object.freeze({
  question: (question: string, context: string) => `Question: ${question}\nContext: ${context}\nAnswer:`,
  task: (instruction: string, input: string) => `${taskPrompt(instruction, input)}\nAnswer:`,
  target: (text: string) => ` ${text}`,
  ended: false,
  stops: ['\nQuestion:', '\nContext:', '\nAnswer:'],
})
