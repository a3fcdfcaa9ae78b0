import { writeFile } from 'node:fs/promises'
import { seededRandom } from '../../../trainer/data/random.ts'

export interface ScoringFiles {
  /** SQuAD 2.0. */
  readonly data: string
  readonly predictions: string
}

const words =
  'the a river Basin, 1871 treaty (first) of northern kings; and an old church-yard near Ghent'.split(' ')
const questionsPerParagraph = 5

/** Writes questions of which a third have no answer and the others three, and predictions of which some are right. */
export async function writeQuestions(count: number, { data, predictions }: ScoringFiles): Promise<void> {
  const random = seededRandom(0, 'scoring')
  const below = (limit: number) => Math.floor(random() * limit)
  const text = (length: number) => Array.from({ length }, () => words[below(words.length)] ?? '').join(' ')
  const predicted: Record<string, string> = {}
  const paragraphs = Array.from({ length: Math.ceil(count / questionsPerParagraph) }, (_, paragraph) => {
    const context = text(120)
    const first = paragraph * questionsPerParagraph
    const qas = Array.from({ length: Math.min(questionsPerParagraph, count - first) }, (_, i) => {
      const id = `q${first + i}`
      const isImpossible = below(3) === 0
      const answers = isImpossible
        ? []
        : Array.from({ length: 3 }, () => answerIn(context, below(100), 1 + below(6)))
      predicted[id] = [answers[0]?.text ?? '', `${answers[0]?.text ?? ''} near`, text(3), ''][below(4)] ?? ''
      return { id, question: `${text(8)}?`, answers, is_impossible: isImpossible }
    })
    return { context, qas }
  })
  await writeFile(data, JSON.stringify({ version: 'v2.0', data: [{ title: 'Scoring', paragraphs }] }))
  await writeFile(predictions, JSON.stringify(predicted))
}

function answerIn(context: string, from: number, length: number): { text: string; answer_start: number } {
  const all = context.split(' ')
  const before = all.slice(0, from).join(' ')
  return {
    text: all.slice(from, from + length).join(' '),
    answer_start: before.length + (from > 0 ? 1 : 0),
  }
}
