/** The source text of a task: its instruction, then a blank line and the input where there is one. */
export function taskPrompt(instruction: string, input: string): string {
  return input.trim() === '' ? instruction : `${instruction}\n\n${input}`
}
