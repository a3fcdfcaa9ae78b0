import type { DataSummary } from '../contract/datasets.ts'

const fewest = 50
const few = 200

/**
 * What a person should know before training, as sentences, the weightiest first.
 *
 * @param repeated Held-out questions that training asks in the same words about the same context.
 * @param doubled Questions that stand in the data once more, about the same context.
 */
export function adviceFor(
  summary: Omit<DataSummary, 'advice'>,
  { repeated, doubled }: { readonly repeated: number; readonly doubled: number },
): string[] {
  const { examples, answerable, unanswerable, contexts, groups, rejected, passages } = summary
  const { train, validation, test } = summary.splits
  if (examples === 0)
    return passages > 0
      ? ['There are documents but no questions. Mark answers in them, or add a file with questions.']
      : []
  const advice: (string | false)[] = [
    train === 0 && 'No question is left to train on: all are held out. Give training a share.',
    examples < fewest &&
      `${count(examples, 'question')} ${examples === 1 ? 'is' : 'are'} very few: the model will learn little, and scores over so few say little. Aim at ${few} or more.`,
    examples >= fewest &&
      examples < few &&
      `${count(examples, 'question')} are few. ${few} or more, in several wordings each, give a model more to learn from.`,
    validation + test === 0 &&
      'No question is held out, so nothing will show what the model has learnt. Give validation and test a share, or add a file for testing.',
    validation > 0 &&
      test === 0 &&
      'Questions are held out for validation but none for testing, so answers of before and after cannot be compared. Give test a share.',
    groups === 1 &&
      contexts > 1 &&
      'All questions are of one document or article, so single contexts are held out: the test says little about other documents.',
    contexts === 1 &&
      'All questions are about one context: none of them can be held out without showing the model its text.',
    answerable === 0 && 'Every question is marked as unanswerable: the model will learn to answer nothing.',
    unanswerable > answerable &&
      answerable > 0 &&
      `${count(unanswerable, 'question')} of ${examples.toLocaleString('en-US')} are unanswerable: the model will say too often that there is no answer.`,
    rejected > 0 &&
      rejected * 10 >= examples &&
      `${count(rejected, 'row')} ${rejected === 1 ? 'was' : 'were'} left out. Look at the problems: many can be mended.`,
    repeated > 0 &&
      `${count(repeated, 'held-out question')} ${repeated === 1 ? 'is' : 'are'} asked in training in the same words about the same context: scores will look better than they are. Remove the repeated ones, or the file that brings them.`,
    // Some data asks a question twice on purpose; a file that was imported twice doubles nearly everything.
    doubled * 4 >= examples &&
      `${count(doubled, 'question')} ${doubled === 1 ? 'stands' : 'stand'} in the data more than once, about the same context. If a file was imported twice, remove it once.`,
  ]
  return advice.filter((sentence) => sentence !== false)
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en-US')} ${noun}${number === 1 ? '' : 's'}`
}
