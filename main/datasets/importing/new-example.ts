import type { Example } from '../../../trainer/data/example.ts'
import type { RawObject } from '../../../trainer/data/raw-record.ts'
import { taskOf } from '../../../trainer/data/tasks.ts'
import type { SplitName } from '../../contract/splits.ts'
import type { NewExample, NewPassage } from './insert-batch.ts'
import { countWords } from './text-facts.ts'
import type { TextFacts } from './text-facts.ts'

/** A checked example as it is stored. */
export function newExample(
  example: Example,
  facts: TextFacts,
  at: { place: string; split: SplitName; extra?: RawObject | null },
): NewExample {
  const [answer] = example.answers
  return {
    hash: facts.hash,
    key: example.id,
    question: example.question,
    answers: JSON.stringify(example.answers.map(({ text, start }) => ({ text, start }))),
    isImpossible: example.isImpossible,
    group: example.group,
    place: at.place,
    split: at.split,
    contextWords: facts.words,
    questionWords: countWords(example.question),
    answerWords: answer ? countWords(answer.text) : 0,
    form: example.form === 'task' ? 'task' : 'qa',
    task: example.form === 'task' ? taskOf(example) : null,
    extra: at.extra ? JSON.stringify(at.extra) : null,
  }
}

/** The context of an example as it is stored. */
export function contextPassage(example: Example, facts: TextFacts, place: string): NewPassage {
  // A group that was made from the context's own hash is no title.
  const title = madeGroup.test(example.group) ? '' : example.group
  return {
    ...facts,
    title,
    heading: [],
    page: null,
    place,
    text: example.context,
    searchable: example.form === 'qa',
  }
}

/** What the record checker names the group of a record without a title. */
export const madeGroup = /^context [0-9a-f]{16}$/
