import type { ProblemKind } from '../../../trainer/data/example.ts'
import type { SetProblemKind } from '../checks/set-problem.ts'
import type { ReadingProblem } from '../readers/table.ts'

interface Explained {
  readonly title: string
  /** What it means and what the mend does. */
  readonly explanation: string
}

/** What was found in files, for a person; in the order of their weight. */
export const problemKinds: Readonly<
  Record<ProblemKind | SetProblemKind | ReadingProblem['kind'], Explained>
> = {
  answer_not_in_context: {
    title: 'Answer is not in its context',
    explanation:
      'The answer does not occur in its context word for word, so there is nothing to point at. The mend takes the stretch of the context that is most like it; look at it before you accept it.',
  },
  contradiction: {
    title: 'Answers contradict each other',
    explanation:
      'One question about one context has different answers in different rows, so the model is taught both. The mend accepts all of the answers in each of the rows, or leaves out the row that calls the question unanswerable.',
  },
  split_leak: {
    title: 'Training knows the test',
    explanation:
      'The same or nearly the same text, or the same question with its answer, stands in training and in what is held out, so scores look better than they are. The mend leaves out the row in training.',
  },
  near_duplicate: {
    title: 'Nearly the same row twice',
    explanation:
      'Another row asks the same, but for case, punctuation or small words, about nearly the same context and has the same answer. The mend leaves out the later one.',
  },
  answer_missing: {
    title: 'No answer',
    explanation:
      'The question has no answer and is not marked as unanswerable. The mend keeps it as a question that its context does not answer; accept it only where that is so.',
  },
  target_missing: {
    title: 'No target',
    explanation:
      'The row says what to do but not what should come out. There is no mend: fill the column in the file, or choose another column as the target.',
  },
  context_missing: {
    title: 'No context',
    explanation:
      'The row has no text that the question is about. There is no mend: fill the column in the file, or choose another column as the context.',
  },
  question_missing: {
    title: 'No question',
    explanation:
      'The row has no question. There is no mend: fill the column in the file, or choose another column as the question.',
  },
  not_a_record: {
    title: 'Row cannot be read',
    explanation:
      'The row does not have the form of the others: too few or too many columns, or damaged JSON. There is no mend: repair it in the file and import it again.',
  },
  text_mojibake: {
    title: 'Letters were decoded wrongly',
    explanation:
      'The text shows “Ã¤” for “ä” or “â€™” for “’”: UTF-8 that some program read in another encoding. The mend writes it as it was meant, where that is certain.',
  },
  text_too_long: {
    title: 'Text is unusually long',
    explanation:
      'A question, answer or context is far longer than usual, as when a column holds something else. The row is used as it is; look at it, and remove it where it is wrong.',
  },
  context_beyond_window: {
    title: 'Context is longer than the model reads at once',
    explanation:
      'The model is trained on such a context in several windows that overlap, which works but takes longer. The mend cuts it at ends of sentences around its answers, so that it fits.',
  },
  record_duplicate: {
    title: 'Row stands there twice',
    explanation:
      'The same context, question and answers stand in the file before. The row was left out, and undo takes it in all the same; one with an id of its own was kept, and the mend leaves it out.',
  },
  answer_offset_off: {
    title: 'Answer was moved',
    explanation:
      'The answer did not start where the file says. It was moved to the nearest place where it stands; undo leaves the row out.',
  },
  answer_offset_unit: {
    title: 'Offset counts something else',
    explanation:
      'The file counts bytes or UTF-16 units where characters are counted here. The offsets were converted; undo leaves the row out.',
  },
  answer_ambiguous: {
    title: 'Answer stands there several times',
    explanation:
      'The answer occurs more than once in its context and the file does not say which is meant. The first was taken; undo leaves the row out.',
  },
  answer_despite_impossible: {
    title: 'Answers to an unanswerable question',
    explanation: 'The question is marked as unanswerable, yet it has answers. The answers were left out.',
  },
  id_missing: {
    title: 'No id',
    explanation: 'The row has no id. Its place in the file serves as one.',
  },
  id_duplicate: {
    title: 'Id is taken',
    explanation: 'Another row has the same id. A number was put behind this one.',
  },
  text_malformed: {
    title: 'Damaged characters',
    explanation:
      'The text holds halves of characters. They were replaced by the sign for an unknown character.',
  },
  encoding_guessed: {
    title: 'Encoding was guessed',
    explanation:
      'The file is not UTF-8. It was read in the encoding that its letters speak for; if they look wrong, save it again as UTF-8.',
  },
  encoding_damaged: {
    title: 'Damaged bytes',
    explanation: 'Some bytes are no text in UTF-8. They show as the sign for an unknown character.',
  },
  file_cut_off: {
    title: 'File ends too early',
    explanation:
      'The file ends in the middle of a record, as after a download that was broken off. What came before it was read.',
  },
  column_left_out: {
    title: 'Column was left out',
    explanation: 'The column holds data of a type that is not text. The others were read.',
  },
  header_missing: {
    title: 'No column names',
    explanation: 'The first row holds data, not names. The columns were numbered.',
  },
  header_mended: {
    title: 'Column names were changed',
    explanation: 'Some column names were empty or there twice. They were made distinct.',
  },
  row_faulty: { title: 'Row cannot be read', explanation: 'The row does not have the form of the others.' },
  rows_missing: { title: 'No rows', explanation: 'There is a row of column names and nothing below it.' },
  part_unreadable: {
    title: 'Part of a document cannot be read',
    explanation:
      'Some pages or chapters are damaged or hold no text. They were left out; the others were read.',
  },
  document_empty: { title: 'No text', explanation: 'No text was found in the document.' },
}

/** What a kind of problem is called and means; also of a kind that this version does not know. */
export function explained(kind: string): Explained {
  return Object.hasOwn(problemKinds, kind)
    ? problemKinds[kind as keyof typeof problemKinds]
    : { title: kind, explanation: 'Found by another version of Loracle.' }
}
