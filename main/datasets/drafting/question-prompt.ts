import { taskPrompt } from '../../../trainer/data/task-prompt.ts'

/** The instruction under which any text-to-text model writes a question; `{answer}` stands for what answers it. */
export const questionInstruction = 'Write a question about the text that is answered by: {answer}'

/** The instruction for one answer, on one line. */
export function instructionFor(answer: string): string {
  return questionInstruction.replace('{answer}', () => answer.replace(/\s+/g, ' ').trim())
}

/** The prompt for a question about a text that an answer in it answers. */
export function questionPrompt(answer: string, text: string): string {
  return taskPrompt(instructionFor(answer), text)
}
