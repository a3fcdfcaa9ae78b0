import type { ExampleAnswer } from '../../../main/contract/examples.ts'
import { codePointLength } from '../../text/code-points.ts'
import type { Mark } from '../../text/marked-segments.ts'

/** Marks for answers where they stand; the target of a task stands nowhere. */
export function answerMarks(answers: readonly ExampleAnswer[], tone: Mark['tone'], label?: string): Mark[] {
  return answers.flatMap(({ text, start }) =>
    start === null
      ? []
      : [{ start, end: start + codePointLength(text), tone, ...(label === undefined ? {} : { label }) }],
  )
}
