import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { normalizeAnswer } from '../../trainer/data/normalize-answer.ts'
import { readQuestions } from '../../trainer/data/read-questions.ts'
import { rouge } from '../../trainer/metrics/rouge.ts'
import { predictionText } from '../../trainer/metrics/measure-answer.ts'
import { rougeScores, scoreAnswers } from '../../trainer/metrics/scores.ts'
import { exactMatch, f1Score, scorePrediction, squadFigures } from '../../trainer/metrics/squad.ts'
import { readPredictions } from '../../trainer/score.ts'

interface Golden {
  squad: Record<string, number>
  squadHalf: { ids: string[]; figures: Record<string, number> }
  pairs: {
    gold: string
    prediction: string
    normalized: string
    exact: number
    f1: number
    rouge1: number
    rouge2: number
    rougeL: number
  }[]
}

const fixtures = join(import.meta.dirname, 'fixtures')
const golden = JSON.parse(await readFile(join(fixtures, 'golden.json'), 'utf8')) as Golden
const questions = await readQuestions(join(fixtures, 'squad-slice.json'))
const predictions = await readPredictions(join(fixtures, 'squad-slice-predictions.json'))

describe('against Python', () => {
  it.each(golden.pairs)('$prediction for $gold', (pair) => {
    const { gold, prediction } = pair
    expect(normalizeAnswer(gold)).toBe(pair.normalized)
    expect(exactMatch(prediction, gold)).toBe(pair.exact)
    expect(f1Score(prediction, gold)).toBeCloseTo(pair.f1, 12)
    const scores = rouge(prediction, [gold])
    expect(scores.rouge1).toBeCloseTo(pair.rouge1, 12)
    expect(scores.rouge2).toBeCloseTo(pair.rouge2, 12)
    expect(scores.rougeL).toBeCloseTo(pair.rougeL, 12)
  })

  it('takes the same characters for word characters and white space as Python', () => {
    // Letters and numbers border an article, combining marks and symbols do not.
    expect(normalizeAnswer('a\u0301')).toBe('\u0301')
    expect(normalizeAnswer('aé')).toBe('aé')
    expect(normalizeAnswer('the²')).toBe('the²')
    expect(normalizeAnswer('the€')).toBe('€')
    expect(normalizeAnswer('x\u001fy\u0085z')).toBe('x y z')
    expect(normalizeAnswer('x\ufeffy')).toBe('x\ufeffy')
  })
})

describe('squadFigures', () => {
  it('gives the official figures in their order', () => {
    const figures = squadFigures(questions, predictions)
    expect(Object.keys(figures)).toEqual(Object.keys(golden.squad))
    for (const [name, value] of Object.entries(golden.squad))
      expect(figures[name], name).toBeCloseTo(value, 10)
  })

  it('leaves questions without a prediction out', () => {
    const half = new Map(golden.squadHalf.ids.map((id) => [id, predictions.get(id) ?? '']))
    const figures = squadFigures(questions, half)
    for (const [name, value] of Object.entries(golden.squadHalf.figures))
      expect(figures[name], name).toBeCloseTo(value, 10)
  })

  it('counts a repeated id once, by its last question', () => {
    const repeated = [
      { id: 'a', answers: [{ text: 'wrong' }] },
      { id: 'b', answers: [] },
      { id: 'a', answers: [{ text: 'right' }] },
    ]
    const figures = squadFigures(
      repeated,
      new Map([
        ['a', 'right'],
        ['b', 'something'],
      ]),
    )
    expect(figures).toEqual({
      exact: 50,
      f1: 50,
      total: 2,
      HasAns_exact: 100,
      HasAns_f1: 100,
      HasAns_total: 1,
      NoAns_exact: 0,
      NoAns_f1: 0,
      NoAns_total: 1,
    })
  })

  it('names only the kinds that occur', () => {
    expect(Object.keys(squadFigures([{ id: 'a', answers: [] }], new Map([['a', '']])))).toEqual([
      'exact',
      'f1',
      'total',
      'NoAns_exact',
      'NoAns_f1',
      'NoAns_total',
    ])
  })
})

describe('scorePrediction', () => {
  it('takes the best accepted answer, for each figure by itself', () => {
    expect(scorePrediction('the red car', [{ text: 'a red' }, { text: 'red car' }])).toEqual({
      exact: 1,
      f1: 1,
    })
    expect(scorePrediction('red', [{ text: 'blue' }, { text: 'red car' }]).f1).toBeCloseTo(2 / 3, 12)
  })

  it('drops accepted answers that normalise to nothing', () => {
    expect(scorePrediction('', [{ text: 'the' }, { text: 'x' }])).toEqual({ exact: 0, f1: 0 })
    expect(scorePrediction('', [{ text: 'the' }])).toEqual({ exact: 1, f1: 1 })
  })
})

describe('scoreAnswers', () => {
  const examples = [{ answers: [{ text: 'France', start: 0 }] }, { answers: [] }, { answers: [] }]

  it('counts unanswerable as no answer', () => {
    expect(predictionText('Unanswerable.')).toBe('')
    expect(predictionText('the answerable')).toBe('the answerable')
    expect(scoreAnswers(examples, ['france', 'unanswerable', 'Paris'])).toEqual({
      exactMatch: (100 * 2) / 3,
      f1: (100 * 2) / 3,
      rougeL: (100 * 2) / 3,
      count: 3,
    })
    expect(scoreAnswers(examples, ['unanswerable', '', '']).exactMatch).toBeCloseTo(200 / 3, 12)
  })

  it('agrees with the official figures', () => {
    const answers = questions.map((question) => predictions.get(question.id) || 'unanswerable')
    const examples = questions.map(({ answers }) => ({
      answers: answers.map(({ text }) => ({ text, start: 0 })),
    }))
    const scores = scoreAnswers(examples, answers)
    expect(scores.exactMatch).toBeCloseTo(golden.squad['exact'] ?? NaN, 10)
    expect(scores.f1).toBeCloseTo(golden.squad['f1'] ?? NaN, 10)
    expect(scores.count).toBe(questions.length)
  })

  it('is 0 for no examples', () => {
    expect(scoreAnswers([], [])).toEqual({ exactMatch: 0, f1: 0, rougeL: 0, count: 0 })
  })
})

describe('rouge', () => {
  it('takes the best reference for each measure', () => {
    expect(rouge('a b c', ['c b', 'a b x y'])).toEqual({
      rouge1: 0.8,
      rouge2: 0.4,
      rougeL: expect.closeTo(4 / 7, 12),
      rougeLsum: expect.closeTo(4 / 7, 12),
    })
  })

  it('is a mean in percent over examples', () => {
    const examples = [{ answers: [{ text: 'a b', start: 0 }] }, { answers: [{ text: 'c', start: 0 }] }]
    expect(rougeScores(examples, ['a b', 'd'])).toEqual({ rouge1: 50, rouge2: 50, rougeL: 50 })
  })
})
