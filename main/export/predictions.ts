import type { StoryQuestion } from './run-story.ts'

/**
 * The tuned model's answers as the official SQuAD scorer reads them: one object, id → answer, empty where the
 * model called the question unanswerable. Of an id that two test sets share the first is kept.
 */
export function predictionsText(questions: readonly StoryQuestion[]): string {
  // A map keeps the order and takes every id; an object sorts those that look like numbers.
  const answers = new Map<string, string>()
  for (const { id, tuned } of questions) if (!answers.has(id)) answers.set(id, tuned)
  const lines = [...answers].map(([id, tuned]) => `  ${JSON.stringify(id)}: ${JSON.stringify(tuned)}`)
  return `{\n${lines.join(',\n')}\n}\n`
}
